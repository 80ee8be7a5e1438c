/** Reads the audited tiles of a case: where they lie in raw files, once from the start in gzip ones. All tiles use the same memory. */

import { type Box, voxelCount } from '../base/box.ts';
import { tileBox, tileGrid } from '../base/tile-grid.ts';
import type { CasePlan } from '../run/plan/case-plan.ts';
import { CaseBoxes, type CaseBytes, CaseStream, roomFor } from '../volumes/case-reader.ts';

export interface ReadTile {
  readonly tile: number;
  readonly box: Box;
  /** Valid until the next tile is read. */
  readonly bytes: CaseBytes;
}

/** `tiles` ascending. @throws InputError or MachineError as the readers do. */
export function readTiles(plan: CasePlan, tiles: readonly number[]): AsyncIterable<ReadTile> {
  return plan.mode === 'stream' ? streamTiles(plan, tiles) : rawTiles(plan, tiles);
}

async function* rawTiles(plan: CasePlan, tiles: readonly number[]): AsyncGenerator<ReadTile> {
  const grid = tileGrid(plan.shape, plan.tileShape);
  const files = new CaseBoxes(plan);
  const room = new TileRoom(plan);
  try {
    for (const tile of tiles) {
      const box = tileBox(grid, tile);
      const bytes = room.of(box);
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
  const room = new TileRoom(plan);
  const wanted = new Set(tiles);
  try {
    for (let tile = 0; tile <= tiles.at(-1)!; tile++) {
      const box = tileBox(grid, tile);
      const bytes = room.of(box);
      await stream.read(bytes);
      if (wanted.has(tile)) yield { tile, box, bytes };
    }
  } finally {
    stream.close();
  }
}

/** Tiles differ in size only at the ends of the volume. */
class TileRoom {
  readonly #plan: CasePlan;
  #voxels = 0;
  #bytes: CaseBytes | undefined;

  constructor(plan: CasePlan) {
    this.#plan = plan;
  }

  of({ shape }: Box): CaseBytes {
    const voxels = voxelCount(shape);
    if (!this.#bytes || voxels !== this.#voxels) this.#bytes = roomFor(this.#plan, voxels);
    this.#voxels = voxels;
    return this.#bytes;
  }
}
