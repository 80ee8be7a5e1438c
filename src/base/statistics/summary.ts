import { exactSum } from './exact-sum.ts';

/** Statistics of some values; `null` where there are too few. None depends on the order of the values. */
export interface Summary {
  readonly count: number;
  readonly mean: number | null;
  readonly median: number | null;
  /** Sample standard deviation (divisor n - 1); `null` below two values. */
  readonly sd: number | null;
  /** Lower and upper quartile, linear between neighbours as in numpy's default. */
  readonly q1: number | null;
  readonly q3: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

/** Statistics of finite values. Sums are exact and rounded once. */
export function summarise(values: readonly number[]): Summary {
  const count = values.length;
  if (count === 0) {
    return { count, mean: null, median: null, sd: null, q1: null, q3: null, min: null, max: null };
  }
  const sorted = Float64Array.from(values).sort();
  const mean = exactSum(values) / count;
  return {
    count,
    mean,
    median: median(sorted),
    sd: standardDeviation(values, mean),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
    min: sorted[0]!,
    max: sorted[count - 1]!,
  };
}

/** Quantile of ascending values, linear between the neighbours of rank `fraction·(n - 1)`; the bits are numpy's. */
export function quantile(sorted: Float64Array, fraction: number): number {
  const rank = fraction * (sorted.length - 1);
  const below = sorted[Math.floor(rank)]!;
  const above = sorted[Math.ceil(rank)]!;
  const weight = rank - Math.floor(rank);
  const step = above - below;
  return weight >= 0.5 ? above - step * (1 - weight) : below + step * weight;
}

/** Median of ascending values: the middle one, or the mean of the two middle ones. */
function median(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function standardDeviation(values: readonly number[], mean: number): number | null {
  if (values.length < 2) return null;
  const squares = values.map((value) => (value - mean) * (value - mean));
  return Math.sqrt(exactSum(squares) / (values.length - 1));
}
