/** The loops over labels take runs of one label 16 voxels at a time: runs of any length, from any place on, count as voxels do. */
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { Bench } from './memory.ts';

const bench = new Bench();
beforeEach(() => bench.layout.reset());

const codesOfRuns = fc
  .array(fc.tuple(fc.constantFrom(0, 1, 2, 255, 256, 65535), fc.integer({ min: 1, max: 70 })), {
    minLength: 1,
    maxLength: 12,
  })
  .map((runs) => Uint16Array.from(runs.flatMap(([code, length]) => new Array<number>(length).fill(code))));
const table = Uint8Array.from({ length: 65536 }, (_, code) => code % 7);

test('codes that occur are marked, and no others', () => {
  fc.assert(
    fc.property(codesOfRuns, (codes) => {
      bench.layout.reset();
      const seen = bench.put(new Uint8Array(65536));
      bench.kernels.markCodes(bench.put(codes), codes.length, seen);
      const marks = new Uint8Array(bench.kernels.memory.buffer, seen, 65536);
      const marked = [...marks.keys()].filter((code) => marks[code] === 1);
      expect(marked).toEqual([...new Set(codes)].sort((a, b) => a - b));
    }),
  );
});

test('masks are what the table says of each code, and their bits are told', () => {
  fc.assert(
    fc.property(codesOfRuns, (codes) => {
      bench.layout.reset();
      const mask = bench.put(new Uint8Array(codes.length));
      const bits = bench.kernels.maskFromCodes(bench.put(codes), codes.length, bench.put(table), mask);
      const expected = [...codes].map((code) => table[code]!);
      expect([...new Uint8Array(bench.kernels.memory.buffer, mask, codes.length)]).toEqual(expected);
      expect(bits).toBe(expected.reduce((all, each) => all | each, 0));
    }),
  );
});

test('pairs are counted where one or both sides change', () => {
  fc.assert(
    fc.property(codesOfRuns, codesOfRuns, (reference, prediction) => {
      bench.layout.reset();
      const count = Math.min(reference.length, prediction.length);
      const rank = bench.put(Uint16Array.from({ length: 65536 }, (_, code) => code % 4));
      const counts = bench.put(new Uint32Array(16));
      const [r, p] = [bench.put(reference), bench.put(prediction)];
      bench.kernels.countPairs(r, p, count, rank, rank, 4, counts);
      const expected = new Array<number>(16).fill(0);
      for (let i = 0; i < count; i++) expected[4 * (reference[i]! % 4) + (prediction[i]! % 4)]!++;
      expect([...new Uint32Array(bench.kernels.memory.buffer, counts, 16)]).toEqual(expected);
    }),
  );
});
