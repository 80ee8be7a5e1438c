/**
 * What the Redis engine adds to a run's folder, so that nothing is lost with Redis:
 *
 *   request.json    when and how the run was asked for
 *   cancelled       there when the run was cancelled
 *   halted          there when a defect of the program ended the run
 *   pooled.json     the pooled values so far, for those who watch
 *   finished.json   how the run ended
 *   merges/         what merges of the pool are asked for, and their sums
 *   results/        the result files
 */
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { PartialError } from '../../base/errors.ts';
import { writeText } from '../../base/write-whole.ts';
import { type RunFolder, readJsonFile, workFolder, writeJsonFile } from '../../run/run-folder.ts';
import { type Config, configSchema } from '../../settings/schema.ts';
import type { PooledSoFar } from '../monitor.ts';
import { maxPriority } from './priority.ts';

export interface RunRecord {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly priority: number;
  /** Folder from which relative paths of the cases count. */
  readonly base: string;
  readonly config: Config;
  readonly warnings: readonly string[];
  /** User and host of who asked for it. */
  readonly startedBy?: string;
}

const recordSchema = z.object({
  createdAt: z.number(),
  priority: z.int().min(1).max(maxPriority),
  base: z.string(),
  config: configSchema,
  warnings: z.array(z.string()),
  startedBy: z.string().exactOptional(),
});

/** The address of Redis may hold a password: it is not written. */
export function writeRecord(folder: RunFolder, record: RunRecord): void {
  writeJsonFile(join(folder.root, 'request.json'), {
    ...record,
    config: { ...record.config, redis: undefined },
  });
}

/** @throws PartialError when there is none. */
export function readRecord(folder: RunFolder): RunRecord {
  return readJsonFile(join(folder.root, 'request.json'), recordSchema);
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
});
export type Finished = z.infer<typeof finishedSchema>;

export function writeFinished(folder: RunFolder, finished: Finished): void {
  writeJsonFile(join(folder.root, 'finished.json'), finished);
}

export function readFinished(folder: RunFolder): Finished | undefined {
  return readOptional(join(folder.root, 'finished.json'), finishedSchema);
}

export function resultsFolder(folder: RunFolder): string {
  return join(folder.root, 'results');
}

export function isCancelled(folder: RunFolder): boolean {
  return existsSync(join(folder.root, 'cancelled'));
}

export function markCancelled(folder: RunFolder): void {
  writeText(join(folder.root, 'cancelled'), '');
}

/** Whether a defect of the program has ended the run. */
export function isHalted(folder: RunFolder): boolean {
  return existsSync(join(folder.root, 'halted'));
}

export function markHalted(folder: RunFolder): void {
  writeText(join(folder.root, 'halted'), '');
}

/** Whether nothing more is to be done for the run. */
export function isStopped(folder: RunFolder): boolean {
  return isCancelled(folder) || isHalted(folder);
}

/** The run is about to go on. */
export function clearEnd(folder: RunFolder): void {
  for (const name of ['cancelled', 'halted', 'finished.json'])
    rmSync(join(folder.root, name), { force: true });
}

const values = z.record(z.string(), z.number().nullable());
const pooledSchema = z.object({
  cases: z.number(),
  classes: z.record(z.string(), z.object({ losses: values, metrics: values })),
});

export function writePooled(folder: RunFolder, pooled: PooledSoFar): void {
  writeJsonFile(join(folder.root, 'pooled.json'), pooled);
}

export function readPooled(folder: RunFolder): PooledSoFar | undefined {
  return readOptional(join(folder.root, 'pooled.json'), pooledSchema);
}

function readOptional<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return readJsonFile(path, schema);
  } catch (error) {
    if (error instanceof PartialError) return undefined;
    throw error;
  }
}

/** Makes `outDir/work` the run's folder, unless something stands there. */
export function linkState(root: string, outDir: string): void {
  const link = join(outDir, workFolder);
  if (!existsSync(link)) symlinkSync(resolve(root), link, 'dir');
}
