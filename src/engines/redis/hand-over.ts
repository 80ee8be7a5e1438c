/**
 * What cannot be seen from one machine may be seen from another: a worker without the mount, or with other folders of data,
 * must not fail the cases that the others can score. A job that it cannot see goes to the next worker, and its fault counts
 * once no worker is left that has not tried.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, type Job } from 'bullmq';
import type { VoxtallyError } from '../../base/errors.ts';
import { isFolderSeen } from '../../volumes/seen-from-here.ts';
import type { CaseJob, RunJob, TileJob } from './jobs.ts';
import type { WorkerContext } from './worker-context.ts';

type Given = Pick<CaseJob | RunJob | TileJob, 'unseenBy'>;

/** Shares of the time of a lock: how long a job waits for another worker, and how long one that takes it again rests. */
const waitShare = 1 / 60;
const restShare = 1 / 10;

/** A job that this worker could not see is left to those that have not tried it. Returns where there are none. */
export async function leaveToOthers(context: WorkerContext, job: Job<Given>, token: string): Promise<void> {
  const { unseenBy = [] } = job.data;
  if (!unseenBy.includes(context.id) || !(await hasOthers(context, unseenBy))) return;
  await passOn(context, job, token);
}

/** Gives a job to another worker when its fault may be one of this machine. Returns where it is not, or nobody is left. */
export async function handOver(
  context: WorkerContext,
  job: Job<Given>,
  token: string,
  fault: VoxtallyError,
): Promise<void> {
  if (!isUnseenHere(fault)) return;
  const unseenBy = [...new Set([...(job.data.unseenBy ?? []), context.id])];
  if (!(await hasOthers(context, unseenBy))) return;
  context.log.warn({ job: job.id, code: fault.code }, 'not seen from this machine: left to other workers');
  await job.updateData({ ...job.data, unseenBy });
  await passOn(context, job, token);
}

function isUnseenHere({ code, place: { file } }: VoxtallyError): boolean {
  if (code === 'run-folder-missing' || code === 'outside-data-roots') return true;
  return code === 'file-missing' && file !== undefined && !isFolderSeen(file);
}

async function hasOthers(context: WorkerContext, unseenBy: readonly string[]): Promise<boolean> {
  const alive = await context.fleet.alive(context.timing.heartbeatMs);
  return [...alive.keys()].some((id) => !unseenBy.includes(id));
}

async function passOn(context: WorkerContext, job: Job<Given>, token: string): Promise<never> {
  const { lockMs } = context.timing;
  const knew = job.data.unseenBy?.includes(context.id) && job.attemptsStarted > 1;
  await job.moveToDelayed(Date.now() + Math.ceil(waitShare * lockMs), token);
  // Who has nothing to do would take it again and again, before those who are at work.
  if (knew) await delay(restShare * lockMs, undefined, { signal: context.draining }).catch(() => {});
  throw new DelayedError();
}
