import type { SectionContent } from '../../../../src/measures/sorted-errors/shard/file.ts';
import { directoryOf, type Entry } from '../../../kernels/twins/directory.ts';
import { countEach, encodeMerged, encodeRuns } from '../../../kernels/twins/keys.ts';

/** A 32-bit key and how many voxels of one side have it. */
export type Counted = readonly [key: number, count: number];

/** Counts of low halves by bucket, ascending. */
export function byBucket(keys: readonly Counted[]): [bucket: number, counts: Map<number, bigint>][] {
  const buckets = new Map<number, Map<number, bigint>>();
  for (const [key, count] of keys) {
    const bucket = Math.floor(key / 65536);
    const counts = buckets.get(bucket) ?? new Map<number, bigint>();
    counts.set(key % 65536, (counts.get(key % 65536) ?? 0n) + BigInt(count));
    buckets.set(bucket, counts);
  }
  return [...buckets].sort(([a], [b]) => a - b);
}

export function total(counts: ReadonlyMap<number, bigint>): number {
  return Number([...counts.values()].reduce((sum, count) => sum + count, 0n));
}

/** A section of runs, as a merge of many keys writes it. */
export function runSection(classIndex: number, side: 0 | 1, keys: readonly Counted[]): SectionContent {
  return countedSection(classIndex, side, keys, (counts) => [1, encodeRuns(counts)]);
}

/** A section as a merge writes it. */
export function mergedSection(classIndex: number, side: 0 | 1, keys: readonly Counted[]): SectionContent {
  return countedSection(classIndex, side, keys, encodeMerged);
}

function countedSection(
  classIndex: number,
  side: 0 | 1,
  keys: readonly Counted[],
  encode: (counts: ReadonlyMap<number, bigint>) => readonly [encoding: number, bytes: number[]],
): SectionContent {
  const entries: Entry[] = [];
  const payload: number[] = [];
  for (const [bucket, counts] of byBucket(keys)) {
    const [encoding, bytes] = encode(counts);
    entries.push([bucket, encoding, total(counts), bytes.length]);
    payload.push(...bytes);
  }
  return sectionOf(classIndex, side, entries, payload);
}

/** A section of packed keys, as a tile writes scores that do not repeat. */
export function packedSection(classIndex: number, side: 0 | 1, keys: readonly number[]): SectionContent {
  const entries: Entry[] = [];
  const payload: number[] = [];
  const buckets = [...countEach(keys.map((key) => Math.floor(key / 65536)))].sort(([a], [b]) => a - b);
  for (const [bucket, count] of buckets) {
    entries.push([bucket, 0, Number(count), 2 * Number(count)]);
    for (const key of keys) if (Math.floor(key / 65536) === bucket) payload.push(key % 256, (key >> 8) % 256);
  }
  return sectionOf(classIndex, side, entries, payload);
}

export function sectionOf(
  classIndex: number,
  side: 0 | 1,
  entries: readonly Entry[],
  payload: readonly number[],
): SectionContent {
  const keys = entries.reduce((sum, [, , own]) => sum + own, 0);
  return {
    class: classIndex,
    side,
    keys,
    directory: directoryOf(entries),
    payload: Uint8Array.from(payload),
  };
}
