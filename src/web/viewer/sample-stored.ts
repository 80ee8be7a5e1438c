/** Stored voxels of a volume at the places of a grid: what a picture of a large volume needs. */

import { type Box, byAxis, mapVec3 } from '../../base/box.ts';
import { clockMs } from '../../base/clock.ts';
import { readBoxes, type TakeBox } from '../../volumes/read-voxels.ts';
import { datatypeBytes, type VolumeHeader } from '../../volumes/types.ts';
import type { GridPlaces } from './grid-places.ts';

/** Stored voxels of one channel, x of the grid fastest, in the byte order of this machine; 0 outside the file. */
export type StoredVoxels =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>;

const arrays = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Hears how many bytes have been read since it was last told. */
export type ReadBytes = (bytes: number) => void;

/**
 * Gives `take` the voxels of each of some channels, in ascending order. Raw files are read plane by plane where the grid
 * has places; gzip is inflated from its start up to the last of them, in bounded memory.
 */
export async function sampleStored(
  header: VolumeHeader,
  channels: readonly number[],
  grid: GridPlaces,
  readBytes: ReadBytes,
  take: (voxels: StoredVoxels, channel: number) => void,
): Promise<void> {
  const size = grid.reduce((product, { places }) => product * places.length, 1);
  const bytes = datatypeBytes[header.datatype];
  const gather = gatherer(header, grid);
  const inOrder = [...new Set(channels)].sort((a, b) => a - b);
  const planes = [...gather.planes].sort((a, b) => a - b);
  const { origin, shape } = gather.part;
  const boxes = planes.map(
    (z): Box => ({ origin: [origin[0], origin[1], z], shape: [shape[0], shape[1], 1] }),
  );
  const give = (sampled: Uint8Array<ArrayBuffer>, channel: number) =>
    take(new arrays[header.datatype](sampled.buffer), channel);
  const empty = () => new Uint8Array(size * bytes);
  if (boxes.length === 0) {
    for (const channel of inOrder) give(empty(), channel);
    return;
  }
  let sampled = empty();
  const takePlane: TakeBox = async (plane, box, channel) => {
    if (box === boxes[0]) sampled = empty();
    gather.plane(plane, box.origin[2], sampled);
    if (box === boxes.at(-1)) give(sampled, channel);
    await soon();
  };
  await readBoxes(header, inOrder, boxes, takePlane, { onBytes: readBytes });
}

/** Bytes that `sampleStored` will tell of. */
export function bytesToRead(header: VolumeHeader, channels: readonly number[], grid: GridPlaces): number {
  const bytes = datatypeBytes[header.datatype];
  const { planes, part } = gatherer(header, grid);
  if (planes.size === 0) return 0;
  if (!header.compressed) return new Set(channels).size * planes.size * part.shape[0] * part.shape[1] * bytes;
  const [nx, ny, nz] = header.shape;
  return (Math.max(...channels) * nz + Math.max(...planes) + 1) * nx * ny * bytes;
}

let sinceMs = clockMs();

/** Lets messages leave this thread from time to time. */
async function soon(): Promise<void> {
  if (clockMs() - sinceMs < 50) return;
  await new Promise((done) => setImmediate(done));
  sinceMs = clockMs();
}

/** Lays planes of the file out in the order of the grid. */
function gatherer(header: VolumeHeader, grid: GridPlaces) {
  const bytes = datatypeBytes[header.datatype];
  const [nx, ny] = mapVec3(grid, ({ places }) => places.length);
  const steps = [1, nx, nx * ny];
  /** By axis of the file: the grid's places along it, and how far apart they lie in the target. */
  const [x, y, z] = byAxis((axis) => {
    const at = grid.findIndex((each) => each.axis === axis);
    return { places: grid[at]!.places, step: steps[at]! };
  });
  const slots = new Map<number, number[]>();
  z.places.forEach((place, slot) => {
    if (place >= 0) slots.set(place, [...(slots.get(place) ?? []), slot]);
  });
  const [xs, ys] = [rangeOf(x.places), rangeOf(y.places)];
  const compressed = header.compressed;
  // A stream brings whole planes.
  const part = compressed
    ? { origin: [0, 0], shape: [header.shape[0], header.shape[1]] }
    : { origin: [xs.first, ys.first], shape: [xs.length, ys.length] };
  const [originX, originY] = part.origin as [number, number];
  const rowLength = part.shape[0]!;

  const plane = (stored: Uint8Array<ArrayBuffer>, place: number, target: Uint8Array<ArrayBuffer>) => {
    if (!header.littleEndian) swapBytes(stored, bytes);
    const from = unitsOf(stored, bytes);
    const to = unitsOf(target, bytes);
    for (const slot of slots.get(place)!) {
      for (let j = 0; j < y.places.length; j++) {
        if (y.places[j]! < 0) continue;
        const row = (y.places[j]! - originY) * rowLength - originX;
        let at = slot * z.step + j * y.step;
        for (let i = 0; i < x.places.length; i++, at += x.step) {
          if (x.places[i]! >= 0) to[at] = from[row + x.places[i]!]!;
        }
      }
    }
  };
  const isEmpty = xs.length === 0 || ys.length === 0;
  return {
    planes: isEmpty ? new Set<number>() : new Set(slots.keys()),
    part: part as { origin: [number, number]; shape: [number, number] },
    plane,
  };
}

function rangeOf(places: readonly number[]): { first: number; length: number } {
  let [first, last] = [Number.POSITIVE_INFINITY, -1];
  for (const place of places) {
    if (place < 0) continue;
    first = Math.min(first, place);
    last = Math.max(last, place);
  }
  return last < 0 ? { first: 0, length: 0 } : { first, length: last - first + 1 };
}

/** Integers keep every bit of what they move; floats might not. */
function unitsOf(bytes: Uint8Array<ArrayBuffer>, unit: number): { [at: number]: number } {
  const { buffer, byteOffset, byteLength } = bytes;
  if (unit === 1) return bytes;
  if (unit === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  if (unit === 4) return new Uint32Array(buffer, byteOffset, byteLength / 4);
  return new BigUint64Array(buffer, byteOffset, byteLength / 8) as unknown as { [at: number]: number };
}

function swapBytes(bytes: Uint8Array<ArrayBuffer>, unit: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (unit === 2) buffer.swap16();
  else if (unit === 4) buffer.swap32();
  else if (unit === 8) buffer.swap64();
}
