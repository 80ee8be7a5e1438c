/**
 * The elements of a mask's border, voxel by voxel as the definition reads. Slow and plain on purpose: it is what the kernels
 * are checked against.
 */
import { type Vec3, voxelCount, voxelIndex } from '../../base/box.ts';

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

const faces: readonly Vec3[] = [
  [-1, 0, 0],
  [1, 0, 0],
  [0, -1, 0],
  [0, 1, 0],
  [0, 0, -1],
  [0, 0, 1],
];

/** Voxels of the mask with one of six neighbours in the background. */
export function plainVoxelElements(mask: PlainMask): PlainElement[] {
  const elements: PlainElement[] = [];
  eachPlace(mask.shape, (place) => {
    if (!at(mask, mask.inside, place)) return;
    const neighbours = faces.map((step) => moved(place, step));
    if (neighbours.every((neighbour) => at(mask, mask.inside, neighbour))) return;
    if (neighbours.some((neighbour) => at(mask, mask.ignored, neighbour))) return;
    elements.push({ place, code: 0 });
  });
  return elements;
}

/** Corners of the voxel grid whose eight voxels are neither all in the mask nor all out. */
export function plainCornerElements(mask: PlainMask): PlainElement[] {
  const elements: PlainElement[] = [];
  const [x, y, z] = mask.shape;
  eachPlace([x + 1, y + 1, z + 1], (place) => {
    let code = 0;
    let ignored = false;
    for (let bit = 0; bit < 8; bit++) {
      // Bit 7 is the voxel on the lower side of all axes, bit 0 the one on the upper side; z changes fastest.
      const upper: Vec3 = [bit & 4 ? 0 : 1, bit & 2 ? 0 : 1, bit & 1 ? 0 : 1];
      const voxel = moved(place, [upper[0] - 1, upper[1] - 1, upper[2] - 1]);
      if (at(mask, mask.inside, voxel)) code += 2 ** bit;
      if (at(mask, mask.ignored, voxel)) ignored = true;
    }
    if (code !== 0 && code !== 255 && !ignored) elements.push({ place, code });
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

function moved([x, y, z]: Vec3, [dx, dy, dz]: Vec3): Vec3 {
  return [x + dx, y + dy, z + dz];
}

/** What lies outside the volume is 0. */
function at({ shape }: PlainMask, values: Uint8Array, place: Vec3): boolean {
  if (place.some((value, axis) => value < 0 || value >= shape[axis as 0 | 1 | 2])) return false;
  return values[voxelIndex(place, shape)] === 1;
}

function eachPlace(shape: Vec3, visit: (place: Vec3) => void): void {
  if (voxelCount(shape) === 0) return;
  for (let z = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[0]; x++) visit([x, y, z]);
  }
}
