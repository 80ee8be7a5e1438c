/** What a job says: which run, which case, which tiles. Nothing else about a volume is ever in Redis. */
import { randomBytes } from 'node:crypto';
import { UnrecoverableError } from 'bullmq';
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import { queueVersion } from './queue-version.ts';

/** `20261122-205600-3fa9c1`: sorts by time, safe as a folder's name. */
const runIdPattern = /^\d{8}-\d{6}-[0-9a-f]{6}$/;

export function newRunId(now = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, '').slice(0, 15).replace('T', '-');
  return `${time}-${randomBytes(3).toString('hex')}`;
}

export function isRunId(text: string): boolean {
  return runIdPattern.test(text);
}

/** @throws UsageError for what is not a run's id: it never becomes part of a path. */
export function checkRunId(text: string): string {
  if (isRunId(text)) return text;
  throw new UsageError(
    'run-id',
    `"${text.slice(0, 40)}" is not the id of a run, such as 20261122-205600-3fa9c1`,
    {
      field: 'run',
    },
  );
}

/** A job asks for what its run does not have: whoever can write to Redis can add any job. It is never done, nor retried. */
export class RefusedJob extends UnrecoverableError {
  /** For the log. */
  readonly reason: string;

  constructor(reason = 'no run has what it asks for') {
    super('job-refused');
    this.name = 'RefusedJob';
    this.reason = reason;
  }
}

const versioned = z.object({ version: z.int() });

/** The data of a job. @throws RefusedJob when it is not that of such a job */
export function jobData<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const its = versioned.safeParse(data).data?.version ?? 'unknown';
  throw its === queueVersion
    ? new RefusedJob()
    : new RefusedJob(`it is of version ${its} of the queue, and this worker serves version ${queueVersion}`);
}

const version = z.literal(queueVersion);
const run = z.string().regex(runIdPattern);
const index = z.int().min(0);
/** Number of the start of the run that the job is of: what is left of an earlier one is not done, and could change nothing. */
const start = z.int().min(1);

/** Ids of workers that could not do it, for a fault that may be of their machines alone. */
const failedBy = z.array(z.string()).optional();

export const runJob = z.object({ version, run, failedBy });
/** `missing`: how many bundles of tiles there were to score when they were last handed out. */
export const caseJob = z.object({
  version,
  run,
  start,
  case: index,
  step: z.enum(['plan', 'reduce']),
  missing: index.optional(),
  failedBy,
});
/** Bundles of tiles of a plan, by its identity: `bundle` to `bundle + bundles - 1`. */
export const tileJob = z.object({
  version,
  run,
  start,
  case: index,
  plan: z.string(),
  bundle: index,
  bundles: z.int().min(1),
  failedBy,
});

/** A range of the pool's merged shards; what is to be merged is in a file of this name. */
export const mergeJob = z.object({
  version,
  run,
  start,
  merge: z.string().regex(/^[0-9a-f]{16}$/),
  failedBy,
});

export type RunJob = z.infer<typeof runJob>;
export type CaseJob = z.infer<typeof caseJob>;
export type TileJob = z.infer<typeof tileJob>;
export type MergeJob = z.infer<typeof mergeJob>;

export function caseJobId(runId: string, caseIndex: number, start: number): string {
  return `${runId}.${caseIndex}.${start}`;
}

/**
 * `planning` differs each time a case is planned: a job of an earlier planning, finished or failed, is never taken for
 * one of this.
 */
export function tileJobId(runId: string, caseIndex: number, planning: string, bundle: number): string {
  return `${runId}.${caseIndex}.${planning}.${bundle}`;
}

/** The run of a job of any queue, and its case; a merge is of none. */
export function partsOfJobId(jobId: string): { run: string; case: number | undefined } {
  const [id = '', caseIndex] = jobId.split('.');
  return { run: id, case: /^\d+$/.test(caseIndex ?? '') ? Number(caseIndex) : undefined };
}
