/**
 * What the Redis engine adds to a run's folder, so that nothing is lost with Redis:
 *
 *   request.json    when and how the run was asked for
 *   cancelled       there when the run was cancelled
 *   halted          there when a defect of the program ended the run
 *   pooled.json     the pooled values so far, for those who watch
 *   finished.json   how the run ended
 *   merges/         what merges of the pool are asked for, and their sums
 *   results/        the result files; finished.json has their checksums
 *   .owner/         the number of the last start of the run
 */
import * as z from 'zod';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { findRecord, getRecord, putRecord } from '../../run/records.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import type { Store } from '../../run/store.ts';
import { configSchema } from '../../settings/schema.ts';
import { historySchema, type PooledSoFar, pooledSoFarSchema } from '../status.ts';
import { maxPriority } from './priority.ts';

const recordSchema = z.object({
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  priority: z.int().min(1).max(maxPriority),
  /** Folder from which relative paths of the cases count. */
  base: z.string(),
  config: configSchema,
  warnings: z.array(z.string()),
  /** Version of the queue that it was put into; what is older says none. */
  queue: z.int().default(1),
  /** User and host of who asked for it. */
  startedBy: z.string().exactOptional(),
});
export type RunRecord = DeepReadonly<z.output<typeof recordSchema>>;

const requestKind = { version: 1, schema: recordSchema };
const requestName = 'request.json';

/** The address of Redis may hold a password: it is not written. */
export function writeRecord(folder: RunFolder, record: RunRecord): void {
  putRecord(folder.store, requestName, requestKind, {
    ...record,
    config: { ...record.config, redis: undefined },
  });
}

/** @throws PartialError when there is none. */
export function readRecord(folder: RunFolder): RunRecord {
  return getRecord(folder.store, requestName, requestKind);
}

/** The record; undefined when it is missing or damaged. */
export function findRequest(folder: RunFolder): RunRecord | undefined {
  return findRecord(folder.store, requestName, requestKind);
}

const finishedSchema = z.object({
  state: z.enum(['done', 'failed']),
  finishedAt: z.number(),
  /** Code of the fault that ended a failed run. */
  reason: z.string().optional(),
  notes: z.array(z.string()),
  seconds: z.number(),
  /** A letter a case; see `statusLetters`. */
  statuses: z.string(),
  live: z.record(z.string(), z.number()),
  /** What was done when; Redis forgets it after a day. */
  history: historySchema.exactOptional(),
  /** The result files as they were written; none for a run that failed. */
  results: z.array(z.object({ name: z.string(), bytes: z.number(), crc32: z.number() })).default([]),
});
export type Finished = DeepReadonly<z.infer<typeof finishedSchema>>;

const finishedKind = { version: 1, schema: finishedSchema };
const finishedName = 'finished.json';

export function writeFinished(folder: RunFolder, finished: Finished): void {
  putRecord(folder.store, finishedName, finishedKind, finished);
}

export function readFinished(folder: RunFolder): Finished | undefined {
  return findRecord(folder.store, finishedName, finishedKind);
}

/** The result files of a run. */
export function resultsOf(folder: RunFolder): Store {
  return folder.store.below('results');
}

const cancelledName = 'cancelled';
const haltedName = 'halted';

export function isCancelled(folder: RunFolder): boolean {
  return folder.store.has(cancelledName);
}

export function markCancelled(folder: RunFolder): void {
  folder.store.put(cancelledName, []);
}

/** Whether a defect of the program has ended the run. */
export function isHalted(folder: RunFolder): boolean {
  return folder.store.has(haltedName);
}

export function markHalted(folder: RunFolder): void {
  folder.store.put(haltedName, []);
}

/** Whether nothing more is to be done for the run. */
export function isStopped(folder: RunFolder): boolean {
  return isCancelled(folder) || isHalted(folder);
}

/** The run is about to go on. */
export function clearEnd(folder: RunFolder): void {
  for (const name of [cancelledName, haltedName, finishedName]) folder.store.remove(name);
}

const pooledKind = { version: 1, schema: pooledSoFarSchema };
const pooledName = 'pooled.json';

export function writePooled(folder: RunFolder, pooled: PooledSoFar): void {
  putRecord(folder.store, pooledName, pooledKind, pooled);
}

export function readPooled(folder: RunFolder): PooledSoFar | undefined {
  return findRecord(folder.store, pooledName, pooledKind);
}
