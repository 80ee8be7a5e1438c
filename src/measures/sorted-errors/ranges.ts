/** Cuts the keys of a class into ranges of buckets that can be merged one by one and in parallel. */

import * as z from 'zod';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { bucketRangeSchema, type KeyCounts, rangeContextSchema } from './merger.ts';
import { bucketCount, eachBucket } from './shard/directory.ts';
import type { ShardFile } from './shard/file.ts';

/** A range holds about this many keys, or one bucket if that alone holds more. */
const rangeKeys = 2 ** 23;
/** And about this many pieces at most, the keys of one bucket and side in one file: each costs some 60 bytes. */
const rangePieces = 2 ** 17;

/** Keys of each bucket of one class, over all files: background and foreground, and in how many pieces they are. */
export interface BucketHistogram {
  readonly background: Float64Array;
  readonly foreground: Float64Array;
  readonly pieces: Uint32Array;
}

export function bucketHistogram(files: Iterable<ShardFile>, classIndex: number): BucketHistogram {
  const histogram = emptyHistogram();
  for (const file of files) addBuckets(histogram, file, classIndex);
  return histogram;
}

export function emptyHistogram(): BucketHistogram {
  return {
    background: new Float64Array(bucketCount),
    foreground: new Float64Array(bucketCount),
    pieces: new Uint32Array(bucketCount),
  };
}

/** Buckets [first, end) outside of which there is nothing; `end` 0 where there is nothing at all. */
export type BucketSpan = readonly [first: number, end: number];

/** Adds the buckets of a class of one file, from its directories alone. Gives where those of each side are. */
export function addBuckets(
  histogram: BucketHistogram,
  file: ShardFile,
  classIndex: number,
): { readonly background: BucketSpan; readonly foreground: BucketSpan } {
  const addSide = (side: 0 | 1, keysOf: Float64Array): BucketSpan => {
    const section = file.section(classIndex, side);
    let [first, end] = [0, 0];
    for (const block of section ? file.blocks(section) : []) {
      if (end === 0) first = block.firstBucket;
      eachBucket(block, (bucket, _encoding, keys) => {
        keysOf[bucket]! += keys;
        histogram.pieces[bucket]!++;
        end = bucket + 1;
      });
    }
    return [first, end];
  };
  return { background: addSide(0, histogram.background), foreground: addSide(1, histogram.foreground) };
}

export function countKeys({ background, foreground }: BucketHistogram): KeyCounts {
  const sum = (counts: Float64Array) => counts.reduce((total, count) => total + count, 0);
  return { background: sum(background), foreground: sum(foreground) };
}

/** A range with what its Lovász sums need to know of the keys above it. */
export const rangeJobSchema = z.object({ range: bucketRangeSchema, context: rangeContextSchema });
export type RangeJob = DeepReadonly<z.infer<typeof rangeJobSchema>>;

/** Ranges that cover all keys of a class, by descending error. */
export function cutRanges(histogram: BucketHistogram, classIndex: number, logit: boolean): RangeJob[] {
  const { background, foreground, pieces } = histogram;
  const total = foreground.reduce((sum, keys) => sum + keys, 0);
  const jobs: RangeJob[] = [];
  let above = { foreground: 0, background: 0 };
  let here = { foreground: 0, background: 0 };
  let piecesHere = 0;
  let end = bucketCount;
  for (let bucket = bucketCount - 1; bucket >= 0; bucket--) {
    here.background += background[bucket]!;
    here.foreground += foreground[bucket]!;
    const keys = here.background + here.foreground;
    piecesHere += pieces[bucket]!;
    if (keys < rangeKeys && piecesHere < rangePieces && bucket > 0) continue;
    if (keys > 0) {
      jobs.push({
        range: { class: classIndex, first: bucket, end },
        context: { logit, total, foregroundAbove: above.foreground, backgroundAbove: above.background },
      });
    }
    above = {
      foreground: above.foreground + here.foreground,
      background: above.background + here.background,
    };
    here = { foreground: 0, background: 0 };
    piecesHere = 0;
    end = bucket;
  }
  return jobs;
}
