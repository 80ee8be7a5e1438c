/** Scores the bundles of tiles of a job; those that are there already are left as they are. */
import type { Job } from 'bullmq';
import { DefectError, MachineError } from '../../base/errors.ts';
import { hasLostOwnership } from '../../run/fence.ts';
import { bundleCount } from '../../run/plan/bundles.ts';
import { asVoxtallyError, haltByDefect, leaveFault, queueError } from './faults.ts';
import { handOver, leaveToOthers } from './hand-over.ts';
import { jobData, RefusedJob, type TileJob, tileJob } from './jobs.ts';
import type { OpenRun } from './open-run.ts';
import { isStopped } from './run-record.ts';
import { handJobBack, type WorkerContext } from './worker-context.ts';

export async function processTiles(
  context: WorkerContext,
  job: Job<TileJob>,
  token: string,
  lockLost: AbortSignal,
): Promise<void> {
  const stop = AbortSignal.any([lockLost, context.handBack]);
  const { run: id, start, case: index, bundle, bundles } = jobData(tileJob, job.data);
  let run: OpenRun | undefined;
  await leaveToOthers(context, job, token);
  try {
    run = context.runs.get(id, start);
    if (isStopped(run.folder)) return;
    if (!(index in run.cases)) throw new RefusedJob();
    if (run.folder.store.has(run.folder.caseOutcome(index))) return;
    stop.throwIfAborted();
    if (bundle + bundles > bundleCount(run.folder.readPlan(index))) throw new RefusedJob();
    await scoreBundles(context, run, job.data, stop);
  } catch (error) {
    if (error instanceof RefusedJob) throw error;
    if (context.handBack.aborted && !lockLost.aborted) return handJobBack(job, token);
    if (lockLost.aborted) throw new Error('lock-lost');
    const fault = asVoxtallyError(error);
    await handOver(context, job, token, fault);
    const attempt = job.attemptsMade + 1;
    context.log.warn({ run: id, case: index, bundle, bundles, code: fault.code, attempt }, 'tiles failed');
    // Of an earlier start, or of an earlier plan of the case: others do what is to be done.
    if (hasLostOwnership(fault) || fault.code === 'plan-of-another') return;
    if (run && fault instanceof DefectError) haltByDefect(context.log, id, run.folder, fault);
    else if (run) leaveFault(run.folder, index, firstMissing(run, job.data), fault);
    throw queueError(fault);
  }
}

async function scoreBundles(
  context: WorkerContext,
  run: OpenRun,
  { case: index, plan, bundle, bundles }: TileJob,
  stop: AbortSignal,
): Promise<void> {
  // A read of a lost network drive may never come back.
  const late = AbortSignal.timeout(context.timing.stepTimeoutMs);
  try {
    const signal = AbortSignal.any([stop, late]);
    for (let at = bundle; at < bundle + bundles; at++) {
      if (run.folder.store.has(run.folder.bundle(index, at))) continue;
      context.workDone(run, await run.work.scoreBundle({ index, id: plan }, at, signal));
    }
  } catch (error) {
    if (stop.aborted || !late.aborted) throw error;
    throw new MachineError(
      'tile-timeout',
      `a job of tiles took longer than ${context.timing.stepTimeoutMs / 1000} s; look at the storage, then retry the run`,
    );
  }
}

/** Bundles are scored in order: the first that is not there is the one that failed. */
function firstMissing(run: OpenRun, { case: index, bundle, bundles }: TileJob): number {
  for (let at = bundle; at < bundle + bundles; at++) {
    if (!run.folder.store.has(run.folder.bundle(index, at))) return at;
  }
  return bundle;
}
