/** What the run has of a tile, from the tile's own shard: its sums, and its sorted losses merged from it alone. */

import type { Box } from '../base/box.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { addBucketSums, type LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import { Merger } from '../measures/sorted-errors/merger.ts';
import { bucketHistogram, cutRanges } from '../measures/sorted-errors/ranges.ts';
import type { ShardFile } from '../measures/sorted-errors/shard/file.ts';
import { classesOf, measuresOf } from '../measures/tally/class-sums-of.ts';
import type { Store } from '../run/store.ts';
import { eachShard, ofAnother, type ShardRef, tallyOfTile, tileAt } from '../run/tile-partial.ts';
import { needsShards, predictsLabels, type RunSettings } from '../settings/run-settings.ts';
import type { RunTile } from './compare-tile.ts';

/** @throws PartialError when the bundle's file is missing, not whole or without this tile. */
export function readRunTile(
  store: Store,
  partial: ShardRef,
  box: Box,
  settings: RunSettings,
  kernels: Kernels,
): RunTile {
  for (const shard of eachShard(store, [partial])) {
    const tile = tileAt(shard, box);
    if (!tile) continue;
    const tally = tallyOfTile(tile, settings);
    const lovasz = needsShards(settings)
      ? settings.classes.map((_, index) => mergeTile(shard, index, settings, kernels))
      : [];
    return { tally, measures: measuresOf(settings, classesOf(settings, [tally]), tally, lovasz) };
  }
  throw ofAnother({ name: partial.name, path: store.pathOf(partial.name) });
}

function mergeTile(file: ShardFile, index: number, settings: RunSettings, kernels: Kernels): LovaszValues {
  const logit = settings.scores === 'logit' && !predictsLabels(settings);
  const jobs = cutRanges(bucketHistogram([file], index), index, logit);
  const merger = new Merger(kernels);
  return addBucketSums(jobs.map(({ range, context }) => merger.merge([file], range, context, false).sums));
}
