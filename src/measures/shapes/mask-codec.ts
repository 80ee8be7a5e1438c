/** Masks of whole volumes as sections of a file. */
import * as z from 'zod';
import type { Vec3 } from '../../base/box.ts';
import { voxelVec3Schema } from '../../base/vec3-schema.ts';
import { emptyMask, type Mask } from '../masks/mask.ts';
import { decodeNumbers, encodeNumbers } from './columns.ts';
import type { NamedSection, SectionFile } from './section-file.ts';

export const maskFacts = z.object({
  voxels: z.number().int().nonnegative(),
  runs: z.number().int().nonnegative(),
  box: z.object({ origin: voxelVec3Schema, shape: voxelVec3Schema }).nullable(),
});
export type MaskFacts = z.infer<typeof maskFacts>;

export function factsOf({ voxels, runs, box }: Mask) {
  return { voxels, runs, box };
}

/** Lengths of the planes, then their runs. */
export function maskSections(name: string, { bytes, offsets }: Mask): NamedSection[] {
  if (bytes.length === 0) return [];
  const lengths = Float64Array.from({ length: offsets.length - 1 }, (_, i) => offsets[i + 1]! - offsets[i]!);
  return [
    { name: `${name}/planes`, bytes: encodeNumbers([lengths]) },
    { name: `${name}/runs`, bytes },
  ];
}

/** @throws PartialError */
export function readMask(file: SectionFile, name: string, shape: Vec3, facts: MaskFacts): Mask {
  if (facts.box === null) return emptyMask(shape);
  const [lengths] = decodeNumbers(file.section(`${name}/planes`), 1);
  const bytes = file.section(`${name}/runs`);
  const offsets = new Uint32Array(lengths!.length + 1);
  let end = 0;
  for (const [i, length] of lengths!.entries()) {
    end += length;
    offsets[i + 1] = end;
  }
  const { origin, shape: size } = facts.box;
  const inside = origin.every((low, axis) => low >= 0 && low + size[axis]! <= shape[axis as 0 | 1 | 2]);
  if (end !== bytes.length || lengths!.length !== size[2] || !inside) {
    throw file.corrupt(`the planes of ${name} do not fit its box`);
  }
  return { shape, ...facts, bytes, offsets } as Mask;
}
