/** Steps done by the thread that asks for them: for so little work that a thread of its own would take longer to start. */
import { setImmediate as turn } from 'node:timers/promises';
import type { StepAnswer, StepPlace } from './step-place.ts';
import type { Step } from './steps.ts';
import { StepRunner } from './thread-steps.ts';
import { timedStep } from './thread-times.ts';

export class OwnThread implements StepPlace {
  readonly #runner = new StepRunner({ kernelCode: 'plain' });

  /** Copied as between threads: what a step gives may lie in memory that the next one uses. */
  async run(step: Step, signal?: AbortSignal): Promise<StepAnswer> {
    // Interrupts and progress come between steps.
    await turn();
    signal?.throwIfAborted();
    return timedStep(() => structuredClone(this.#runner.run(step)));
  }

  async close(): Promise<void> {}
}
