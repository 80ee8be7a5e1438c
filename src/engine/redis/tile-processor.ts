/** Scores the tiles of a job in one step; those that are there already are left as they are. */
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
  const { run: id, case: index, tile, tiles } = tileJob.parse(job.data);
  let run: OpenRun | undefined;
  try {
    run = bay.runs.get(id);
    if (isCancelled(run.folder) || existsSync(run.folder.caseOutcome(index))) return;
    stop.throwIfAborted();
    await scoreTiles(bay, run, job.data, stop);
  } catch (error) {
    if (bay.handBack.aborted && !lockLost.aborted) return handJobBack(job, token);
    if (lockLost.aborted) throw new Error('lock-lost');
    const fault = asVoxtallyError(error);
    const attempt = job.attemptsMade + 1;
    bay.log.warn({ run: id, case: index, tile, tiles, code: fault.code, attempt }, 'tiles failed');
    if (run) leaveFault(run.folder, index, firstMissing(run, index, tile, tiles), fault);
    throw queueError(fault);
  }
}

async function scoreTiles(
  bay: Bay,
  run: OpenRun,
  { case: index, tile, tiles }: TileJob,
  stop: AbortSignal,
): Promise<void> {
  // A read of a lost network drive may never come back.
  const late = AbortSignal.timeout(bay.timing.stepTimeoutMs);
  try {
    const done = await run.work.scoreTiles(index, tile, tiles, AbortSignal.any([stop, late]));
    bay.workDone(run, tiles, done.voxels, done.bytes);
  } catch (error) {
    if (stop.aborted || !late.aborted) throw error;
    throw new MachineError(
      'tile-timeout',
      `tile ${tile} took longer than ${bay.timing.stepTimeoutMs / 1000} s; look at the storage, then retry the run`,
    );
  }
}

/** Tiles are scored in order: the first that is not there is the one that failed. */
function firstMissing(run: OpenRun, index: number, tile: number, tiles: number): number {
  for (let at = tile; at < tile + tiles; at++) if (!existsSync(run.folder.tile(index, at))) return at;
  return tile;
}
