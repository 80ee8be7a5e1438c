/**
 * The boxes by which the errors of a case are listed: those of a cut of the case alone, so they are known before a voxel
 * is read. A box is a slab, whole planes of a column of tiles; or whole tiles, where there are many.
 */

import { type Box, mapVec3, type Vec3, voxelCount } from '../../base/box.ts';
import { type TileGrid, tileGrid } from '../../base/tile-grid.ts';

/** Boxes of a case at most, and boxes times classes where predictions are scores (each box has sums of each class). */
const mostBoxes = 512;
const mostSums = 2 ** 15;
const fewestBoxes = 64;
/** A slab costs some microseconds a class, so it has at least so many voxels unless there are few slabs. */
const slabVoxels = 2 ** 17;
const fewestSlabs = 32;

/** How a case is cut: `[x, y, z]` of its volume and of its tiles. */
export interface Cut {
  readonly shape: Vec3;
  readonly tileShape: Vec3;
}

/** A tile a box, or 2, 4, ... tiles along an axis, doubled where there are most boxes until they are few enough. */
export function tileBoxes({ shape, tileShape }: Cut, classes: number): TileGrid {
  const most = boxLimit(classes);
  let grid = tileGrid(shape, tileShape);
  while (grid.length > most) {
    const { counts } = grid;
    const longest = counts.indexOf(Math.max(...counts));
    const larger = mapVec3(grid.tileShape, (side, axis) => (axis === longest ? 2 * side : side));
    grid = tileGrid(shape, larger);
  }
  return grid;
}

/**
 * As few planes a box as keeps boxes few enough, counted from the volume's first plane: a tile may begin in the middle of
 * a box. Undefined where that does not halve the tiles at least.
 */
export function slabBoxes({ shape, tileShape }: Cut, classes: number): TileGrid | undefined {
  const most = Math.min(boxLimit(classes), Math.max(fewestSlabs, Math.floor(voxelCount(shape) / slabVoxels)));
  const { counts, tileShape: tile } = tileGrid(shape, tileShape);
  const layers = Math.floor(most / (counts[0] * counts[1]));
  const planes = Math.ceil(shape[2] / layers);
  return 2 * planes <= tile[2] ? tileGrid(shape, [tile[0], tile[1], planes]) : undefined;
}

/** The parts of a tile that lie in different boxes, ascending in z: the tile itself without a grid of slabs. */
export function slabsOf(grid: TileGrid | undefined, tile: Box): Box[] {
  if (!grid) return [tile];
  const planes = grid.tileShape[2];
  const [x, y, first] = tile.origin;
  const end = first + tile.shape[2];
  const slabs: Box[] = [];
  for (let z = first; z < end; ) {
    const next = Math.min(end, (Math.floor(z / planes) + 1) * planes);
    slabs.push({ origin: [x, y, z], shape: [tile.shape[0], tile.shape[1], next - z] });
    z = next;
  }
  return slabs;
}

function boxLimit(classes: number): number {
  return Math.max(fewestBoxes, Math.min(mostBoxes, Math.floor(mostSums / Math.max(1, classes))));
}
