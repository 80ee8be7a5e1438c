import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { mostDirectoryBytes } from '../../src/measures/sorted-errors/shard/directory.ts';
import { Bench } from './memory.ts';
import { directoryOf, type Entry } from './twins/directory.ts';

const bench = new Bench();
beforeEach(() => bench.layout.reset());

const buckets = 65536;

/** A table of how buckets from `first` on are stored; where there are none lies what kernels must not look at. */
function putStored(entries: readonly Entry[], first: number): number {
  const table = bench.empty(4 * buckets);
  bench.words(table, buckets).fill(0xdeadbeef);
  for (const [bucket, encoding, , bytes] of entries)
    bench.words(table, buckets)[bucket - first] = bytes * 4 + encoding;
  return table;
}

/** Buckets ascending, some close and some far apart, small and large, so that blocks end anywhere. */
function entriesOf(keys: fc.Arbitrary<number>): fc.Arbitrary<Entry[]> {
  const bytes = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 400_000 }));
  return fc
    .array(fc.tuple(fc.oneof(fc.nat(3), fc.nat(3000)), fc.nat(2), keys, bytes), { maxLength: 300 })
    .map((list) => {
      let next = 0;
      return list
        .map(([gap, encoding, count, length]): Entry => {
          next += gap + 1;
          return [next - 1, encoding, count, length];
        })
        .filter(([bucket]) => bucket < buckets);
    });
}

test('the directory of a side of a tile', () => {
  fc.assert(
    fc.property(entriesOf(fc.integer({ min: 1, max: 2 ** 22 })), (entries) => {
      bench.layout.reset();
      const counts = bench.empty(4 * buckets);
      for (const [bucket, , keys] of entries) bench.words(counts, buckets)[bucket] = keys;
      const out = bench.empty(mostDirectoryBytes(entries.length * 400_000));
      const bytes = bench.kernels.tileDirectory(putStored(entries, 0), counts, out);
      expect([...bench.bytes(out, bytes)]).toEqual([...directoryOf(entries)]);
    }),
    { numRuns: 60 },
  );
});

test('the directories of a merged range, of counts below 2^53', () => {
  const keys = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 2 ** 50 }));
  const spread = entriesOf(keys).filter((entries) => entries.length > 0);
  fc.assert(
    fc.property(spread, spread, (background, foreground) => {
      bench.layout.reset();
      const first = Math.min(background[0]![0], foreground[0]![0]);
      const slots = buckets - first;
      const table = bench.empty(16 * slots);
      for (const [side, entries] of [background, foreground].entries()) {
        for (const [bucket, , count] of entries)
          bench.doubles(table, 2 * slots)[2 * (bucket - first) + side] = count;
      }
      const out = bench.empty(mostDirectoryBytes(300 * 400_000));
      for (const [side, entries] of [background, foreground].entries()) {
        const stored = putStored(entries, first);
        const bytes = bench.kernels.mergedDirectory(stored, table + 8 * side, first, slots, out);
        expect([...bench.bytes(out, bytes)]).toEqual([...directoryOf(entries)]);
      }
    }),
    { numRuns: 60 },
  );
});
