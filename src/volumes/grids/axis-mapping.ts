import * as z from 'zod';
import type { Vec3 } from '../../base/box.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Affine } from '../types.ts';

const axis = z.literal([0, 1, 2]);
export type Axis = z.infer<typeof axis>;

/** The prediction's axis that runs along a reference axis, and whether it runs against it. */
const axisSource = z.object({ axis, reversed: z.boolean() });
export type AxisSource = Readonly<z.infer<typeof axisSource>>;

/** For each reference axis `[x, y, z]` its source in the prediction: one of 48 permutations with flips. */
export const axisMappingSchema = z.tuple([axisSource, axisSource, axisSource]);
export type AxisMapping = DeepReadonly<z.infer<typeof axisMappingSchema>>;

export const identityMapping: AxisMapping = [
  { axis: 0, reversed: false },
  { axis: 1, reversed: false },
  { axis: 2, reversed: false },
];

const permutations: readonly (readonly [Axis, Axis, Axis])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** All 48 mappings, the identity first and flips before permutations. */
export const axisMappings: readonly AxisMapping[] = permutations.flatMap((axes) =>
  Array.from({ length: 8 }, (_, flips): AxisMapping => {
    const source = (at: Axis): AxisSource => ({ axis: axes[at], reversed: ((flips >> at) & 1) === 1 });
    return [source(0), source(1), source(2)];
  }),
);

export function isIdentity(mapping: AxisMapping): boolean {
  return mapping.every(({ axis, reversed }, at) => axis === at && !reversed);
}

/** The shape that a prediction of `shape` has in the reference's axis order. */
export function mappedShape(mapping: AxisMapping, shape: Vec3): Vec3 {
  return [shape[mapping[0].axis], shape[mapping[1].axis], shape[mapping[2].axis]];
}

/** The affine of the prediction once its voxels lie in the reference's axis order. */
export function mappedAffine(mapping: AxisMapping, affine: Affine, shape: Vec3): Affine {
  const rows = [0, 1, 2].map((row) => {
    const at = (column: number) => affine[4 * row + column]!;
    const columns = mapping.map(({ axis, reversed }) => (reversed ? -at(axis) : at(axis)));
    // The first voxel of a reversed axis is the last one of the file.
    const origin = mapping.reduce(
      (sum, { axis, reversed }) => (reversed ? sum + at(axis) * (shape[axis] - 1) : sum),
      at(3),
    );
    return [...columns, origin];
  });
  return [...rows.flat(), 0, 0, 0, 1];
}
