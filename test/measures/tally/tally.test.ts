import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeTally, tallySchema } from '../../../src/measures/tally/serialise.ts';
import { emptyTally, mergeTallies, type Tally, type VoxelFault } from '../../../src/measures/tally/tally.ts';

const classes = 2;
const terms = 3;

const count = fc.nat(2 ** 30);
const termSum = fc.record({ all: fc.bigInt(0n, 2n ** 90n), foreground: fc.bigInt(0n, 2n ** 90n) });
const confusion = fc
  .uniqueArray(fc.tuple(fc.nat(4), fc.constantFrom(0, 1, 300, 65534), fc.integer({ min: 1, max: 1000 })), {
    selector: ([reference, prediction]) => `${reference} ${prediction}`,
    maxLength: 8,
  })
  .map((cells) => cells.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
/** A value belongs to its voxel: two tallies never tell the same voxel with two values. */
const fault = fc.record({ channel: fc.integer({ min: -1, max: 1 }), count, firstIndex: fc.nat(1000) });
const kinds = ['moved', 'not-a-label', 'not-finite', 'out-of-range'] as const;
const faults = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...kinds), fault), {
    selector: ([kind, { channel }]) => `${kind} ${channel}`,
    maxLength: 4,
  })
  .map((list) =>
    list
      .map(([kind, rest]): VoxelFault => ({ kind, ...rest, firstValue: String(rest.firstIndex / 7) }))
      .sort((a, b) => (`${a.kind} ${a.channel}` < `${b.kind} ${b.channel}` ? -1 : 1)),
  );

const tally: fc.Arbitrary<Tally> = fc.record({
  voxels: count,
  ignored: count,
  classes: fc.array(
    fc.record({
      foreground: count,
      hardTp: count,
      hardFp: count,
      error: termSum,
      terms: fc.array(termSum, { minLength: terms, maxLength: terms }),
    }),
    { minLength: classes, maxLength: classes },
  ),
  crossEntropy: fc.record({ voxels: count, sum: fc.bigInt(0n, 2n ** 100n) }),
  confusion,
  faults,
  leastScore: fc.option(fc.integer()),
});

test('merging is associative and commutative, and the empty tally is neutral', () => {
  fc.assert(
    fc.property(tally, tally, tally, (a, b, c) => {
      expect(mergeTallies(mergeTallies(a, b), c)).toEqual(mergeTallies(a, mergeTallies(b, c)));
      expect(mergeTallies(a, b)).toEqual(mergeTallies(b, a));
      expect(mergeTallies(a, emptyTally(classes, terms))).toEqual(a);
      expect(mergeTallies(emptyTally(classes, terms), a)).toEqual(a);
    }),
  );
});

test('a tally comes back from its text, integers beyond 2^53 included', () => {
  fc.assert(
    fc.property(tally, (a) => {
      expect(tallySchema.parse(JSON.parse(JSON.stringify(encodeTally(a))))).toEqual(a);
    }),
  );
});

test('of two faults of a kind the voxel with the smaller index is told, and both are counted', () => {
  const base = emptyTally(classes, terms);
  const at = (firstIndex: number, firstValue: string): Tally => ({
    ...base,
    faults: [{ kind: 'not-finite', channel: 0, count: 2, firstIndex, firstValue }],
  });
  expect(mergeTallies(at(9, 'NaN'), at(4, 'Infinity')).faults).toEqual([
    { kind: 'not-finite', channel: 0, count: 4, firstIndex: 4, firstValue: 'Infinity' },
  ]);
});

test.each([
  ['a fraction', { voxels: 1.5 }],
  ['a negative count', { ignored: -1 }],
  ['a sum that is no integer', { crossEntropy: { voxels: 1, sum: '1e5' } }],
])('%s is no tally', (_name, wrong) => {
  const text = JSON.stringify({ ...encodeTally(emptyTally(1, 1)), ...wrong });
  expect(tallySchema.safeParse(JSON.parse(text)).success).toBe(false);
});
