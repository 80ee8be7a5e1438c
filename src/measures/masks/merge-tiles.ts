/** Unites the runs of a volume's tiles, label by label, in kernel memory. */

import type { Box, Vec3 } from '../../base/box.ts';
import { PartialError } from '../../base/errors.ts';
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import { emptyMask, type Mask } from './mask.ts';

/** The runs of one label in one tile. */
export interface TilePart {
  readonly box: Box;
  readonly bytes: Uint8Array;
}

/** uint32 fields of a tile in the kernel's list, and of its record of a plane. */
const tileFields = 11;
const planeFields = 7;
/** Planes are united into room for at least this many bytes at a time. */
const roomBytes = 2 ** 18;

/**
 * The mask of one label. Lays the kernel memory out anew.
 * @throws PartialError for bytes that are not runs of their box
 */
export function mergeTiles(kernels: Kernels, shape: Vec3, parts: readonly TilePart[]): Mask {
  const some = parts.filter(({ bytes }) => bytes.length > 0);
  if (some.length === 0) return emptyMask(shape);
  const [sizeX, sizeY] = shape;
  const words = Math.ceil(sizeX / 64);
  const first = some.reduce((low, { box }) => Math.min(low, box.origin[2]), shape[2]);
  const end = some.reduce((high, { box }) => Math.max(high, box.origin[2] + box.shape[2]), 0);
  const most = maxPlaneBytes(sizeX, sizeY);
  const layout = new Layout(kernels.memory);
  const list = layout.region(4 * tileFields * some.length);
  const plane = layout.region(8 * words * sizeY);
  const records = layout.region(4 * planeFields * (end - first));
  const out = layout.region(most + roomBytes);
  const tiles = some.flatMap(({ box: { origin, shape: size }, bytes }) => {
    const address = layout.region(bytes.length);
    new Uint8Array(kernels.memory.buffer, address, bytes.length).set(bytes);
    return [address, address + bytes.length, 0, 0, 0, ...origin, ...size];
  });
  // No region is taken from here on: views stay valid.
  const { buffer } = kernels.memory;
  new Uint32Array(buffer, list, tiles.length).set(tiles);
  new Uint8Array(buffer, plane, 8 * words * sizeY).fill(0);

  const planes = new PlaneRecords();
  const pieces: Uint8Array[] = [];
  const limit = out + most + roomBytes;
  for (let z = first; z < end; ) {
    const done = kernels.mergePlanes(
      ...([list, some.length, z, end, words, sizeX] as const),
      ...([plane, out, limit, most, records] as const),
    );
    if (done < 0) throw notRuns();
    const bytes = planes.add(z, new Uint32Array(buffer, records, planeFields * done));
    pieces.push(new Uint8Array(buffer, out, bytes).slice());
    z += done;
  }
  const [only] = pieces;
  return planes.mask(shape, pieces.length === 1 ? only! : Buffer.concat(pieces));
}

/** What is known of a mask once its planes are united. */
class PlaneRecords {
  #runs = 0;
  #voxels = 0;
  #bytes = 0;
  /** Ends of the planes from the first on that has a run; those behind the last one are cut off at the end. */
  readonly #offsets = [0];
  #low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  #high = [0, 0];
  #first = -1;
  #last = -1;

  /** The records of planes from `z` on; returns their bytes. */
  add(z: number, records: Uint32Array): number {
    const before = this.#bytes;
    for (let at = 0; at < records.length; at += planeFields, z++) {
      const [bytes, runs, voxels, lowX, highX, lowY, highY] = records.subarray(at, at + planeFields);
      if (runs! > 0) {
        this.#bytes += bytes!;
        this.#runs += runs!;
        this.#voxels += voxels!;
        this.#low = [Math.min(this.#low[0]!, lowX!), Math.min(this.#low[1]!, lowY!)];
        this.#high = [Math.max(this.#high[0]!, highX!), Math.max(this.#high[1]!, highY!)];
        if (this.#first < 0) this.#first = z;
        this.#last = z;
      }
      if (this.#first >= 0) this.#offsets.push(this.#bytes);
    }
    return this.#bytes - before;
  }

  mask(shape: Vec3, bytes: Uint8Array): Mask {
    const [x, y, z] = [...this.#low, this.#first] as [number, number, number];
    const size = [this.#high[0]! - x + 1, this.#high[1]! - y + 1, this.#last - z + 1] as const;
    return {
      shape,
      voxels: this.#voxels,
      runs: this.#runs,
      box: { origin: [x, y, z], shape: size },
      bytes,
      offsets: Uint32Array.from(this.#offsets.slice(0, size[2] + 1)),
    };
  }
}

/** Every second voxel is a run of two bytes at worst, or of more bytes where gaps are long and runs therefore few. */
function maxPlaneBytes(sizeX: number, sizeY: number): number {
  return 2 * sizeX * sizeY + 16 * sizeY;
}

export function notRuns(): PartialError {
  return new PartialError('shard-corrupt', 'the runs of a mask lie outside their volume');
}
