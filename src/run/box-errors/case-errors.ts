/**
 * Where a case's errors are: a list by box, as it stands in the run's folder beside the outcome.
 * It depends on how the case was cut, so it is no part of the results.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { Vec3 } from '../../base/box.ts';
import { tileGrid } from '../../base/tile-grid.ts';
import type { BoxErrors } from '../../measures/box-errors/class-errors.ts';
import type { Affine } from '../../volumes/types.ts';
import { type RunFolder, readJsonFile, writeJsonFile } from '../run-folder.ts';

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

export function writeCaseErrors(folder: RunFolder, caseIndex: number, errors: CaseErrors): void {
  const path = folder.caseErrors(caseIndex);
  // A run that an older version began has no folder for them.
  mkdirSync(dirname(path), { recursive: true });
  writeJsonFile(path, errors);
}

/** @throws PartialError when there is none that can be believed: `record-missing` for runs of an older version. */
export function readCaseErrors(folder: RunFolder, caseIndex: number): CaseErrors {
  return readJsonFile(folder.caseErrors(caseIndex), caseErrors as unknown as z.ZodType<CaseErrors>);
}
