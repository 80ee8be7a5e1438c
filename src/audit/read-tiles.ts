/** Reads the audited tiles of a case: where they lie in raw files, once from the start in gzip ones. Holds one tile at a time. */

import { type Box, voxelCount } from '../base/box.ts';
import { tileBox, tileGrid } from '../base/tile-grid.ts';
import type { CasePlan } from '../run/plan/case-plan.ts';
import { CaseBoxes, type CaseBytes, CaseStream, roomFor } from '../volumes/case-reader.ts';

export interface ReadTile {
  readonly tile: number;
  readonly box: Box;
  readonly bytes: CaseBytes;
}

/** `tiles` ascending. @throws InputError or MachineError as the readers do. */
export function readTiles(plan: CasePlan, tiles: readonly number[]): AsyncIterable<ReadTile> {
  return plan.mode === 'stream' ? streamTiles(plan, tiles) : rawTiles(plan, tiles);
}

async function* rawTiles(plan: CasePlan, tiles: readonly number[]): AsyncGenerator<ReadTile> {
  const grid = tileGrid(plan.shape, plan.tileShape);
  const files = new CaseBoxes(plan);
  try {
    for (const tile of tiles) {
      const box = tileBox(grid, tile);
      const bytes = roomFor(plan, voxelCount(box.shape));
      files.read(box, bytes);
      yield { tile, box, bytes };
    }
  } finally {
    files.close();
  }
}

async function* streamTiles(plan: CasePlan, tiles: readonly number[]): AsyncGenerator<ReadTile> {
  const grid = tileGrid(plan.shape, plan.tileShape);
  const stream = new CaseStream(plan);
  const wanted = new Set(tiles);
  try {
    for (let tile = 0; tile <= tiles.at(-1)!; tile++) {
      const box = tileBox(grid, tile);
      const bytes = roomFor(plan, voxelCount(box.shape));
      await stream.read(bytes);
      if (wanted.has(tile)) yield { tile, box, bytes };
    }
  } finally {
    stream.close();
  }
}
