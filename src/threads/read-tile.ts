/** Where the stored bytes of a tile come from: raw files, or what a stream has brought. */
import { type Box, voxelCount } from '../base/box.ts';
import { roomFor } from '../volumes/case-reader.ts';
import type { OpenCase } from './case-bench.ts';

/** Puts the stored bytes of a tile where the scorer takes them. `voxels`: of the bundle's tiles before it, and of all. */
export type ReadTile = (
  open: OpenCase,
  box: Box,
  voxels: { readonly before: number; readonly all: number },
) => void;

/** From raw files. */
export const readTile: ReadTile = ({ scorer, files }, box) => {
  files!.read(box, scorer.targets(voxelCount(box.shape)));
};

/** From the stored bytes of a whole bundle. */
export function tilesIn(buffer: SharedArrayBuffer): ReadTile {
  return ({ plan, scorer }, box, { before, all }) => {
    const voxels = voxelCount(box.shape);
    const targets = scorer.targets(voxels);
    const bundle = roomFor(plan, all, buffer);
    const copy = (target: Uint8Array, stored: Uint8Array) => {
      const size = stored.length / all;
      target.set(stored.subarray(before * size, (before + voxels) * size));
    };
    for (const [channel, target] of targets.predictions.entries()) copy(target, bundle.predictions[channel]!);
    copy(targets.reference, bundle.reference);
  };
}
