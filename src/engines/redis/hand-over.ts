/**
 * What one machine cannot see or write, another may: a worker without the mount, with other folders of data or a full disk
 * must not fail the cases that the others can score. Such a job goes to the next worker, and its fault counts once no worker
 * is left that has not tried.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, type Job } from 'bullmq';
import type { ErrorCode } from '../../base/error-codes.ts';
import type { VoxtallyError } from '../../base/errors.ts';
import { isFolderSeen } from '../../volumes/seen-from-here.ts';
import type { CaseJob, RunJob, TileJob } from './jobs.ts';
import type { WorkerContext } from './worker-context.ts';

type Given = Pick<CaseJob | RunJob | TileJob, 'failedBy'>;

const codesOfMachines: ReadonlySet<ErrorCode> = new Set([
  'run-folder-missing',
  'outside-data-roots',
  'storage',
  'storage-denied',
  'storage-full',
  'storage-failed',
  'disk-full',
]);

/** Shares of the time of a lock: how long a job waits for another worker, and how long one that takes it again rests. */
const waitShare = 1 / 60;
const restShare = 1 / 10;

/** A job that this worker could not do is left to those that have not tried it. Returns where there are none. */
export async function leaveToOthers(context: WorkerContext, job: Job<Given>, token: string): Promise<void> {
  const { failedBy = [] } = job.data;
  if (!failedBy.includes(context.id) || !(await hasOthers(context, failedBy))) return;
  await passOn(context, job, token, restShare * context.timing.lockMs);
}

/** Gives a job to another worker when its fault may be one of this machine. Returns where it is not, or nobody is left. */
export async function handOver(
  context: WorkerContext,
  job: Job<Given>,
  token: string,
  fault: VoxtallyError,
): Promise<void> {
  if (!mayBeOfThisMachine(fault)) return;
  const failedBy = [...new Set([...(job.data.failedBy ?? []), context.id])];
  if (!(await hasOthers(context, failedBy))) return;
  context.log.warn(
    { job: job.id, code: fault.code },
    'a fault of this machine, perhaps: left to other workers',
  );
  await job.updateData({ ...job.data, failedBy });
  await passOn(context, job, token);
}

function mayBeOfThisMachine({ code, place: { file } }: VoxtallyError): boolean {
  return codesOfMachines.has(code) || (code === 'file-missing' && file !== undefined && !isFolderSeen(file));
}

async function hasOthers(context: WorkerContext, failedBy: readonly string[]): Promise<boolean> {
  const alive = await context.fleet.alive(context.timing.heartbeatMs);
  return [...alive.keys()].some((id) => !failedBy.includes(id));
}

/** Who has nothing to do would take it again and again, before those who are at work: it rests then. */
async function passOn(
  { timing, draining }: WorkerContext,
  job: Job<Given>,
  token: string,
  restMs = 0,
): Promise<never> {
  await job.moveToDelayed(Date.now() + Math.ceil(waitShare * timing.lockMs), token);
  await delay(restMs, undefined, { signal: draining }).catch(() => {});
  throw new DelayedError();
}
