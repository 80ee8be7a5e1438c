/** The three queues: runs are planned, cases are planned and reduced, tiles are scored and the pool is merged. */
import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { CaseJob, MergeJob, RunJob, TileJob } from './jobs.ts';
import { versionedPrefix } from './queue-version.ts';
import { plannerAttempts, type Timing } from './timing.ts';

export const queueNames = { runs: 'runs', cases: 'cases', tiles: 'tiles' } as const;

/** Finished jobs that are kept for the eyes of an operator; results never depend on them. */
const keptDone = { count: 200 };
const keptFailed = { count: 1000 };

export interface Queues {
  readonly runs: Queue<RunJob>;
  readonly cases: Queue<CaseJob>;
  readonly tiles: Queue<TileJob | MergeJob>;
  readonly all: readonly Queue[];
  close(): Promise<void>;
}

export function openQueues(redis: Redis, prefix: string): Queues {
  const options = { connection: redis, prefix: versionedPrefix(prefix) };
  const runs = new Queue<RunJob>(queueNames.runs, options);
  const cases = new Queue<CaseJob>(queueNames.cases, options);
  const tiles = new Queue<TileJob | MergeJob>(queueNames.tiles, options);
  const all = [runs, cases, tiles] as unknown as readonly Queue[];
  for (const queue of all) queue.on('error', () => {});
  return {
    runs,
    cases,
    tiles,
    all,
    close: async () => {
      await Promise.allSettled(all.map((queue) => queue.close()));
    },
  };
}

/** The stack of a failure names paths of the program only, and nobody reads it in Redis. */
const common = { removeOnComplete: keptDone, removeOnFail: keptFailed, stackTraceLimit: 0 };

export function jobOptions(jobId: string, priority: number, timing: Timing): JobsOptions {
  return { ...common, jobId, priority, attempts: timing.attempts, backoff: { type: 'capped' } };
}

export function plannerOptions(runId: string, priority: number): JobsOptions {
  return { ...common, jobId: runId, priority, attempts: plannerAttempts, backoff: { type: 'capped' } };
}
