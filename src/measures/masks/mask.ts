/** A mask of a whole volume as runs of voxels, in the one form that does not depend on how it was cut into tiles. */
import { type Box, byAxis, mapVec3, type Vec3 } from '../../base/box.ts';

export interface Mask {
  /** `[x, y, z]` of the volume. */
  readonly shape: Vec3;
  readonly voxels: number;
  readonly runs: number;
  /** The smallest box that holds the mask; null for an empty one. */
  readonly box: Box | null;
  /**
   * Runs by plane: varint(gap), varint(length - 1), counted from the first voxel of the plane. No run spans two rows and
   * none touches the next one of its row. Plane `box.origin[2] + i` is at [offsets[i], offsets[i + 1]).
   */
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

export function emptyMask(shape: Vec3): Mask {
  return { shape, voxels: 0, runs: 0, box: null, bytes: new Uint8Array(0), offsets: new Uint32Array(1) };
}

/** The smallest box that holds all boxes. */
export function boxAround(boxes: readonly (Box | null)[]): Box | null {
  const some = boxes.filter((box) => box !== null);
  if (some.length === 0) return null;
  const low = byAxis((axis) =>
    some.reduce((lowest, { origin }) => Math.min(lowest, origin[axis]), Number.POSITIVE_INFINITY),
  );
  const high = byAxis((axis) =>
    some.reduce((highest, { origin, shape }) => Math.max(highest, origin[axis] + shape[axis]), 0),
  );
  return { origin: low, shape: mapVec3(high, (end, axis) => end - low[axis]) };
}

/** Calls `visit` for each run of plane `z`, in order: its row, its first voxel and the one behind its last. */
export function eachRun(mask: Mask, z: number, visit: (y: number, from: number, to: number) => void): void {
  if (mask.box === null) return;
  const plane = z - mask.box.origin[2];
  if (plane < 0 || plane >= mask.box.shape[2]) return;
  const { bytes, offsets } = mask;
  const rowLength = mask.shape[0];
  const end = offsets[plane + 1]!;
  let at = offsets[plane]!;
  let place = 0;
  let y = 0;
  let rowStart = 0;
  const varint = () => {
    let byte = bytes[at++]!;
    let value = byte & 127;
    for (let scale = 128; byte > 127; scale *= 128) {
      byte = bytes[at++]!;
      value += (byte & 127) * scale;
    }
    return value;
  };
  while (at < end) {
    const start = place + varint();
    place = start + varint() + 1;
    if (start - rowStart >= rowLength) {
      y = Math.floor(start / rowLength);
      rowStart = y * rowLength;
    }
    visit(y, start - rowStart, place - rowStart);
  }
}

/** The largest of some numbers above 0; 0 if there are none. */
export function largestNumber(numbers: Float64Array): number {
  let largest = 0;
  for (const number of numbers) if (number > largest) largest = number;
  return largest;
}
