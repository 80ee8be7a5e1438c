import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactSum } from '../../../src/base/statistics/exact-sum.ts';
import { numpyMean, numpyNanmean, numpySum } from '../../../src/base/statistics/numpy-sum.ts';
import { summarise } from '../../../src/base/statistics/summary.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 });

describe('exactSum', () => {
  test('keeps what plain addition loses', () => {
    expect(exactSum([1e16, 1, -1e16])).toBe(1);
    expect(exactSum([1e100, 1, -1e100, 1e-100])).toBe(1);
    expect(exactSum(Array<number>(10).fill(0.1))).toBe(1);
    expect(exactSum([])).toBe(0);
  });

  test('rounds a tie by what lies below it', () => {
    const half = 2 ** -53;
    expect(exactSum([1, half])).toBe(1);
    expect(exactSum([1, half, 2 ** -106])).toBe(1 + 2 ** -52);
    expect(exactSum([1 + 2 ** -52, half, -(2 ** -106)])).toBe(1 + 2 ** -52);
  });

  test('equals the sum over integers of the scaled terms', () => {
    const scaled = fc.array(fc.maxSafeInteger(), { maxLength: 50 });
    fc.assert(
      fc.property(scaled, (integers) => {
        const total = integers.reduce((sum, value) => sum + BigInt(value), 0n);
        expect(exactSum(integers.map((value) => value * 2 ** -40))).toBe(Number(total) * 2 ** -40);
      }),
    );
  });

  test('does not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 40 }), (values) => {
        fc.pre(values.reduce((sum, value) => sum + Math.abs(value), 0) < 1e307);
        expect(exactSum([...values].reverse())).toBe(exactSum(values));
        expect(exactSum([...values].sort((a, b) => a - b))).toBe(exactSum(values));
      }),
    );
  });

  test('refuses what has no sum', () => {
    expect(() => exactSum([1, Number.NaN])).toThrow(RangeError);
    expect(() => exactSum([Number.POSITIVE_INFINITY])).toThrow(RangeError);
    expect(() => exactSum([1.7e308, 1.7e308])).toThrow('largest float64');
  });
});

describe('summarise', () => {
  const seven = [0.1, 0.7, 0.2, 0.30000000000000004, 0.9, 1e-3, 0.55];

  test("gives numpy's median and quartiles and the sample standard deviation", () => {
    const odd = summarise(seven);
    expect(odd).toMatchObject({ count: 7, q1: 0.15000000000000002, median: 0.30000000000000004, q3: 0.625 });
    expect(odd).toMatchObject({ min: 1e-3, max: 0.9, mean: 0.39299999999999996 });
    expect(odd.sd).toBeCloseTo(0.3320035140376278, 14);
    const even = summarise(seven.slice(0, 6));
    expect(even).toMatchObject({ q1: 0.125, median: 0.25, q3: 0.6, mean: 0.36683333333333334 });
    expect(even.sd).toBeCloseTo(0.35569673412426306, 14);
  });

  test('has no statistics without values and no deviation of one value', () => {
    const none = { mean: null, median: null, sd: null, q1: null, q3: null, min: null, max: null };
    expect(summarise([])).toEqual({ count: 0, ...none });
    const one = { mean: 3, median: 3, sd: null, q1: 3, q3: 3, min: 3, max: 3 };
    expect(summarise([3])).toEqual({ count: 1, ...one });
  });

  test('does not depend on the order, to the last bit', () => {
    const bounded = fc.double({ noNaN: true, min: -1e100, max: 1e100 }).map((value) => value + 0);
    fc.assert(
      fc.property(fc.array(bounded, { maxLength: 30 }), (values) => {
        expect(summarise([...values].reverse())).toEqual(summarise(values));
      }),
    );
  });
});

/** Lehmer's generator, which the program that made the expected values used too. */
function uniform(count: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  });
}

describe("numpy's sums, bit for bit", () => {
  /** Count, sum, mean, and nanmean with every third value NaN, printed by numpy 2.4.6. */
  const { NaN: nan } = Number;
  test.each([
    [0, 0.0, nan, nan],
    [1, 7.826369259425611e-6, 7.826369259425611e-6, nan],
    [5, 1.8785683060430773, 0.3757136612086155, 0.4733034492501229],
    [7, 2.144572108585654, 0.30636744408366484, 0.4097173835196148],
    [8, 2.823436825453973, 0.3529296031817466, 0.46354685018935565],
    [9, 3.502733231290585, 0.38919258125450945, 0.4995051094638984],
    [15, 6.259343668473579, 0.4172895778982386, 0.3987982851913191],
    [16, 6.789043861808741, 0.4243152413630463, 0.3987982851913191],
    [17, 7.460193245885984, 0.4388348968168226, 0.42355747599913035],
    [127, 64.19797928733657, 0.5054958999002879, 0.5153117957319078],
    [128, 64.43789009211487, 0.5034210163446474, 0.5120717840736299],
    [129, 64.61878600093479, 0.5009208217126728, 0.5082209018032381],
    [136, 68.08059619976235, 0.5005926191158997, 0.5145911980074375],
    [200, 100.22966136933755, 0.5011483068466878, 0.497172822104851],
    [255, 131.1198630082048, 0.5141955412086462, 0.5047342099380976],
    [256, 131.5375867241703, 0.5138186981412902, 0.5047342099380976],
    [257, 132.2200809564535, 0.5144750231768619, 0.5057737422325134],
    [300, 152.415369286861, 0.5080512309562033, 0.49876036399219204],
    [1000, 497.96137935387037, 0.49796137935387036, 0.4978219998938548],
    [1025, 510.6794990728048, 0.4982239015344437, 0.4976551466952115],
    [5000, 2497.5637963752097, 0.49951275927504196, 0.49821769471150895],
    [20001, 9996.4075146962, 0.49979538596551176, 0.50046325860247],
  ])('of %i values', (count, sum, mean, nanmean) => {
    const values = uniform(count);
    expect(numpySum(values)).toBe(sum);
    expect(numpyMean(values)).toBe(mean);
    expect(numpyNanmean(values.map((value, i) => (i % 3 === 0 ? nan : value)))).toBe(nanmean);
  });
});
