/** The masks of a case: of every class, both sides, and what is ignored; merged from its tiles, and as a file. */
import * as z from 'zod';
import type { Vec3 } from '../../base/box.ts';
import { compareLabels, type Label } from '../../base/label.ts';
import { voxelVec3Schema } from '../../base/vec3-schema.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { emptyMask, type Mask } from '../masks/mask.ts';
import { unite } from '../masks/mask-builder.ts';
import { mergeTiles, type TilePart } from '../masks/merge-tiles.ts';
import { factsOf, maskFacts, maskSections, readMask } from './mask-codec.ts';
import type { NamedSection, SectionFile } from './section-file.ts';
import type { MaskSide, TileMasks } from './tile-masks.ts';

export interface ClassMasks {
  readonly name: string;
  readonly reference: Mask;
  readonly prediction: Mask;
}

export interface CaseMasks {
  /** `[x, y, z]` of the volume. */
  readonly shape: Vec3;
  readonly ignored: Mask;
  readonly classes: readonly ClassMasks[];
}

/** A class and the keys of the tiles' masks that belong to it. */
export interface ClassKeys {
  readonly name: string;
  has(key: Label): boolean;
}

/**
 * Unites what tiles have. `classes` null: every label that occurs is a class. Lays the kernel memory out anew.
 * @throws PartialError for tiles whose bytes are not runs
 */
export function mergeCase(
  kernels: Kernels,
  shape: Vec3,
  tiles: Iterable<TileMasks>,
  classes: readonly ClassKeys[] | null,
): CaseMasks {
  const parts: Record<MaskSide, Map<Label, TilePart[]>> = {
    reference: new Map(),
    prediction: new Map(),
    ignored: new Map(),
  };
  for (const { box, masks } of tiles) {
    for (const { side, key, bytes } of masks) {
      const own = parts[side].get(key);
      if (own === undefined) parts[side].set(key, [{ box, bytes }]);
      else own.push({ box, bytes });
    }
  }
  const merged = (side: MaskSide) =>
    new Map([...parts[side]].map(([key, own]) => [key, mergeTiles(kernels, shape, own)]));
  const [reference, prediction, ignored] = [merged('reference'), merged('prediction'), merged('ignored')];
  const labels = [...new Set([...reference.keys(), ...prediction.keys()])].sort(compareLabels);
  const wanted =
    classes ?? labels.map((label): ClassKeys => ({ name: String(label), has: (key) => key === label }));
  const of = (masks: Map<Label, Mask>, { has }: ClassKeys) =>
    unite(
      labels.filter((label) => masks.has(label) && has(label)).map((label) => masks.get(label)!),
      shape,
    );
  return {
    shape,
    ignored: ignored.get(0) ?? emptyMask(shape),
    classes: wanted.map((one) => ({
      name: one.name,
      reference: of(reference, one),
      prediction: of(prediction, one),
    })),
  };
}

export const caseMaskFacts = z.object({
  shape: voxelVec3Schema,
  ignored: maskFacts,
  classes: z.array(z.object({ name: z.string(), reference: maskFacts, prediction: maskFacts })),
});
export type CaseMaskFacts = z.infer<typeof caseMaskFacts>;

export function factsOfCase({ shape, ignored, classes }: CaseMasks): CaseMaskFacts {
  return {
    shape: [...shape],
    ignored: factsOf(ignored),
    classes: classes.map(({ name, reference, prediction }) => ({
      name,
      reference: factsOf(reference),
      prediction: factsOf(prediction),
    })),
  } as CaseMaskFacts;
}

export function caseMaskSections({ ignored, classes }: CaseMasks): NamedSection[] {
  return [
    ...maskSections('ignored', ignored),
    ...classes.flatMap(({ reference, prediction }, index) => [
      ...maskSections(`${index}/reference`, reference),
      ...maskSections(`${index}/prediction`, prediction),
    ]),
  ];
}

/** The facts that a file's `about` tells under `masks`. @throws PartialError */
export function readCaseFacts(file: SectionFile): CaseMaskFacts {
  const found = z.looseObject({ masks: caseMaskFacts }).safeParse(file.about);
  if (!found.success) throw file.corrupt('it does not say which masks it holds', found.error);
  return found.data.masks;
}

/** Masks of one class. @throws PartialError */
export function readClassMasks(
  file: SectionFile,
  facts: CaseMaskFacts,
  index: number,
): ClassMasks & { readonly ignored: Mask } {
  const { shape, classes } = facts;
  const own = classes[index];
  if (own === undefined) throw file.corrupt(`it has no class ${index}`);
  return {
    name: own.name,
    reference: readMask(file, `${index}/reference`, shape, own.reference),
    prediction: readMask(file, `${index}/prediction`, shape, own.prediction),
    ignored: readIgnored(file, facts),
  };
}

/** @throws PartialError */
export function readIgnored(file: SectionFile, { shape, ignored }: CaseMaskFacts): Mask {
  return readMask(file, 'ignored', shape, ignored);
}
