import { VarintWriter } from '../../../src/measures/sorted-errors/shard/varint.ts';

/** A bucket of a section: how many keys it holds, how they are encoded, and in how many bytes. */
export type Entry = readonly [bucket: number, encoding: number, keys: number, bytes: number];

/** The directory of buckets, ascending, as docs/shard-format.md has it, with zeros for the checksums. */
export function directoryOf(entries: readonly Entry[]): Uint8Array {
  const blocks: Entry[][] = [[]];
  for (const entry of entries) {
    const bytes = blocks.at(-1)!.reduce((sum, [, , , own]) => sum + own, 0);
    if (bytes >= 16384) blocks.push([]);
    blocks.at(-1)!.push(entry);
  }
  return Uint8Array.from(blocks.flatMap((block) => (block.length > 0 ? encodeBlock(block) : [])));
}

function encodeBlock(entries: readonly Entry[]): number[] {
  const first = entries[0]![0];
  const tokens = entries.flatMap(([bucket, encoding, keys, bytes], i) => {
    const gap = i === 0 ? 0 : bucket - entries[i - 1]![0] - 1;
    return varints(gap * 4 + encoding, keys, ...(encoding === 1 ? [bytes] : []));
  });
  const sum = (column: 2 | 3) => entries.reduce((total, entry) => total + entry[column], 0);
  return [...varints(first, entries.length, sum(2), sum(3), tokens.length), 0, 0, 0, 0, ...tokens];
}

function varints(...values: number[]): number[] {
  const writer = new VarintWriter();
  for (const value of values) writer.write(value);
  return [...writer.finish()];
}
