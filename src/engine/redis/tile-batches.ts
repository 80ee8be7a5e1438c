import type { CasePlan } from '../../plan/case-plan.ts';
import { tileGrid } from '../../plan/tile-grid.ts';
import { voxelCount } from '../../voxel/box.ts';

/** Voxels of a step in a thread: small enough for all threads to have a share of a job. */
export const stepVoxels = 2 ** 18;
/** Jobs of a case: all are added at once, are held by Redis at once, and feed this many threads. */
const maxJobs = 1000;

/** Cuts the tiles that are to be scored into jobs: neighbours in file order, a batch of small ones or a large one each. */
export function batchTiles(
  plan: Pick<CasePlan, 'shape' | 'tileShape'>,
  tiles: readonly number[],
  jobVoxels: number,
): { readonly tile: number; readonly tiles: number }[] {
  const grid = tileGrid(plan.shape, plan.tileShape);
  const perJob = Math.max(
    1,
    Math.round(jobVoxels / voxelCount(grid.tileShape)),
    Math.ceil(grid.length / maxJobs),
  );
  const batches: { tile: number; tiles: number }[] = [];
  for (const tile of tiles) {
    const last = batches.at(-1);
    // A gap of tiles that are there already is cheaper to step over than to make two jobs of.
    if (last && tile < last.tile + perJob) last.tiles = tile - last.tile + 1;
    else batches.push({ tile, tiles: 1 });
  }
  return batches;
}
