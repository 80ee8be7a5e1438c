/**
 * The elements of a mask's border, voxel by voxel as the definition reads. Slow and plain on purpose: it is what the kernels
 * are checked against.
 */
import type { Vec3 } from '../../base/box.ts';

/** A place `[x, y, z]` and its facet code; 0 for voxels. */
export interface PlainElement {
  readonly place: Vec3;
  readonly code: number;
}

/** Voxels of a volume, x fastest: 1 in the mask, else 0. */
export interface PlainMask {
  readonly shape: Vec3;
  readonly inside: Uint8Array;
  /** 1 where a voxel is ignored. */
  readonly ignored: Uint8Array;
}

/** Voxels of the mask with one of six neighbours in the background. */
export function plainVoxelElements({ shape, inside, ignored }: PlainMask): PlainElement[] {
  const elements: PlainElement[] = [];
  eachPlace(shape, (x, y, z) => {
    if (!at(shape, inside, x, y, z)) return;
    const all = (values: Uint8Array) =>
      at(shape, values, x - 1, y, z) +
      at(shape, values, x + 1, y, z) +
      at(shape, values, x, y - 1, z) +
      at(shape, values, x, y + 1, z) +
      at(shape, values, x, y, z - 1) +
      at(shape, values, x, y, z + 1);
    if (all(inside) < 6 && all(ignored) === 0) elements.push({ place: [x, y, z], code: 0 });
  });
  return elements;
}

/** Corners of the voxel grid whose eight voxels are neither all in the mask nor all out. */
export function plainCornerElements({ shape, inside, ignored }: PlainMask): PlainElement[] {
  const elements: PlainElement[] = [];
  // Bit 7 is the voxel on the lower side of all axes, bit 0 the one on the upper side; z changes fastest.
  const bits = (values: Uint8Array, x: number, y: number, z: number) =>
    128 * at(shape, values, x - 1, y - 1, z - 1) +
    64 * at(shape, values, x - 1, y - 1, z) +
    32 * at(shape, values, x - 1, y, z - 1) +
    16 * at(shape, values, x - 1, y, z) +
    8 * at(shape, values, x, y - 1, z - 1) +
    4 * at(shape, values, x, y - 1, z) +
    2 * at(shape, values, x, y, z - 1) +
    at(shape, values, x, y, z);
  eachPlace([shape[0] + 1, shape[1] + 1, shape[2] + 1], (x, y, z) => {
    const code = bits(inside, x, y, z);
    if (code === 0 || code === 255 || bits(ignored, x, y, z) > 0) return;
    elements.push({ place: [x, y, z], code });
  });
  return elements;
}

/** The distance in mm from a place to the nearest of some elements; infinite if there is none. */
export function plainDistance(from: Vec3, to: readonly PlainElement[], [sx, sy, sz]: Vec3): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const { place } of to) {
    const [x, y, z] = [(place[0] - from[0]) * sx, (place[1] - from[1]) * sy, (place[2] - from[2]) * sz];
    nearest = Math.min(nearest, x * x + y * y + z * z);
  }
  return Math.sqrt(nearest);
}

/** What lies outside the volume is 0. */
function at(shape: Vec3, values: Uint8Array, x: number, y: number, z: number): number {
  const outside = x < 0 || y < 0 || z < 0 || x >= shape[0] || y >= shape[1] || z >= shape[2];
  return outside ? 0 : values[(z * shape[1] + y) * shape[0] + x]!;
}

function eachPlace(shape: Vec3, visit: (x: number, y: number, z: number) => void): void {
  for (let z = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[0]; x++) visit(x, y, z);
  }
}
