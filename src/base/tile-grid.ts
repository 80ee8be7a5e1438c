import { type Box, type Vec3, voxelCount } from './box.ts';

/** The tiles of a volume: a regular grid of boxes, the last of each axis cut off at the volume's end. */
export interface TileGrid {
  /** `[x, y, z]` of the volume and of a whole tile. */
  readonly shape: Vec3;
  readonly tileShape: Vec3;
  /** Tiles along each axis. */
  readonly counts: Vec3;
  /** Number of tiles. */
  readonly length: number;
}

/** The grid of tiles of `tileShape` (cut to the volume) over a volume of `shape`, both `[x, y, z]`. */
export function tileGrid(shape: Vec3, tileShape: Vec3): TileGrid {
  const cut = mapAxes((axis) => Math.min(tileShape[axis], shape[axis]));
  const counts = mapAxes((axis) => Math.ceil(shape[axis] / cut[axis]));
  return { shape, tileShape: cut, counts, length: voxelCount(counts) };
}

/** The box of a tile: indices run x fastest, then y, then z, so slabs are in file order. */
export function tileBox(grid: TileGrid, index: number): Box {
  const [countX, countY] = grid.counts;
  const place: Vec3 = [
    index % countX,
    Math.floor(index / countX) % countY,
    Math.floor(index / (countX * countY)),
  ];
  const origin = mapAxes((axis) => place[axis] * grid.tileShape[axis]);
  return {
    origin,
    shape: mapAxes((axis) => Math.min(grid.tileShape[axis], grid.shape[axis] - origin[axis])),
  };
}

/**
 * The shape of an automatic tile of at most `tileVoxels` voxels (at least one): a slab of whole z-planes, which is one
 * contiguous read; of whole rows of a plane, or of a part of a row, where a plane or a row is larger than a tile.
 */
export function automaticTileShape(shape: Vec3, tileVoxels: number): Vec3 {
  const [x, y, z] = shape;
  if (x > tileVoxels) return [tileVoxels, 1, 1];
  if (x * y > tileVoxels) return [x, Math.floor(tileVoxels / x), 1];
  // Slabs of equal thickness: 100 planes at most 60 at a time are two times 50.
  const planes = Math.min(z, Math.floor(tileVoxels / (x * y)));
  return [x, y, Math.ceil(z / Math.ceil(z / planes))];
}

/** Whether the tiles in order are the volume in file order, as a stream gives it. */
export function isFileOrder(grid: TileGrid): boolean {
  const [countX, countY] = grid.counts;
  const [, y, z] = grid.tileShape;
  return (countX === 1 || (y === 1 && z === 1)) && (countY === 1 || z === 1);
}

function mapAxes(value: (axis: 0 | 1 | 2) => number): Vec3 {
  return [value(0), value(1), value(2)];
}
