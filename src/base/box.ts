/** Shapes, boxes and voxel indices. Axis order is `[x, y, z]` everywhere, x fastest, as NIfTI stores voxels. */

/** Sizes, positions or spacings along `[x, y, z]`. */
export type Vec3 = readonly [number, number, number];

export type Axis = 0 | 1 | 2;

/** What `of` gives for each axis, x first. */
export function byAxis<T>(of: (axis: Axis) => T): [x: T, y: T, z: T] {
  return [of(0), of(1), of(2)];
}

/** Three values along `[x, y, z]`, each by `of`. */
export function mapVec3<A, B>(
  [x, y, z]: readonly [A, A, A],
  of: (value: A, axis: Axis) => B,
): [x: B, y: B, z: B] {
  return [of(x, 0), of(y, 1), of(z, 2)];
}

/** A box of voxels: `origin` (zero based) and `shape`, both `[x, y, z]`. */
export interface Box {
  readonly origin: Vec3;
  readonly shape: Vec3;
}

/** Number of voxels of a shape `[x, y, z]`; exact below 2^53. */
export function voxelCount(shape: Vec3): number {
  return shape[0] * shape[1] * shape[2];
}

/** Linear index of a voxel `[x, y, z]` in a volume of `shape`, x fastest. */
export function voxelIndex(voxel: Vec3, shape: Vec3): number {
  return voxel[0] + shape[0] * (voxel[1] + shape[1] * voxel[2]);
}

/** The voxel `[x, y, z]` at a linear index, x fastest. */
export function voxelAt(index: number, shape: Vec3): [number, number, number] {
  const plane = shape[0] * shape[1];
  const z = Math.floor(index / plane);
  const rest = index - z * plane;
  const y = Math.floor(rest / shape[0]);
  return [rest - y * shape[0], y, z];
}
