/** The threads of this process that score and reduce. */
import { Piscina } from 'piscina';
import type { AuditStep } from '../audit/audit-case.ts';
import { Auditor } from '../audit/auditor.ts';
import { MachineError } from '../base/errors.ts';
import { threadFile } from '../base/package-files.ts';
import { type PackedError, unpackError } from '../base/packed-error.ts';
import type { MergedKeys } from '../measures/sorted-errors/merger.ts';
import type { Survey } from '../measures/sorted-errors/survey.ts';
import type { WalkedRange } from '../measures/sorted-errors/walk-range.ts';
import type { RunSums } from '../measures/terms/sum-runs.ts';
import type { CaseAudit } from '../run/audit/record.ts';
import type { OpenedCase, OpenedShards, Step, TilesDone } from './steps.ts';

/** What each kind of step gives. */
interface StepResults {
  'score-bundle': TilesDone;
  'score-buffer': TilesDone;
  'open-case': OpenedCase;
  'open-shards': OpenedShards;
  'merge-range': MergedKeys;
  'case-job': unknown;
  'sum-runs': readonly RunSums[];
  'survey-shards': Survey;
  'walk-scores': WalkedRange;
  'audit-case': CaseAudit;
}

export class ThreadPool {
  readonly threads: number;
  readonly #pool: Piscina;
  readonly #auditor: Auditor;
  readonly #loaded: Promise<void>;

  /** `dataRoots`: the only folders below which the threads read volumes; any when there are none. */
  constructor(threads: number, dataRoots: readonly string[] = []) {
    this.threads = threads;
    this.#auditor = new Auditor(dataRoots);
    this.#pool = new Piscina({
      filename: threadFile('step-thread'),
      // They start when there is work for them, and none ends before the pool does. One that dies is replaced only below the
      // minimum: without one, steps that wait when the last thread dies would wait for ever.
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      argv: [...dataRoots],
      // What steps leave behind is short-lived; by itself its space grows to 48 MB a thread before it is collected.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
      // Node ends the whole process when a thread is closed while it loads a module by `require`; by `import` it does not.
      execArgv: [...process.execArgv, '--no-experimental-require-module'],
    });
    // The first thread loads at once, and no second one starts only because it is not ready.
    this.#loaded = this.#pool.run(null).catch(() => {});
  }

  /** @throws the step's own error; MachineError when its thread died. */
  async run<S extends Step | AuditStep>(step: S, signal?: AbortSignal): Promise<StepResults[S['kind']]> {
    let answer: { value: StepResults[S['kind']] } | { error: PackedError };
    try {
      answer =
        step.kind === 'audit-case'
          ? ((await this.#auditor.run(step, signal)) as typeof answer)
          : await this.#loaded.then(() => this.#pool.run(step, signal ? { signal } : {}));
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new MachineError(
        'thread-lost',
        `a thread died while it worked on ${step.kind}: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
    if ('error' in answer) throw unpackError(answer.error);
    return answer.value;
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#auditor.close()]);
  }
}
