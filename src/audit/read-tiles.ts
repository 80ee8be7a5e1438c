/** Reads the audited tiles of a case: where they lie in raw files, once from the start in gzip ones. Holds one tile at a time. */

import { type Box, voxelCount } from '../base/box.ts';
import { tileBox, tileGrid } from '../base/tile-grid.ts';
import { type CasePlan, channelHeaders } from '../run/plan/case-plan.ts';
import { openStream } from '../volumes/gzip-stream.ts';
import { openRaw } from '../volumes/raw-source.ts';
import { readPrediction } from '../volumes/read-prediction.ts';
import { datatypeBytes, type VolumeHeader } from '../volumes/types.ts';
import type { TileBytes } from './tile-voxels.ts';

export interface ReadTile {
  readonly tile: number;
  readonly box: Box;
  readonly bytes: TileBytes;
}

/** `tiles` ascending. @throws InputError or MachineError as the readers do. */
export function readTiles(plan: CasePlan, tiles: readonly number[]): AsyncIterable<ReadTile> {
  return plan.mode === 'stream' ? streamTiles(plan, tiles) : rawTiles(plan, tiles);
}

async function* rawTiles(plan: CasePlan, tiles: readonly number[]): AsyncGenerator<ReadTile> {
  const grid = tileGrid(plan.shape, plan.tileShape);
  const predictions = plan.predictions.map((header) => openRaw(header));
  const reference = openRaw(plan.reference);
  try {
    for (const tile of tiles) {
      const box = tileBox(grid, tile);
      const bytes = emptyBytes(plan, box);
      reference.readBox(0, box, bytes.reference);
      let channel = 0;
      for (const source of predictions) {
        for (let own = 0; own < source.header.channels; own++) {
          readPrediction(source, own, plan.mapping, box, bytes.predictions[channel++]!);
        }
      }
      yield { tile, box, bytes };
    }
  } finally {
    for (const source of [...predictions, reference]) source.close();
  }
}

async function* streamTiles(plan: CasePlan, tiles: readonly number[]): AsyncGenerator<ReadTile> {
  const grid = tileGrid(plan.shape, plan.tileShape);
  const streams = [...plan.predictions, plan.reference].map((header) => openStream(header));
  const wanted = new Set(tiles);
  try {
    for (let tile = 0; tile <= tiles.at(-1)!; tile++) {
      const box = tileBox(grid, tile);
      const bytes = emptyBytes(plan, box);
      const targets = [...bytes.predictions, bytes.reference];
      // All have settled before a failure closes the streams.
      for (const read of await Promise.allSettled(streams.map((stream, i) => stream.read(targets[i]!)))) {
        if (read.status === 'rejected') throw read.reason;
      }
      if (wanted.has(tile)) yield { tile, box, bytes };
    }
  } finally {
    for (const stream of streams) stream.close();
  }
}

function emptyBytes(plan: CasePlan, box: Box): TileBytes {
  const bytesOf = ({ datatype }: VolumeHeader) =>
    new Uint8Array(voxelCount(box.shape) * datatypeBytes[datatype]);
  return { predictions: channelHeaders(plan.predictions).map(bytesOf), reference: bytesOf(plan.reference) };
}
