/** The threads of this process that score and reduce. */
import { setMaxListeners } from 'node:events';
import type { AuditStep } from '../audit/audit-case.ts';
import { Auditor } from '../audit/auditor.ts';
import { MachineError } from '../base/errors.ts';
import { unpackError } from '../base/packed-error.ts';
import type { MergedKeys } from '../measures/sorted-errors/merger.ts';
import type { Survey } from '../measures/sorted-errors/survey.ts';
import type { WalkedRange } from '../measures/sorted-errors/walk-range.ts';
import type { RunSums } from '../measures/terms/sum-runs.ts';
import type { CaseAudit } from '../run/audit/record.ts';
import type { StepAnswer, StepPlace } from './step-place.ts';
import type { CaseScored, OpenedCase, OpenedShards, Step, TilesDone } from './steps.ts';
import { ThreadClock, type ThreadSeconds } from './thread-times.ts';

/** What each kind of step gives. */
export interface StepResults {
  'score-bundle': TilesDone;
  'score-buffer': TilesDone;
  /** Null where a gzip file is not whole: what is wrong with it is told where it is read as a stream. */
  'score-case': CaseScored | null;
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
  #start: () => Promise<StepPlace>;
  #place: Promise<StepPlace> | undefined;
  readonly #auditor: Auditor;
  readonly #clock: ThreadClock;

  /**
   * `dataRoots`: the only folders below which the threads read volumes; any when there are none. `ownThread`: no thread is
   * started; steps are done between other things that the calling one does. `atOnce`: threads that start without waiting for
   * steps; the others start when steps wait for them.
   */
  constructor(threads: number, dataRoots: readonly string[] = [], { ownThread = false, atOnce = 1 } = {}) {
    this.threads = threads;
    this.#clock = new ThreadClock(ownThread ? 1 : threads);
    this.#auditor = new Auditor(dataRoots);
    this.#start = () => (ownThread ? loadOwnThread() : startThreads(threads, atOnce, dataRoots));
    // Threads load before there is work for them.
    this.#started().catch(() => {});
  }

  /** @throws the step's own error; MachineError when its thread died. */
  async run<S extends Step | AuditStep>(step: S, signal?: AbortSignal): Promise<StepResults[S['kind']]> {
    // Every step that waits or runs listens to it.
    if (signal) setMaxListeners(0, signal);
    let answer: StepAnswer;
    try {
      answer =
        step.kind === 'audit-case'
          ? await this.#auditor.run(step, signal)
          : await (await this.#started()).run(step, signal);
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
    if (answer.times) this.#clock.add(answer.times);
    if ('error' in answer) throw unpackError(answer.error);
    return answer.value as StepResults[S['kind']];
  }

  /** What the threads have spent their time on; the audit's is none of them. */
  seconds(): ThreadSeconds {
    return this.#clock.seconds();
  }

  /** Ends the threads, which have nothing to do, and frees their memory. A later step starts new ones. */
  async rest(): Promise<void> {
    const place = this.#place;
    this.#place = undefined;
    await (await place)?.close();
  }

  async close(): Promise<void> {
    this.#start = () => Promise.reject(new Error('the pool is closed'));
    await Promise.all([this.rest(), this.#auditor.close()]);
  }

  #started(): Promise<StepPlace> {
    this.#place ??= this.#start();
    return this.#place;
  }
}

/** Loaded when needed: who does the steps itself needs no pool, and who has a pool no steps. */
async function startThreads(
  threads: number,
  atOnce: number,
  dataRoots: readonly string[],
): Promise<StepPlace> {
  const { StepThreads } = await import('./step-threads.ts');
  return new StepThreads(threads, atOnce, dataRoots);
}

async function loadOwnThread(): Promise<StepPlace> {
  const { OwnThread } = await import('./own-thread.ts');
  return new OwnThread();
}
