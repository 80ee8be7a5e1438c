/**
 * The merges of a run's pool as jobs, so that all workers share them. What is to be merged is in a file of the run's
 * folder and its sums come back as one; the job names them alone. A planner makes them anew, whatever one before it left.
 */
import { randomBytes } from 'node:crypto';
import type { Job } from 'bullmq';
import * as z from 'zod';
import { DefectError, MachineError, PartialError } from '../../base/errors.ts';
import { packError, unpackError } from '../../base/packed-error.ts';
import type { MergedKeys } from '../../measures/sorted-errors/merger.ts';
import { rangeJobSchema } from '../../measures/sorted-errors/ranges.ts';
import { hasLostOwnership } from '../../run/fence.ts';
import { getRecord, putRecord } from '../../run/records.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import type { MergeStep } from '../../threads/steps.ts';
import type { Bell } from './bell.ts';
import { asVoxtallyError, faultKind, haltByDefect, queueError } from './faults.ts';
import { handOver, leaveToOthers } from './hand-over.ts';
import { jobData, type MergeJob, mergeJob } from './jobs.ts';
import type { OpenRun } from './open-run.ts';
import { queueVersion } from './queue-version.ts';
import { jobOptions } from './queues.ts';
import { isStopped } from './run-record.ts';
import { handJobBack, isLastAttempt, type WorkerContext } from './worker-context.ts';

/** Shards lie in these folders of the run; each worker may see the run's folder elsewhere. */
const shardRef = z.object({
  name: z.string().regex(/^(shards|pool)\/[0-9a-f-]+\.shard$/),
  of: z.string(),
});
const requestSchema = z.object({
  files: z.array(shardRef),
  job: rangeJobSchema,
  evaluate: z.boolean(),
  target: shardRef.nullable(),
});
const requestKind = { version: 1, schema: requestSchema };
const sumsSchema = z.object({ sums: z.array(z.number()), background: z.number(), foreground: z.number() });
const sumsKind = { version: 1, schema: sumsSchema };
const mergesFolder = 'merges';

/** Forgets the merges of a planner that is gone. */
export function clearMerges(folder: RunFolder): void {
  folder.store.clear(mergesFolder);
}

/** Has a range merged by whoever is free. @throws the step's own error; MachineError when its workers were lost. */
export async function mergeByJob(
  context: WorkerContext,
  run: OpenRun,
  { files, job, evaluate, target }: MergeStep,
  stop: AbortSignal,
): Promise<MergedKeys> {
  const { store } = run.folder;
  const merge = randomBytes(8).toString('hex');
  const names = namesOf(merge);
  putRecord(store, names.request, requestKind, { files, job, evaluate, target });
  try {
    const jobId = `${run.id}.merge.${merge}`;
    const reason = await context.tileEnds.listen(jobId, async (ended) => {
      const queued = await context.queues.tiles.add(
        'merge',
        { version: queueVersion, run: run.id, start: run.start, merge },
        jobOptions(jobId, run.priority, context.timing),
      );
      return endOf(queued, ended, context.timing.pollMs, stop);
    });
    // Not looked for before: on a network drive what is found missing stays missing for a while.
    if (store.has(names.sums)) {
      const { sums, ...keys } = getRecord(store, names.sums, sumsKind);
      return { sums: Float64Array.from(sums), ...keys };
    }
    if (store.has(names.fault)) throw unpackError(getRecord(store, names.fault, faultKind));
    throw new MachineError('merge-lost', `a merge of the pool ended without its sums: ${reason}`);
  } finally {
    for (const name of Object.values(names)) store.remove(name);
  }
}

/** Waits for the end of a job. @returns why it failed, or its state */
async function endOf(job: Job, ended: Bell, lookEveryMs: number, stop: AbortSignal): Promise<string> {
  for (;;) {
    await ended.heard(lookEveryMs, stop);
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
  const { run: id, start, merge } = jobData(mergeJob, job.data);
  let run: OpenRun | undefined;
  await leaveToOthers(context, job, token);
  try {
    run = context.runs.get(id, start);
    const { store } = run.folder;
    const names = namesOf(merge);
    // Its planner is gone.
    if (isStopped(run.folder) || !store.has(names.request)) return;
    stop.throwIfAborted();
    const request = getRecord(store, names.request, requestKind);
    const step: MergeStep = {
      kind: 'merge-range',
      store: store.address,
      files: request.files,
      job: request.job,
      evaluate: request.evaluate,
      target: request.target,
    };
    const { sums, ...keys } = await run.work.mergeRange(step, stop);
    putRecord(store, names.sums, sumsKind, { sums: [...sums], ...keys });
  } catch (error) {
    if (context.handBack.aborted && !lockLost.aborted) return handJobBack(job, token);
    if (lockLost.aborted) throw new Error('lock-lost');
    const fault = asVoxtallyError(error);
    await handOver(context, job, token, fault);
    context.log.warn({ run: id, code: fault.code, attempt: job.attemptsMade + 1 }, 'merge failed');
    if (hasLostOwnership(fault)) return;
    if (run && fault instanceof DefectError) haltByDefect(context.log, id, run.folder, fault);
    const isFinal = fault instanceof PartialError || fault instanceof DefectError || isLastAttempt(job);
    if (run && isFinal) putRecord(run.folder.store, namesOf(merge).fault, faultKind, packError(fault));
    if (!(fault instanceof PartialError)) throw queueError(fault);
  }
}

function namesOf(merge: string) {
  const name = `${mergesFolder}/${merge}`;
  return { request: `${name}.json`, sums: `${name}.sums.json`, fault: `${name}.fault.json` };
}
