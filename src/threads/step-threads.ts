/** Steps done by threads of their own. */
import { Piscina } from 'piscina';
import { threadFile } from '../base/package-files.ts';
import { threadFlags } from '../base/thread-flags.ts';
import type { StepAnswer, StepPlace } from './step-place.ts';
import type { Step } from './steps.ts';

export class StepThreads implements StepPlace {
  readonly #pool: Piscina;
  readonly #loaded: Promise<void>;

  constructor(threads: number, atOnce: number, dataRoots: readonly string[]) {
    this.#pool = new Piscina({
      filename: threadFile('load-step-thread.cjs'),
      // The others start when there is work for them, and none ends before the pool does. One that dies is replaced only below
      // the minimum: without one, steps that wait when the last thread dies would wait for ever.
      minThreads: atOnce,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      argv: [...dataRoots],
      // What steps leave behind is short-lived; by itself its space grows to 48 MB a thread before it is collected. The buffers of
      // inflated files, some MB a case, are freed only then.
      resourceLimits: { maxYoungGenerationSizeMb: 3 },
      execArgv: threadFlags(),
    });
    // No further thread starts only because the first ones are not ready.
    this.#loaded = this.#pool.run(null).catch(() => {});
  }

  run(step: Step, signal?: AbortSignal): Promise<StepAnswer> {
    return this.#loaded.then(() => this.#pool.run(step, signal ? { signal } : {}));
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
