/** Scores the tiles of a job, one after the other; those that are there already are left as they are. */
import { existsSync } from 'node:fs';
import type { Job } from 'bullmq';
import { MachineError } from '../../errors.ts';
import { type Bay, handJobBack } from './bay.ts';
import { asVoxtallyError, leaveFault, queueError } from './faults.ts';
import { type TileJob, tileJob } from './jobs.ts';
import type { OpenRun } from './open-run.ts';
import { isCancelled } from './run-record.ts';

export async function processTiles(
  bay: Bay,
  job: Job<TileJob>,
  token: string,
  lockLost: AbortSignal,
): Promise<void> {
  const stop = AbortSignal.any([lockLost, bay.handBack]);
  const { run: id, case: index, tile: first, tiles } = tileJob.parse(job.data);
  let run: OpenRun | undefined;
  let tile = first;
  try {
    run = bay.runs.get(id);
    if (isCancelled(run.folder) || existsSync(run.folder.caseOutcome(index))) return;
    for (; tile < first + tiles; tile++) {
      stop.throwIfAborted();
      if (!existsSync(run.folder.tile(index, tile))) await scoreTile(bay, run, index, tile, stop);
    }
  } catch (error) {
    if (bay.handBack.aborted && !lockLost.aborted) return handJobBack(job, token);
    if (lockLost.aborted) throw new Error('lock-lost');
    const fault = asVoxtallyError(error);
    bay.log.warn(
      { run: id, case: index, tile, code: fault.code, attempt: job.attemptsMade + 1 },
      'tile failed',
    );
    if (run) leaveFault(run.folder, index, tile, fault);
    throw queueError(fault);
  }
}

async function scoreTile(
  bay: Bay,
  run: OpenRun,
  index: number,
  tile: number,
  stop: AbortSignal,
): Promise<void> {
  // A read of a lost network drive may never come back.
  const late = AbortSignal.timeout(bay.timing.tileTimeoutMs);
  try {
    const { voxels, bytes } = await run.work.scoreTile(index, tile, AbortSignal.any([stop, late]));
    bay.workDone(run, 1, voxels, bytes);
  } catch (error) {
    if (stop.aborted || !late.aborted) throw error;
    throw new MachineError(
      'tile-timeout',
      `tile ${tile} took longer than ${bay.timing.tileTimeoutMs / 1000} s`,
    );
  }
}
