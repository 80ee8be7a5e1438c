/**
 * Merges a range of buckets of one class over any number of shard files, by counting: adds the Lovász sums of each
 * bucket, writes the merged runs, or both. Memory is bounded by the range, not by the files.
 */
import * as z from 'zod';
import { PartialError } from '../../base/errors.ts';
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import { mergedPayloads } from './byte-pile.ts';
import { type BucketSums, sumsLength } from './lovasz-sum.ts';
import { Pieces } from './pieces.ts';
import { bucketCount } from './shard/directory.ts';
import type { SectionContent, ShardFile } from './shard/file.ts';

/** Buckets [first, end) of one class. */
export const bucketRangeSchema = z.object({
  class: z.int().min(0),
  first: z.int().min(0),
  end: z.int().max(bucketCount),
});
export type BucketRange = Readonly<z.infer<typeof bucketRangeSchema>>;

/** What the Lovász sums of a range need to know of the rest. */
export const rangeContextSchema = z.object({
  logit: z.boolean(),
  /** Foreground voxels of the whole. */
  total: z.number(),
  /** Voxels of each side with a larger error than any of the range. */
  foregroundAbove: z.number(),
  backgroundAbove: z.number(),
});
export type RangeContext = Readonly<z.infer<typeof rangeContextSchema>>;

/** How many keys there are of each side of a class. */
export interface KeyCounts {
  readonly background: number;
  readonly foreground: number;
}

export function addKeys(counts: readonly KeyCounts[]): KeyCounts {
  const sum = (side: keyof KeyCounts) => counts.reduce((total, keys) => total + keys[side], 0);
  return { background: sum('background'), foreground: sum('foreground') };
}

export function sameKeys(a: KeyCounts, b: KeyCounts): boolean {
  return a.background === b.background && a.foreground === b.foreground;
}

/** Which of the files it was cannot be told: all of them are made again. */
export function keysDiffer(found: KeyCounts, expected: KeyCounts): PartialError {
  const text = (keys: KeyCounts) => `${keys.background} background and ${keys.foreground} foreground`;
  return new PartialError(
    'keys-differ',
    `shards hold ${text(found)} voxels where ${text(expected)} were counted`,
  );
}

/** What evaluating a range gives: its sums, and the keys that were found for them. */
export interface MergedKeys extends KeyCounts {
  readonly sums: BucketSums;
}

export interface MergedRange extends MergedKeys {
  /** Their payloads are void with the next merge. */
  readonly sections: readonly SectionContent[];
}

/** Cells that count the keys of a bucket, of one place more, and the list that they are gathered into (kernels, key-list.ts). */
export const cellBytes = 16 * bucketCount + 128;
export const listBytes = 12 * bucketCount;
/** Runs of 65536 cells take at most this, and the directory of a range less. */
const maxRunBytes = 12 * bucketCount;
/** A payload in kernel memory is taken out when it has come to this. */
const pauseBytes = 1 << 20;
/** Places in the state of the kernels `mergeBuckets` and `mergeTile`, in float64. */
export const mergeState = {
  bucket: 0,
  foreground: 1,
  background: 2,
  sums: 3,
  bytes: 4,
  total: 6,
  sumsAt: 10,
  storedAt: 11,
  payloadAt: 13,
  pause: 15,
  keysAt: 16,
  length: 19,
};
const sides = [0, 1] as const;

/** Rows of numbers, taken out in parts, as one table. */
export function mergedRows(parts: readonly Float64Array[]): Float64Array {
  if (parts.length === 1) return parts[0]!;
  const table = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    table.set(part, at);
    at += part.length;
  }
  return table;
}

export class Merger {
  readonly #kernels: Kernels;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** @throws PartialError when a file does not hold what its directory says. */
  merge(
    files: Iterable<ShardFile>,
    range: BucketRange,
    context: RangeContext | null,
    write: boolean,
  ): MergedRange {
    const kernels = this.#kernels;
    const layout = new Layout(kernels.memory);
    const cells = layout.region(cellBytes);
    const list = layout.region(listBytes);
    const walk = layout.region(8 * mergeState.length);
    const payloads = sides.map(() => layout.region(write ? pauseBytes + maxRunBytes : 0));
    this.#view(cells, cellBytes).fill(0);
    kernels.clearKeys();
    const pieces = new Pieces(kernels, layout, range.first, range.end);
    for (const file of files) {
      for (const side of sides) {
        const section = file.section(range.class, side);
        if (section) pieces.read(file, section);
      }
    }
    const { keys, starts, rows } = pieces.list().table();
    const { buckets, background, foreground } = pieces.totals();
    const sums = layout.region(context ? 8 * sumsLength * buckets : 0);
    const stored = sides.map(() => layout.region(write ? 4 * (range.end - range.first) : 0));

    const values = () => new Float64Array(kernels.memory.buffer, walk, mergeState.length);
    // Voxels of each side with at least the errors of the range: those above it and its own.
    values().set([range.first, foreground, background, 0, 0, 0]);
    if (context) {
      values()[1]! += context.foregroundAbove;
      values()[2]! += context.backgroundAbove;
    }
    values().set(
      [
        context?.total ?? 0,
        context?.logit ? 1 : 0,
        context ? 1 : 0,
        write ? 1 : 0,
        sums,
        ...stored,
        ...payloads,
        pauseBytes,
      ],
      mergeState.total,
    );
    for (const pile of mergedPayloads) pile.clear();
    for (;;) {
      const whole = kernels.mergeBuckets(range.first, range.end, keys, starts, rows, cells, list, walk);
      const bucket = values()[0]!;
      if (!whole) throw pieces.fault(bucket, cells);
      for (const side of sides) {
        mergedPayloads[side].add(this.#view(payloads[side]!, values()[mergeState.bytes + side]!));
        values()[mergeState.bytes + side] = 0;
      }
      if (bucket >= range.end) break;
    }
    const sumsFound = sumsLength * values()[mergeState.sums]!;
    return {
      sums: new Float64Array(kernels.memory.buffer, sums, sumsFound).slice(),
      background,
      foreground,
      sections: write
        ? sides.map((side) => {
            // In place of the payload, which is taken out.
            const at = payloads[side]!;
            const slots = range.end - range.first;
            const bytes = kernels.mergedDirectory(stored[side]!, keys + 8 * side, range.first, slots, at);
            return {
              class: range.class,
              side,
              keys: side === 0 ? background : foreground,
              directory: this.#view(at, bytes).slice(),
              payload: mergedPayloads[side].bytes,
            };
          })
        : [],
    };
  }

  #view(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#kernels.memory.buffer, address, bytes);
  }
}
