/** What became of a case, as it stands in the run's folder: a tally and sorted losses, or an error. */
import * as z from 'zod';
import type { Vec3 } from '../base/box.ts';
import type { VoxtallyError } from '../base/errors.ts';
import type { UnscoredCase } from '../base/scored.ts';
import { quantities } from '../measures/quantities.ts';
import type { LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import { encodeTally, tallySchema } from '../measures/tally/serialise.ts';
import type { Tally } from '../measures/tally/tally.ts';
import { type InputStamp, inputStamps } from '../volumes/input-stamps.ts';
import { findRecord, getRecord, putRecord } from './records.ts';
import type { RunFolder } from './run-folder.ts';

export interface ScoredOutcome {
  readonly index: number;
  readonly status: 'ok';
  /** Identity of what was computed (identity.ts); its shards carry it too. */
  readonly of: string;
  readonly shape: Vec3;
  readonly spacingMm: Vec3;
  /** Volume of a voxel. */
  readonly voxelMm3: number;
  readonly tally: Tally;
  /** Sorted losses of each class; empty where there are none. */
  readonly lovasz: readonly LovaszValues[];
  /** Values of rows that have a place of their own in it, by their ids; absent where there are none. */
  readonly measured?: Readonly<Record<string, unknown>>;
  /** Shard files of the case; none where nobody needs them. */
  readonly shards: number;
  readonly shardBytes: number;
  /** What was read. */
  readonly inputs: readonly InputStamp[];
}

export interface UnscoredOutcome {
  readonly index: number;
  readonly status: 'failed' | 'incomplete';
  readonly error: UnscoredCase['error'];
}

export type CaseOutcomeRecord = ScoredOutcome | UnscoredOutcome;

const vec3 = z.tuple([z.number(), z.number(), z.number()]);
const lovaszValues = z.object({ softmax: z.number(), hinge: z.number() });
/** Each row's value by the row's own schema. */
const measuredSchema = z
  .object(
    Object.fromEntries(quantities.flatMap(({ id, schema }) => (schema ? [[id, schema.optional()]] : []))),
  )
  .strict();
const outcomeSchema = z.discriminatedUnion('status', [
  z.object({
    index: z.number().int(),
    status: z.literal('ok'),
    of: z.string(),
    shape: vec3,
    spacingMm: vec3,
    voxelMm3: z.number(),
    tally: tallySchema,
    lovasz: z.array(lovaszValues),
    measured: measuredSchema.optional(),
    shards: z.number().int(),
    shardBytes: z.number(),
    inputs: inputStamps,
  }),
  z.object({
    index: z.number().int(),
    status: z.enum(['failed', 'incomplete']),
    error: z.object({
      code: z.string(),
      message: z.string(),
      file: z.string().optional(),
      field: z.string().optional(),
      voxel: vec3.optional(),
    }),
  }),
]);

const outcomeKind = { version: 1, schema: outcomeSchema };

/** The sorted losses of a set of cases, named by `setIdentity`. */
export const pooledKind = {
  version: 1,
  schema: z.object({ cases: z.string(), lovasz: z.array(lovaszValues) }),
};

export function writeOutcome(folder: RunFolder, outcome: CaseOutcomeRecord): void {
  const record = outcome.status === 'ok' ? { ...outcome, tally: encodeTally(outcome.tally) } : outcome;
  putRecord(folder.store, folder.caseOutcome(outcome.index), outcomeKind, record);
}

/** @throws PartialError when there is none. */
export function readOutcome(folder: RunFolder, caseIndex: number): CaseOutcomeRecord {
  return getRecord(folder.store, folder.caseOutcome(caseIndex), outcomeKind) as CaseOutcomeRecord;
}

/** The outcome that stands in the store; undefined when there is none that can be believed. @throws MachineError */
export function storedOutcome(folder: RunFolder, index: number): CaseOutcomeRecord | undefined {
  return findRecord(folder.store, folder.caseOutcome(index), outcomeKind) as CaseOutcomeRecord | undefined;
}

/** A case without numbers: `failed` by its input, `incomplete` by the machine. Its message names the case. */
export function unscored(
  index: number,
  caseId: string,
  status: 'failed' | 'incomplete',
  error: VoxtallyError,
): UnscoredOutcome {
  const { file, field, voxel } = error.place;
  const named = error.message.startsWith(`case ${caseId}: `);
  return {
    index,
    status,
    error: {
      code: error.code,
      message: named ? error.message : `case ${caseId}: ${error.message}`,
      ...(file === undefined ? {} : { file }),
      ...(field === undefined ? {} : { field }),
      ...(voxel === undefined ? {} : { voxel }),
    },
  };
}
