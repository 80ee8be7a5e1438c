/** The shape of the tiles that a case is cut into. */
import { type Vec3, voxelCount } from '../../base/box.ts';
import { InputError } from '../../base/errors.ts';
import { automaticTileShape, tileGrid } from '../../base/tile-grid.ts';
import type { ManifestCase } from '../../cases/types.ts';
import { mostVoxels } from '../../measures/sorted-errors/one-tile.ts';
import type { RunSettings } from '../../settings/run-settings.ts';

/** The shape asked for, or the largest automatic one that a thread's share of the memory holds. */
export function chooseTileShape(
  entry: ManifestCase,
  shape: Vec3,
  settings: RunSettings,
  bytesOf: (voxels: number) => number,
  budget: number,
): Vec3 {
  const tooLarge = (tileShape: Vec3) => {
    const voxels = voxelCount(tileShape);
    return new InputError(
      'memory-budget',
      `case ${entry.id}: a tile of ${tileShape.join(' x ')} = ${voxels} voxels takes ${bytesOf(voxels)} bytes (${((bytesOf(voxels) - bytesOf(0)) / voxels).toFixed(1)} per voxel and ${bytesOf(0)} of tables), and a thread may have ${budget}; give a smaller --tile, fewer --threads or more --memory`,
      { caseId: entry.id, field: 'memory' },
    );
  };
  if (settings.tileShape) {
    const tileShape = tileGrid(shape, settings.tileShape).tileShape;
    if (bytesOf(voxelCount(tileShape)) > budget) throw tooLarge(tileShape);
    return tileShape;
  }
  const { tileShape, fits } = automaticTile(shape, settings, bytesOf, budget);
  if (!fits) throw tooLarge(tileShape);
  return tileShape;
}

/** A smaller tile saves nothing: the tables of a thread take more. */
const leastTileVoxels = 4096;

/** The largest automatic tile that a thread's share of the memory holds; the least one where even that does not fit. */
export function automaticTile(
  shape: Vec3,
  settings: Pick<RunSettings, 'tileVoxels' | 'audit'>,
  bytesOf: (voxels: number) => number,
  budget: number,
): { readonly tileShape: Vec3; readonly fits: boolean } {
  // One tile is scored in one step, two are stored and merged: a volume of up to two is not cut. An audit reads whole tiles as
  // tensors, which take more memory than kernels do.
  const whole = voxelCount(shape);
  const isOne = whole <= Math.min(2 * settings.tileVoxels, mostVoxels) && settings.audit === undefined;
  if (isOne && bytesOf(whole) <= budget) return { tileShape: shape, fits: true };
  for (let voxels = settings.tileVoxels; ; voxels = Math.floor(voxels / 2)) {
    const tileShape = automaticTileShape(shape, Math.max(1, voxels));
    const fits = bytesOf(voxelCount(tileShape)) <= budget;
    if (fits || voxels <= leastTileVoxels) return { tileShape, fits };
  }
}
