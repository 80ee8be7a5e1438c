import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  sumFromText,
  sumOfOnes,
  sumToNumber,
  sumToText,
  sumUnitBits,
} from '../../../src/base/statistics/sum-units.ts';

const sums = fc.bigInt(0n, 1n << 1110n);

test('a sum comes back from its text, which has no more digits than the sum', () => {
  fc.assert(
    fc.property(sums, fc.nat(1000), (sum, shift) => {
      const short = (sum >> 1050n) << BigInt(shift);
      for (const value of [sum, short]) expect(sumFromText(sumToText(value))).toBe(value);
      expect(sumToText(short).length).toBeLessThan(30);
    }),
  );
  expect(sumToText(sumOfOnes(1))).toBe('2p-1');
  expect(sumToText(0n)).toBe('0');
});

test.each(['', 'p', '1', '-1p0', '1p-1030', '1.5p0', '1p99999', 'xp0', '1p0 '])(
  '"%s" is not a sum',
  (text) => {
    expect(sumFromText(text)).toBeUndefined();
  },
);

test('a sum becomes the float64 that is nearest to it', () => {
  const ofNumber = (value: number): bigint => {
    const exponent = value === 0 ? 0 : Math.max(Math.floor(Math.log2(value)) - 53, -sumUnitBits);
    return BigInt(value / 2 ** exponent) << BigInt(exponent + sumUnitBits);
  };
  fc.assert(
    fc.property(fc.double({ min: 2 ** -970, max: 2 ** 80, noNaN: true }), (value) => {
      expect(sumToNumber(ofNumber(value))).toBe(value);
    }),
  );
  // Halves go to the even neighbour unless something, however small, tips them.
  const half = sumOfOnes(1) + (1n << BigInt(sumUnitBits - 53));
  expect(sumToNumber(half)).toBe(1);
  expect(sumToNumber(half + 1n)).toBe(1 + 2 ** -52);
  expect(sumToNumber(sumOfOnes(2 ** 53) + 1n)).toBe(2 ** 53);
  expect(sumToNumber((half << 60n) + 1n)).toBe(2 ** 60 * (1 + 2 ** -52));
  expect(sumToNumber(-half - 1n)).toBe(-1 - 2 ** -52);
});
