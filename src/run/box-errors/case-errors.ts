/**
 * Where a case's errors are: a list by box, kept in the run's folder behind the outcome, in the same file.
 * It depends on how the case was cut, so it is not part of the results.
 */
import * as z from 'zod';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { PartialError } from '../../base/errors.ts';
import { tileGrid } from '../../base/tile-grid.ts';
import { affineSchema, affineSources } from '../../volumes/types.ts';
import { getRecord } from '../records.ts';
import type { RunFolder } from '../run-folder.ts';
import { ofAnother } from '../tile-partial.ts';

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
/** In a file of its own, as it was kept before: with what the outcome of the case is of. */
const earlierKind = { version: 1, schema: z.intersection(caseErrors, z.object({ of: z.string() })) };

/**
 * `of`: what the case's outcome is of, where that is known.
 * @throws PartialError when there is none of that which can be believed: `record-missing` where none was kept.
 */
export function readCaseErrors(folder: RunFolder, caseIndex: number, of?: string): CaseErrors {
  const { store } = folder;
  try {
    return getRecord(store, folder.caseOutcome(caseIndex), errorsKind, 1);
  } catch (error) {
    const name = folder.earlierErrors(caseIndex);
    const isMissing = error instanceof PartialError && error.code === 'record-missing';
    if (!isMissing || !store.has(name)) throw error;
    const { of: found, ...errors } = getRecord(store, name, earlierKind);
    if (of !== undefined && found !== of) throw ofAnother({ name, path: store.pathOf(name) });
    return errors;
  }
}

/** The same; undefined when there is none that can be believed. */
export function storedErrors(folder: RunFolder, caseIndex: number, of?: string): CaseErrors | undefined {
  try {
    return readCaseErrors(folder, caseIndex, of);
  } catch (error) {
    if (error instanceof PartialError) return undefined;
    throw error;
  }
}
