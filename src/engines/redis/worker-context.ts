/** What the processors of a worker share. */
import type { Job } from 'bullmq';
import { WaitingError } from 'bullmq';
import type { Logger } from 'pino';
import type { TilesDone } from '../../threads/steps.ts';
import type { Board } from './board.ts';
import type { Fleet } from './fleet.ts';
import type { OpenRun, OpenRuns } from './open-run.ts';
import type { Queues } from './queues.ts';
import type { TileEnds } from './tile-ends.ts';
import type { Timing } from './timing.ts';

export interface WorkerContext {
  readonly id: string;
  readonly queues: Queues;
  readonly board: Board;
  readonly fleet: Fleet;
  readonly runs: OpenRuns;
  readonly timing: Timing;
  readonly threads: number;
  readonly log: Logger;
  /** Aborted when the worker must let go of its jobs: they are handed back. */
  readonly handBack: AbortSignal;
  /** Aborted when the worker takes nothing more; planners, which would never end, hand back at once. */
  readonly draining: AbortSignal;
  /** Calls back when a case's job of this run has ended in the queue. @returns how to stop */
  onCaseEnd(run: string, callback: (caseIndex: number) => void): () => void;
  readonly tileEnds: TileEnds;
  /** A piece of work is done. */
  workDone(run: OpenRun, done: TilesDone): void;
}

/** Puts a job back for another worker, without counting it as a failure. */
export async function handJobBack(job: Job, token: string): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

/** Whether a failure now would be the job's last. */
export function isLastAttempt(job: Job): boolean {
  return job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
}
