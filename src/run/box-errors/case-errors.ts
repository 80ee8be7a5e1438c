/**
 * Where a case's errors are: a list by box, as it stands in the run's folder beside the outcome.
 * It depends on how the case was cut, so it is no part of the results.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { Vec3 } from '../../base/box.ts';
import { tileGrid } from '../../base/tile-grid.ts';
import type { Affine } from '../../volumes/types.ts';
import { type RunFolder, readJsonFile, writeJsonFile } from '../run-folder.ts';

/** The errors of one class: columns over the boxes that hold any of its foreground or errors, ascending. */
export interface ClassErrors {
  readonly name: string;
  /** Places in the grid of boxes, x fastest. */
  readonly box: readonly number[];
  /** Voxels of the reference. */
  readonly foreground: readonly number[];
  /** Voxels above the threshold that are none of the class, and voxels of the class that are not above it. */
  readonly fp: readonly number[];
  readonly fn: readonly number[];
  /** Sums of p over background and of 1 - p over foreground, in voxels; none where predictions are labels. */
  readonly softFp?: readonly number[];
  readonly softFn?: readonly number[];
}

export interface CaseErrors {
  /** `[x, y, z]` of the volume, of the tiles that were scored, and of a box (boxes.ts), cut off at the volume's end. */
  readonly shape: Vec3;
  readonly tileShape: Vec3;
  readonly boxShape: Vec3;
  /** Of the reference. */
  readonly affine: Affine;
  readonly affineSource: 'sform' | 'qform' | 'pixdim';
  /** Voxels scored in each box. */
  readonly voxels: readonly number[];
  readonly classes: readonly ClassErrors[];
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
