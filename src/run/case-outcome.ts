/**
 * What became of a case, as the run's folder holds it: a tally and sorted losses, or an error. Behind it, in the same file, is the
 * list of the errors of a scored case (box-errors/case-errors.ts).
 */
import * as z from 'zod';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { VoxtallyError } from '../base/errors.ts';
import { vec3Schema } from '../base/vec3-schema.ts';
import { quantities } from '../measures/quantities.ts';
import { encodeTally, tallySchema } from '../measures/tally/serialise.ts';
import { inputStamps } from '../volumes/input-stamps.ts';
import { unsizedAxesSchema } from '../volumes/types.ts';
import { type CaseErrors, errorsKind } from './box-errors/case-errors.ts';
import { findRecord, getRecord, putLines, recordLine } from './records.ts';
import { outcomeFolder, type RunFolder } from './run-folder.ts';

const lovaszValues = z.object({ softmax: z.number(), hinge: z.number() });
/** Each row's value by the row's own schema. */
const measuredSchema = z.strictObject(
  Object.fromEntries(quantities.flatMap(({ id, schema }) => (schema ? [[id, schema.optional()]] : []))),
);
const scoredSchema = z.object({
  index: z.int(),
  status: z.literal('ok'),
  /** Identity of what was computed (identity.ts); its shards carry it too. */
  of: z.string(),
  shape: vec3Schema,
  spacingMm: vec3Schema,
  /** Axes along which it is assumed; absent where the header of the reference gives it. */
  unsizedAxes: unsizedAxesSchema.exactOptional(),
  /** Volume of a voxel. */
  voxelMm3: z.number(),
  tally: tallySchema,
  /** Sorted losses of each class; empty where there are none. */
  lovasz: z.array(lovaszValues),
  /** Values of rows that have a place of their own in it, by their ids; absent where there are none. */
  measured: measuredSchema.exactOptional(),
  /** Shard files of the case; none where nobody needs them. */
  shards: z.int(),
  shardBytes: z.number(),
  /** What was read. */
  inputs: inputStamps,
});
const unscoredSchema = z.object({
  index: z.int(),
  status: z.enum(['failed', 'incomplete']),
  error: z.object({
    code: z.string(),
    message: z.string(),
    file: z.string().exactOptional(),
    field: z.string().exactOptional(),
    voxel: vec3Schema.exactOptional(),
  }),
});

export type ScoredOutcome = DeepReadonly<z.output<typeof scoredSchema>>;
export type UnscoredOutcome = DeepReadonly<z.output<typeof unscoredSchema>>;
export type CaseOutcomeRecord = ScoredOutcome | UnscoredOutcome;

const outcomeKind = { version: 1, schema: z.discriminatedUnion('status', [scoredSchema, unscoredSchema]) };

/** The sorted losses of a set of cases, named by `setIdentity`. */
export const pooledKind = {
  version: 1,
  schema: z.object({ cases: z.string(), lovasz: z.array(lovaszValues) }),
};

/** `errors`: of a scored case, where they are known. */
export function writeOutcome(folder: RunFolder, outcome: CaseOutcomeRecord, errors?: CaseErrors): void {
  const record = outcome.status === 'ok' ? { ...outcome, tally: encodeTally(outcome.tally) } : outcome;
  const lines = [recordLine(outcomeKind, record), ...(errors ? [recordLine(errorsKind, errors)] : [])];
  putLines(folder.store, folder.caseOutcome(outcome.index), lines);
}

/** @throws PartialError when there is none. */
export function readOutcome(folder: RunFolder, caseIndex: number): CaseOutcomeRecord {
  return getRecord(folder.store, folder.caseOutcome(caseIndex), outcomeKind);
}

/** The stored outcome; undefined when there is none that can be believed. @throws MachineError */
export function storedOutcome(folder: RunFolder, index: number): CaseOutcomeRecord | undefined {
  return findRecord(folder.store, folder.caseOutcome(index), outcomeKind);
}

/** Those of all cases that have one, in their order. A run that begins has none, and looks at no file. */
export function* storedOutcomes(folder: RunFolder, cases: number): Generator<CaseOutcomeRecord> {
  const names = new Set(folder.store.list(outcomeFolder).map((name) => `${outcomeFolder}/${name}`));
  for (let index = 0; index < cases; index++) {
    const outcome = names.has(folder.caseOutcome(index)) ? storedOutcome(folder, index) : undefined;
    if (outcome) yield outcome;
  }
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
