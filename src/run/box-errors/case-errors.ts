/**
 * Where a case's errors are: a list by box, kept in the run's folder behind the outcome, in the same file.
 * It depends on how the case was cut, so it is not part of the results.
 */
import * as z from 'zod';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { tileGrid } from '../../base/tile-grid.ts';
import { affineSchema, affineSources } from '../../volumes/types.ts';
import { findRecord, getRecord } from '../records.ts';
import type { RunFolder } from '../run-folder.ts';

const count = z.number().int().nonnegative();
const counts = z.array(count);
const sums = z.array(z.number().nonnegative());
const sides = z.tuple([count.positive(), count.positive(), count.positive()]);

const classErrors = z
  .object({
    name: z.string(),
    box: counts,
    foreground: counts,
    fp: counts,
    fn: counts,
    softFp: sums.exactOptional(),
    softFn: sums.exactOptional(),
  })
  .refine(({ name, ...columns }) =>
    Object.values(columns).every((column) => column === undefined || column.length === columns.box.length),
  );

const caseErrors = z
  .object({
    /** `[x, y, z]` of the volume and of the tiles that were scored. */
    shape: sides,
    tileShape: sides,
    boxShape: sides,
    /** Of the reference. */
    affine: affineSchema,
    affineSource: affineSources,
    voxels: counts,
    classes: z.array(classErrors),
  })
  .refine(
    ({ shape, boxShape, voxels, classes }) =>
      voxels.length === tileGrid(shape, boxShape).length &&
      classes.every(({ box }) => box.every((place) => place < voxels.length)),
  );

export type CaseErrors = DeepReadonly<z.infer<typeof caseErrors>>;

export const errorsKind = { version: 1, schema: caseErrors };

/** @throws PartialError when there is none that can be believed: `record-missing` where none was kept. */
export function readCaseErrors(folder: RunFolder, caseIndex: number): CaseErrors {
  return getRecord(folder.store, folder.caseOutcome(caseIndex), errorsKind, 1);
}

/** The same; undefined when there is none that can be believed. */
export function storedErrors(folder: RunFolder, caseIndex: number): CaseErrors | undefined {
  return findRecord(folder.store, folder.caseOutcome(caseIndex), errorsKind, 1);
}
