/**
 * A bundle: consecutive tiles that one step scores and one file holds. Small tiles are not worth a step and a file each;
 * tiles of the usual size are a bundle of their own.
 */
import { type Box, type Vec3, voxelCount } from '../../base/box.ts';
import { type TileGrid, tileBox, tileGrid } from '../../base/tile-grid.ts';

/** How the volume of a case is cut. */
export interface Cut {
  /** `[x, y, z]` of the reference and of a tile. */
  readonly shape: Vec3;
  readonly tileShape: Vec3;
  /** Tiles of a bundle; the last one may have fewer. */
  readonly bundleTiles: number;
}

/** Tiles of a bundle of at most `bundleVoxels` voxels; at least one. */
export function tilesPerBundle(grid: TileGrid, bundleVoxels: number): number {
  return Math.min(grid.length, Math.max(1, Math.floor(bundleVoxels / voxelCount(grid.tileShape))));
}

/** Number of bundles of a case. */
export function bundleCount(cut: Cut): number {
  return Math.ceil(tileGrid(cut.shape, cut.tileShape).length / cut.bundleTiles);
}

/** The tiles of a bundle, ascending. */
export function tilesOfBundle(cut: Cut, bundle: number): number[] {
  const { length } = tileGrid(cut.shape, cut.tileShape);
  const first = bundle * cut.bundleTiles;
  return Array.from({ length: Math.min(cut.bundleTiles, length - first) }, (_, i) => first + i);
}

/** The boxes of those tiles. */
export function boxesOfBundle(cut: Cut, bundle: number): Box[] {
  const grid = tileGrid(cut.shape, cut.tileShape);
  return tilesOfBundle(cut, bundle).map((tile) => tileBox(grid, tile));
}

/** The bundle that holds a tile. */
export function bundleOfTile(cut: Cut, tile: number): number {
  return Math.floor(tile / cut.bundleTiles);
}
