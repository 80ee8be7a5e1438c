/**
 * The sorted errors of a case that is one tile: its placed keys are evaluated and written as the merged shard of the case at
 * once, with no shard of the tile between. Keys, sums and shard are those of a merge of any other cut.
 */
import type { Kernels } from '../../kernels/kernels.ts';
import type { WriteShard } from '../quantity.ts';
import { mergedPayloads } from './byte-pile.ts';
import { sumsLength } from './lovasz-sum.ts';
import { type KeyCounts, type MergedKeys, mergedRows, mergeState } from './merger.ts';
import { bucketCount } from './shard/directory.ts';
import type { SectionContent } from './shard/file.ts';

/** A case of more keys is cut into ranges, so that no more than those of one are held at once. */
export const mostVoxels = 2 ** 23;

/** Rows of sums that are in kernel memory at once. */
const rowCount = 3072;
/** Room of a side's payload: more than the runs of any bucket, and than the directory of all. */
const payloadBytes = 7 * bucketCount + 64;
const sumsBytes = 8 * sumsLength * rowCount;

/** Kernel memory that is free once the keys are placed. */
export interface OneTileRoom {
  readonly cells: number;
  /** 12 bytes for each key of a bucket. */
  readonly scratch: number;
  /** 4 bytes for each bucket and side: how it is stored. */
  readonly stored: number;
  /** `oneTileBytes` bytes. */
  readonly work: number;
}

export const oneTileBytes = 2 * payloadBytes + sumsBytes + 8 * mergeState.length;

/** Keys of a class as `placeKeys` has left them. */
export interface PlacedKeys extends KeyCounts {
  readonly class: number;
  readonly logit: 0 | 1;
  /** Addresses of the counts of both sides' buckets, and of the keys. */
  readonly counts: number;
  readonly keys: number;
}

export function mergePlaced(
  kernels: Kernels,
  { cells, scratch, stored, work }: OneTileRoom,
  placed: PlacedKeys,
  write: WriteShard | null,
): MergedKeys {
  const { background, foreground } = placed;
  const walk = work;
  const sumsAt = walk + 8 * mergeState.length;
  const payloadsAt = [sumsAt + sumsBytes, sumsAt + sumsBytes + payloadBytes] as const;
  const storedAt = [stored, stored + 4 * bucketCount] as const;
  const state = new Float64Array(kernels.memory.buffer, walk, mergeState.length).fill(0);
  state[mergeState.foreground] = foreground;
  state[mergeState.background] = background;
  state.set(
    [foreground, placed.logit, 1, write ? 1 : 0, sumsAt, ...storedAt, ...payloadsAt, payloadBytes],
    mergeState.total,
  );
  state.set([placed.keys, placed.keys + 2 * background, rowCount], mergeState.keysAt);
  kernels.clearKeys();
  const sums: Float64Array[] = [];
  for (const pile of mergedPayloads) pile.clear();
  const { buffer } = kernels.memory;
  while (state[mergeState.bucket]! < bucketCount) {
    kernels.mergeTile(placed.counts, cells, scratch, walk);
    sums.push(new Float64Array(buffer, sumsAt, sumsLength * state[mergeState.sums]!).slice());
    state[mergeState.sums] = 0;
    for (const side of [0, 1] as const) {
      mergedPayloads[side].add(new Uint8Array(buffer, payloadsAt[side], state[mergeState.bytes + side]!));
      state[mergeState.bytes + side] = 0;
    }
  }
  if (write && background + foreground > 0) {
    const sections = ([0, 1] as const).map((side): SectionContent => {
      // In place of the payload, which is taken out.
      const at = payloadsAt[side];
      const bytes = kernels.tileDirectory(storedAt[side], placed.counts + 4 * bucketCount * side, at);
      return {
        class: placed.class,
        side,
        keys: side === 0 ? background : foreground,
        directory: new Uint8Array(buffer, at, bytes),
        payload: mergedPayloads[side].bytes,
      };
    });
    write({ range: { class: placed.class, first: 0, end: bucketCount } }, sections);
  }
  return { sums: mergedRows(sums), background, foreground };
}
