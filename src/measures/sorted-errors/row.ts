/** The sorted errors of each class, as keys with counts: what the Lovász losses and all questions about scores are made of. */
import { bitmapBytes, type Kernels, type Layout } from '../../kernels/kernels.ts';
import { needsShards, predictsLabels, type RunSettings } from '../../settings/run-settings.ts';
import type { Quantity, WriteShard } from '../quantity.ts';
import type { TileNeeds, TileRegions } from '../tile/memory.ts';
import type { ClassView } from '../tile/tile-view.ts';
import { addBucketSums, type LovaszValues } from './lovasz-sum.ts';
import { addKeys, type KeyCounts, keysDiffer, type MergedKeys, Merger, sameKeys } from './merger.ts';
import { mergePlaced, oneTileBytes, type PlacedKeys } from './one-tile.ts';
import { addBuckets, countKeys, cutRanges, emptyHistogram, type RangeJob } from './ranges.ts';
import { bucketCount, mostDirectoryBytes } from './shard/directory.ts';
import type { SectionContent, ShardFile } from './shard/file.ts';

/** Addresses of what only this row uses. */
interface Room {
  /** A shard's payload for each class. */
  readonly payloads: readonly number[];
  readonly counts: number;
  /** Where the keys of each bucket and side go; then how it is stored. */
  readonly offsets: number;
  /** For a directory, or a case that is one tile. */
  readonly work: number;
}

/** What the ranges of a class gave. */
interface RangeSums extends MergedKeys {
  readonly class: number;
}

export const sortedErrors: Quantity<RangeJob, RangeSums, readonly LovaszValues[]> = {
  id: 'sorted-errors',
  needs: needsShards,
  writesShards: true,
  layOut: (layout: Layout, { voxels, classes }: TileNeeds): Room => ({
    payloads: Array.from({ length: classes }, () => layout.region(2 * voxels)),
    counts: layout.region(8 * bucketCount),
    offsets: layout.region(8 * bucketCount),
    work: layout.region(Math.max(mostDirectoryBytes(2 * voxels), oneTileBytes)),
  }),
  meter({ kernels, regions }, room) {
    const { cells, bitmap } = regions;
    // Kernels take them as zero and leave them zero; a merge in this thread, or another layout, has left its own there.
    new Uint8Array(kernels.memory.buffer, cells, 8 * bucketCount).fill(0);
    new Uint8Array(kernels.memory.buffer, bitmap, bitmapBytes).fill(0);
    let sections: SectionContent[] = [];
    return {
      class(view) {
        if (view.index === 0) sections = [];
        sections.push(...makeShard(kernels, regions, room as Room, view));
      },
      partial: () => ({ sections }),
      oneTile(writeShard) {
        const keys: KeyCounts[] = [];
        const results: RangeSums[] = [];
        return {
          class(view) {
            const { sums, ...counts } = mergeOneTile(
              kernels,
              regions,
              room as Room,
              view,
              writeShard(view.index),
            );
            keys.push(counts);
            results.push({ class: view.index, sums, ...counts });
          },
          done: () => ({ collected: keys, results }),
        };
      },
    };
  },
  collect({ settings }) {
    const cut = keyCutter(settings);
    return {
      add: (_box, { file }) => cut.add(file),
      done: () => ({ collected: cut.keys(), jobs: cut.jobs() }),
    };
  },
  worker: () => ({
    work: (job, { kernels, shards, writeShard }) => ({
      class: job.range.class,
      ...mergeRange(kernels, shards(), job, true, writeShard),
    }),
  }),
  finish: (collected, results, { settings: { classes } }) =>
    classes.map((_class, index) =>
      sumRanges(
        results.filter((part) => part.class === index),
        (collected as readonly KeyCounts[])[index]!,
      ),
    ),
};

/** The sorted losses of a class from those of its ranges. @throws PartialError when other keys were merged than were counted */
export function sumRanges(ranges: readonly MergedKeys[], counted: KeyCounts): LovaszValues {
  const found = addKeys(ranges);
  if (!sameKeys(found, counted)) throw keysDiffer(found, counted);
  return addBucketSums(ranges.map(({ sums }) => sums));
}

/** Merges a range of keys of shards: its sorted losses if `evaluate`, and its merged shard by `write`. */
export function mergeRange(
  kernels: Kernels,
  shards: Iterable<ShardFile>,
  job: RangeJob,
  evaluate: boolean,
  write: WriteShard | null,
): MergedKeys {
  const merger = new Merger(kernels);
  const { sections, ...keys } = merger.merge(
    shards,
    job.range,
    evaluate ? job.context : null,
    write !== null,
  );
  write?.({ range: job.range }, sections);
  return keys;
}

/** Counts the keys of files, one after the other, and cuts them into ranges. */
export function keyCutter(settings: RunSettings) {
  const logit = settings.scores === 'logit' && !predictsLabels(settings);
  const histograms = needsShards(settings) ? settings.classes.map(() => emptyHistogram()) : [];
  return {
    add(file: ShardFile): void {
      for (const [i, histogram] of histograms.entries()) addBuckets(histogram, file, i);
    },
    keys: () => histograms.map(countKeys),
    jobs: () => histograms.flatMap((histogram, i) => cutRanges(histogram, i, logit)),
  };
}

/** Places the keys of a class side by side and bucket by bucket. */
function placeKeys(
  kernels: Kernels,
  { payloads, counts, offsets }: Room,
  { index, scores, mask, logit, tile }: ClassView,
): PlacedKeys {
  const { buffer } = kernels.memory;
  const keys = payloads[index]!;
  new Uint8Array(buffer, counts, 8 * bucketCount).fill(0);
  kernels.countBuckets(scores, mask, tile.voxels, logit, counts);
  kernels.prefixSums(counts, offsets);
  const background = new Uint32Array(buffer, offsets, 2 * bucketCount)[bucketCount]!;
  kernels.placeKeys(scores, mask, tile.voxels, logit, offsets, keys);
  return { class: index, logit, counts, keys, background, foreground: tile.voxels - background };
}

function mergeOneTile(
  kernels: Kernels,
  { cells, scratch }: TileRegions,
  room: Room,
  view: ClassView,
  write: WriteShard | null,
): MergedKeys {
  const free = { cells, scratch, stored: room.offsets, work: room.work };
  return mergePlaced(kernels, free, placeKeys(kernels, room, view), write);
}

/** Both sides of a class's shard. */
function makeShard(
  kernels: Kernels,
  { cells, bitmap, scratch }: TileRegions,
  room: Room,
  view: ClassView,
): SectionContent[] {
  const { counts, keys, background, foreground } = placeKeys(kernels, room, view);
  const { offsets: stored, work } = room;
  const { buffer } = kernels.memory;
  return ([0, 1] as const).map((side) => {
    const start = keys + (side === 1 ? 2 * background : 0);
    const sideCounts = counts + 4 * bucketCount * side;
    const bytes = kernels.encodeSide(sideCounts, start, start, stored, cells, bitmap, scratch);
    const directoryBytes = kernels.tileDirectory(stored, sideCounts, work);
    return {
      class: view.index,
      side,
      keys: side === 0 ? background : foreground,
      directory: new Uint8Array(buffer, work, directoryBytes).slice(),
      payload: new Uint8Array(buffer, start, bytes),
    };
  });
}
