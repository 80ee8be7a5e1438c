/**
 * The merges of a run's pool as jobs, so that all workers share them. What is to be merged stands in a file of the run's
 * folder and its sums come back as one; the job names them alone. A planner makes them anew, whatever one before it left.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from 'bullmq';
import * as z from 'zod';
import { DefectError, MachineError, PartialError, type VoxtallyError } from '../../base/errors.ts';
import { type PackedError, packError, unpackError } from '../../base/packed-error.ts';
import type { BucketSums } from '../../measures/sorted-errors/lovasz-sum.ts';
import type { RangeJob } from '../../measures/sorted-errors/ranges.ts';
import { type RunFolder, readJsonFile, writeJsonFile } from '../../run/run-folder.ts';
import type { MergeStep } from '../../threads/steps.ts';
import { asVoxtallyError, haltByDefect, packedError, queueError } from './faults.ts';
import { jobData, type MergeJob, mergeJob } from './jobs.ts';
import type { OpenRun } from './open-run.ts';
import { jobOptions } from './queues.ts';
import { isStopped } from './run-record.ts';
import { handJobBack, isLastAttempt, type WorkerContext } from './worker-context.ts';

/** A job is asked after at first so soon, then less and less often. */
const firstLookMs = 10;
const lookEveryMs = 100;

/** Shards lie in these folders of the run; each worker may see the run's folder elsewhere. */
const shardName = z.string().regex(/^(shards|pool)\/[0-9a-f-]+\.shard$/);
const requestSchema = z.object({
  files: z.array(shardName),
  job: z.looseObject({ range: z.looseObject({}), context: z.looseObject({}) }),
  evaluate: z.boolean(),
  target: shardName.nullable(),
});
const sumsSchema = z.object({ sums: z.array(z.number()) });

/** Forgets the merges of a planner that is gone. */
export function clearMerges(folder: RunFolder): void {
  rmSync(join(folder.root, 'merges'), { recursive: true, force: true });
}

/** Has a range merged by whoever is free. @throws the step's own error; MachineError when its workers were lost. */
export async function mergeByJob(
  context: WorkerContext,
  run: OpenRun,
  { files, job, evaluate, target }: MergeStep,
  stop: AbortSignal,
): Promise<BucketSums> {
  const { root } = run.folder;
  const merge = randomBytes(8).toString('hex');
  const file = filesOf(run.folder, merge);
  mkdirSync(join(root, 'merges'), { recursive: true });
  writeJsonFile(file.request, {
    files: files.map((path) => relative(root, path)),
    job,
    evaluate,
    target: target === null ? null : relative(root, target),
  });
  try {
    const queued = await context.queues.tiles.add(
      'merge',
      { run: run.id, merge },
      jobOptions(`${run.id}.merge.${merge}`, run.priority, context.timing),
    );
    const reason = await endOf(queued, stop);
    // Not looked for before: on a network drive what is found missing stays missing for a while.
    if (existsSync(file.sums)) return Float64Array.from(readJsonFile(file.sums, sumsSchema).sums);
    if (existsSync(file.fault)) throw placedIn(root, readJsonFile(file.fault, packedError) as PackedError);
    throw new MachineError('merge-lost', `a merge of the pool ended without its sums: ${reason}`);
  } finally {
    for (const path of Object.values(file)) rmSync(path, { force: true });
  }
}

/** Waits for the end of a job. @returns why it failed, or its state */
async function endOf(job: Job, stop: AbortSignal): Promise<string> {
  for (let waitMs = firstLookMs; ; waitMs = Math.min(lookEveryMs, 1.5 * waitMs)) {
    await delay(waitMs, undefined, { signal: stop });
    const state = await job.getState();
    if (state === 'completed' || state === 'failed' || state === 'unknown') return state;
  }
}

/** Does a merge; its sums, or the fault for which there are none, are left for the planner. */
export async function processMerge(
  context: WorkerContext,
  job: Job<MergeJob>,
  token: string,
  lockLost: AbortSignal,
): Promise<void> {
  const stop = AbortSignal.any([lockLost, context.handBack]);
  const { run: id, merge } = jobData(mergeJob, job.data);
  let run: OpenRun | undefined;
  try {
    run = context.runs.get(id);
    const { root } = run.folder;
    const file = filesOf(run.folder, merge);
    // Its planner is gone.
    if (isStopped(run.folder) || !existsSync(file.request)) return;
    stop.throwIfAborted();
    const request = readJsonFile(file.request, requestSchema);
    const step: MergeStep = {
      kind: 'merge-range',
      root,
      files: request.files.map((name) => join(root, name)),
      job: request.job as unknown as RangeJob,
      evaluate: request.evaluate,
      target: request.target === null ? null : join(root, request.target),
    };
    writeJsonFile(file.sums, { sums: [...(await run.work.mergeRange(step, stop))] });
  } catch (error) {
    if (context.handBack.aborted && !lockLost.aborted) return handJobBack(job, token);
    if (lockLost.aborted) throw new Error('lock-lost');
    const fault = asVoxtallyError(error);
    context.log.warn({ run: id, code: fault.code, attempt: job.attemptsMade + 1 }, 'merge failed');
    if (run && fault instanceof DefectError) haltByDefect(context.log, id, run.folder, fault);
    const isFinal = fault instanceof PartialError || fault instanceof DefectError || isLastAttempt(job);
    if (run && isFinal) leaveFault(run.folder, merge, fault);
    if (!(fault instanceof PartialError)) throw queueError(fault);
  }
}

function leaveFault(folder: RunFolder, merge: string, fault: VoxtallyError): void {
  const packed = packError(fault);
  const { file } = packed.place;
  const place = file === undefined ? packed.place : { ...packed.place, file: relative(folder.root, file) };
  writeJsonFile(filesOf(folder, merge).fault, { ...packed, place });
}

/** The fault as it is seen from here: the planner removes what was not to be believed. */
function placedIn(root: string, packed: PackedError): VoxtallyError {
  const { file } = packed.place;
  return unpackError(
    file === undefined ? packed : { ...packed, place: { ...packed.place, file: join(root, file) } },
  );
}

function filesOf(folder: RunFolder, merge: string) {
  const path = join(folder.root, 'merges', merge);
  return { request: `${path}.json`, sums: `${path}.sums.json`, fault: `${path}.fault.json` };
}
