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

/** uint32 fields of a tile in the kernel's list. */
const tileFields = 11;

/**
 * The mask of one label. Lays the kernel memory out anew.
 * @throws PartialError for bytes that are not runs of their box
 */
export function mergeTiles(kernels: Kernels, shape: Vec3, parts: readonly TilePart[]): Mask {
  const some = parts.filter(({ bytes }) => bytes.length > 0);
  if (some.length === 0) return emptyMask(shape);
  const [sizeX, sizeY] = shape;
  const words = Math.ceil(sizeX / 64);
  const layout = new Layout(kernels.memory);
  const list = layout.region(4 * tileFields * some.length);
  const plane = layout.region(8 * words * sizeY);
  const out = layout.region(maxPlaneBytes(sizeX, sizeY));
  const stats = layout.region(64);
  const tiles = some.flatMap(({ box: { origin, shape: size }, bytes }) => {
    const address = layout.region(bytes.length);
    new Uint8Array(kernels.memory.buffer, address, bytes.length).set(bytes);
    return [address, address + bytes.length, 0, 0, 0, ...origin, ...size];
  });
  // No region is taken from here on: views stay valid.
  const { buffer } = kernels.memory;
  new Uint32Array(buffer, list, tiles.length).set(tiles);
  new Uint8Array(buffer, plane, 8 * words * sizeY).fill(0);
  const span = new Uint32Array(buffer, stats, 6);

  const first = some.reduce((low, { box }) => Math.min(low, box.origin[2]), shape[2]);
  const end = some.reduce((high, { box }) => Math.max(high, box.origin[2] + box.shape[2]), 0);
  const pieces: Uint8Array[] = [];
  const offsets = [0];
  let [runs, voxels, bytes] = [0, 0, 0];
  let [lowX, lowY, highX, highY] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  let firstPlane = -1;
  let lastPlane = -1;
  for (let z = first; z < end; z++) {
    if (kernels.fillFromTiles(list, some.length, z, words, plane, stats) < 0) throw notRuns();
    const [top, bottom] = [span[0]!, span[1]!];
    if (top > bottom) {
      if (firstPlane >= 0) offsets.push(bytes);
      continue;
    }
    const length = kernels.encodePlane(plane, words, top, bottom, sizeX, out, stats + 8);
    pieces.push(new Uint8Array(buffer, out, length).slice());
    bytes += length;
    runs += span[2]!;
    voxels += span[3]!;
    lowX = Math.min(lowX, span[4]!);
    highX = Math.max(highX, span[5]!);
    lowY = Math.min(lowY, top);
    highY = Math.max(highY, bottom);
    if (firstPlane < 0) firstPlane = z;
    lastPlane = z;
    offsets.push(bytes);
  }
  return {
    shape,
    voxels,
    runs,
    box: {
      origin: [lowX, lowY, firstPlane],
      shape: [highX - lowX + 1, highY - lowY + 1, lastPlane - firstPlane + 1],
    },
    bytes: joined(pieces, bytes),
    offsets: Uint32Array.from(offsets.slice(0, lastPlane - firstPlane + 2)),
  };
}

/** Every second voxel is a run of two bytes at worst, or of more bytes where gaps are long and runs therefore few. */
function maxPlaneBytes(sizeX: number, sizeY: number): number {
  return 2 * sizeX * sizeY + 16 * sizeY;
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

export function notRuns(): PartialError {
  return new PartialError('shard-corrupt', 'the runs of a mask lie outside their volume');
}
