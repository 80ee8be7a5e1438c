import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawCases, meanInterval, percentileInterval } from '../../../src/questions/compare/bootstrap.ts';
import { normalTails } from '../../../src/questions/compare/normal.ts';
import { randomIntegers } from '../../../src/questions/compare/random.ts';
import { wilcoxonSignedRank } from '../../../src/questions/compare/wilcoxon.ts';

/** Twice scipy 1.17.1's `norm.sf`. */
test.each([
  [0, 1],
  [0.1, 0.920344325445942],
  [1, 0.31731050786291415],
  [1.959963984540054, 0.05],
  [2.8, 0.005110260660855864],
  [2.9, 0.003731626600768075],
  [5, 5.733031437583866e-7],
  [10, 1.523970604832094e-23],
  [30, 9.813427854295816e-198],
])('tails beyond %d', (z, expected) => {
  expect(normalTails(z) / expected).toBeCloseTo(1, 12);
});

const depression = [0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01];
const zea = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75];
const many = Array.from({ length: 50 }, (_, i) => ((i * 37 + 11) % 101) - 30 + i / 1000);
const tied = Array.from({ length: 60 }, (_, i) => ((i * 37 + 11) % 41) - 15);

/** Hollander and Wolfe's depression data, Darwin's maize and two made-up series; values of scipy 1.17.1. */
test.each([
  { name: 'depression', values: depression, statistic: 5, pValue: 0.0390625, method: 'exact' },
  { name: 'maize', values: zea, statistic: 24, pValue: 0.041259765625, method: 'exact' },
  { name: '50 values', values: many, statistic: 248, pValue: 9.468707561843814e-5, method: 'exact' },
  {
    name: '59 values with ties',
    values: tied,
    statistic: 497.5,
    pValue: 0.0034391797567663077,
    method: 'normal',
  },
])('Wilcoxon of $name', ({ values, statistic, pValue, method }) => {
  const result = wilcoxonSignedRank(values)!;
  expect(Math.min(result.positiveRanks, result.negativeRanks)).toBe(statistic);
  expect(result.method).toBe(method);
  expect(result.pValue / pValue).toBeCloseTo(1, 11);
});

/** Two-sided critical values at 5 %: the largest rank sum with p <= 0.05 (Wilcoxon and Wilcox 1964). */
test.each([
  [6, 0],
  [7, 2],
  [8, 3],
  [9, 5],
  [10, 8],
  [15, 25],
  [20, 52],
  [25, 89],
])('the table for %d pairs', (count, critical) => {
  const p = (sum: number) => {
    // Signs for which the negative ranks add up to `sum`.
    let rest = sum;
    const values = Array.from({ length: count }, (_, i) => count - i).map((rank) => {
      if (rank > rest) return rank;
      rest -= rank;
      return -rank;
    });
    return wilcoxonSignedRank(values)!.pValue;
  };
  expect(p(critical)).toBeLessThanOrEqual(0.05);
  expect(p(critical + 1)).toBeGreaterThan(0.05);
});

test('the exact distribution with ties is that of all signs', () => {
  const small = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(small, (values) => {
      const result = wilcoxonSignedRank(values);
      const sizes = values.filter((value) => value !== 0).map(Math.abs);
      if (sizes.length === 0) {
        expect(result).toBeNull();
        return;
      }
      const rankOf = (size: number) =>
        sizes.filter((other) => other < size).length +
        (sizes.filter((other) => other === size).length + 1) / 2;
      const ranks = sizes.map(rankOf);
      const smaller = Math.min(result!.positiveRanks, result!.negativeRanks);
      let below = 0;
      for (let signs = 0; signs < 2 ** ranks.length; signs++) {
        const sum = ranks.reduce((total, rank, i) => total + ((signs >> i) & 1 ? rank : 0), 0);
        if (sum <= smaller) below++;
      }
      expect(result!.pValue).toBe(Math.min(1, (2 * below) / 2 ** ranks.length));
      expect(result!.zeros).toBe(values.length - sizes.length);
    }),
    { seed: 5 },
  );
});

test('draws are repeatable, whole and even', () => {
  expect(drawCases(7, 50, 3)).toEqual(drawCases(7, 50, 3));
  expect(drawCases(7, 50, 3)).not.toEqual(drawCases(7, 50, 4));
  const totals = new Float64Array(7);
  for (const drawn of drawCases(7, 20_000, 1)) {
    expect(drawn.reduce((sum, times) => sum + times, 0)).toBe(7);
    drawn.forEach((times, i) => {
      totals[i]! += times;
    });
  }
  // 140,000 draws of 7: a standard deviation of about 131.
  for (const total of totals) expect(Math.abs(total - 20_000)).toBeLessThan(600);
});

test('the generator is uniform in its high bits', () => {
  const next = randomIntegers(0);
  const counts = new Float64Array(16);
  for (let i = 0; i < 160_000; i++) counts[Math.floor(next() / 2 ** 28)]!++;
  // Chi-squared with 15 degrees of freedom: above 37.7 once in a thousand seeds.
  expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(37.7);
});

test('intervals', () => {
  const values = Array.from({ length: 101 }, (_, i) => i);
  expect(percentileInterval([...values].reverse(), 0.5)).toEqual({ low: 25, high: 75 });
  expect(percentileInterval([null, null], 0.9)).toBeNull();
  const draws = [Uint32Array.of(2, 0, 1), Uint32Array.of(0, 3, 0), Uint32Array.of(0, 0, 3)];
  // Means 1/1 (the undefined one counts for nothing), 5, and none.
  expect(meanInterval([1, 5, null], draws, 0.5)).toEqual({ low: 2, high: 4 });
});
