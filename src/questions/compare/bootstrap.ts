/**
 * Percentile bootstrap over cases (Efron and Tibshirani 1993, chapter 13): cases are drawn with replacement, as many as
 * there are, and the interval runs between quantiles of the value over the draws. Both models of a pair are drawn
 * together. The same seed gives the same draws for every value.
 */
import { quantile } from '../../base/statistics/summary.ts';
import { randomIntegers } from './random.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How often each of `cases` cases was drawn, for each of `times` draws. */
export function drawCases(cases: number, times: number, seed: number): Uint32Array[] {
  const next = randomIntegers(seed);
  return Array.from({ length: times }, () => {
    const drawn = new Uint32Array(cases);
    for (let i = 0; i < cases; i++) drawn[Math.floor((next() / 2 ** 32) * cases)]!++;
    return drawn;
  });
}

/** The interval that holds the middle `level` of the values; null where no draw gave a value. */
export function percentileInterval(values: readonly (number | null)[], level: number): Interval | null {
  const defined = Float64Array.from(values.filter((value) => value !== null)).sort();
  if (defined.length === 0) return null;
  return { low: quantile(defined, (1 - level) / 2), high: quantile(defined, (1 + level) / 2) };
}

/** Interval of the mean of `values` (null: undefined, counts for nothing in any draw). */
export function meanInterval(
  values: readonly (number | null)[],
  draws: readonly Uint32Array[],
  level: number,
): Interval | null {
  const means = draws.map((drawn) => {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value === null) continue;
      sum += drawn[i]! * value;
      count += drawn[i]!;
    }
    return count === 0 ? null : sum / count;
  });
  return percentileInterval(means, level);
}
