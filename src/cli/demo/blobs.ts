import type { Vec3 } from '../../base/box.ts';
import { voxelCount } from '../../base/box.ts';

/** A round, soft-edged tumour. */
export interface Blob {
  /** Centre `[x, y, z]` and radius in voxels. */
  readonly centre: Vec3;
  readonly radius: number;
}

/** A few tumours inside a volume of `shape`. */
export function randomBlobs(shape: Vec3, count: number, random: () => number): Blob[] {
  return Array.from({ length: count }, () => ({
    centre: [
      shape[0] * (0.3 + 0.4 * random()),
      shape[1] * (0.3 + 0.4 * random()),
      shape[2] * (0.3 + 0.4 * random()),
    ],
    radius: Math.min(...shape) * (0.12 + 0.12 * random()),
  }));
}

/**
 * How far inside the nearest tumour each voxel lies, in voxels: positive inside, negative outside, x fastest.
 * Without tumours every voxel is as far outside as the volume is long.
 */
export function depthInside(shape: Vec3, blobs: readonly Blob[]): Float64Array {
  const depth = new Float64Array(voxelCount(shape)).fill(-Math.max(...shape));
  let index = 0;
  for (let z = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[0]; x++, index++) {
        for (const { centre, radius } of blobs) {
          const distance = Math.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2);
          depth[index] = Math.max(depth[index]!, radius - distance);
        }
      }
    }
  }
  return depth;
}
