/** Stored voxels of a volume at the places of a grid: what a picture of a large volume needs. */

import type { Vec3 } from '../../base/box.ts';
import { openStream } from '../../volumes/gzip-stream.ts';
import { openRaw } from '../../volumes/raw-source.ts';
import { datatypeBytes, type VolumeHeader } from '../../volumes/types.ts';
import type { AxisPlaces, GridPlaces } from './grid-places.ts';

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
  const target = () => new Uint8Array(size * bytes);
  const given = (sampled: Uint8Array<ArrayBuffer>, channel: number) =>
    take(new arrays[header.datatype](sampled.buffer), channel);
  const [nx, ny, nz] = header.shape;

  if (!header.compressed) {
    const source = openRaw(header);
    const { origin, shape } = gather.part;
    const plane = new Uint8Array(shape[0] * shape[1] * bytes);
    try {
      for (const channel of inOrder) {
        const sampled = target();
        for (const z of planes) {
          source.readBox(
            channel,
            { origin: [origin[0], origin[1], z], shape: [shape[0], shape[1], 1] },
            plane,
          );
          gather.plane(plane, z, sampled);
          readBytes(plane.length);
          await soon();
        }
        given(sampled, channel);
      }
    } finally {
      source.close();
    }
    return;
  }
  const plane = new Uint8Array(nx * ny * bytes);
  const last = planes.at(-1) ?? -1;
  const stream = openStream(header);
  try {
    for (let channel = 0; channel <= inOrder.at(-1)!; channel++) {
      const sampled = inOrder.includes(channel) ? target() : undefined;
      for (let z = 0; z < nz && (z <= last || channel < inOrder.at(-1)!); z++) {
        await stream.read(plane);
        readBytes(plane.length);
        if (sampled && gather.planes.has(z)) gather.plane(plane, z, sampled);
      }
      if (sampled) given(sampled, channel);
    }
  } finally {
    stream.close();
  }
}

/** Bytes that `sampleStored` will tell of. */
export function bytesToRead(header: VolumeHeader, channels: readonly number[], grid: GridPlaces): number {
  const bytes = datatypeBytes[header.datatype];
  const { planes, part } = gatherer(header, grid);
  if (!header.compressed) return new Set(channels).size * planes.size * part.shape[0] * part.shape[1] * bytes;
  const [nx, ny, nz] = header.shape;
  return (Math.max(...channels) * nz + Math.max(-1, ...planes) + 1) * nx * ny * bytes;
}

let sinceMs = performance.now();

/** Lets messages leave this thread from time to time. */
async function soon(): Promise<void> {
  if (performance.now() - sinceMs < 50) return;
  await new Promise((done) => setImmediate(done));
  sinceMs = performance.now();
}

/** Lays planes of the file out in the order of the grid. */
function gatherer(header: VolumeHeader, grid: GridPlaces) {
  const bytes = datatypeBytes[header.datatype];
  const lengths = grid.map(({ places }) => places.length) as unknown as Vec3;
  const steps = [1, lengths[0], lengths[0] * lengths[1]];
  /** By axis of the file: the grid's places along it, and how far apart they lie in the target. */
  const along = ([0, 1, 2] as const).map((axis) => {
    const at = grid.findIndex((each) => each.axis === axis);
    return { places: grid[at]!.places, step: steps[at]! };
  });
  const [x, y, z] = along as unknown as readonly [Along, Along, Along];
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

interface Along {
  readonly places: AxisPlaces['places'];
  readonly step: number;
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
