/**
 * Where a case's errors are: a list by box, as it stands in the run's folder beside the outcome.
 * It depends on how the case was cut, so it is no part of the results.
 */
import * as z from 'zod';
import type { Vec3 } from '../../base/box.ts';
import { tileGrid } from '../../base/tile-grid.ts';
import type { BoxErrors } from '../../measures/box-errors/class-errors.ts';
import type { Affine } from '../../volumes/types.ts';
import { getRecord, putRecord } from '../records.ts';
import type { RunFolder } from '../run-folder.ts';
import { ofAnother } from '../tile-partial.ts';

export interface CaseErrors extends BoxErrors {
  /** `[x, y, z]` of the volume and of the tiles that were scored. */
  readonly shape: Vec3;
  readonly tileShape: Vec3;
  /** Of the reference. */
  readonly affine: Affine;
  readonly affineSource: 'sform' | 'qform' | 'pixdim';
}

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
    softFp: sums.optional(),
    softFn: sums.optional(),
  })
  .refine(({ name, ...columns }) =>
    Object.values(columns).every((column) => column === undefined || column.length === columns.box.length),
  );

const caseErrors = z
  .object({
    shape: sides,
    tileShape: sides,
    boxShape: sides,
    affine: z.array(z.number()).length(16),
    affineSource: z.enum(['sform', 'qform', 'pixdim']),
    voxels: counts,
    classes: z.array(classErrors),
  })
  .refine(
    ({ shape, boxShape, voxels, classes }) =>
      voxels.length === tileGrid(shape, boxShape).length &&
      classes.every(({ box }) => box.every((place) => place < voxels.length)),
  );

const errorsKind = { version: 1, schema: z.looseObject({ of: z.string() }).and(caseErrors) };

/** `of`: what the case's outcome is of. */
export function writeCaseErrors(folder: RunFolder, caseIndex: number, of: string, errors: CaseErrors): void {
  putRecord(folder.store, folder.caseErrors(caseIndex), errorsKind, { of, ...errors });
}

/**
 * `of`: what the case's outcome is of, where that is known.
 * @throws PartialError when there is none of that which can be believed: `record-missing` where none was kept.
 */
export function readCaseErrors(folder: RunFolder, caseIndex: number, of?: string): CaseErrors {
  const name = folder.caseErrors(caseIndex);
  const errors = getRecord(folder.store, name, errorsKind);
  if (of !== undefined && errors.of !== of) throw ofAnother({ name, path: folder.store.pathOf(name) });
  return errors as unknown as CaseErrors;
}
