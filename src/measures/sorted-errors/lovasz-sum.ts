/** Numbers of a bucket in a table of sums: the bucket, the sums of softmax and hinge, and the compensation of each. */
export const sumsLength = 5;

/** The Lovász sums of the buckets of a range, ascending: a row of `sumsLength` numbers each. */
export type BucketSums = Float64Array;

/** The sorted losses of one class. */
export interface LovaszValues {
  /** Σ e·ΔJ over the errors |t - p|. */
  readonly softmax: number;
  /** Σ max(e, 0)·ΔJ over the errors 1 - x·(2t - 1) of logits. */
  readonly hinge: number;
}

/**
 * Adds the sums of buckets by descending error, whatever the order of the ranges that they come from: each bucket's
 * sum is a function of the keys alone, so the result is too.
 */
export function addBucketSums(ranges: readonly BucketSums[]): LovaszValues {
  const order = ranges.filter(({ length }) => length > 0).sort((a, b) => b[0]! - a[0]!);
  const sum = (column: number) => compensatedSum(rowsDown(order, column));
  return { softmax: sum(1), hinge: sum(2) };
}

/** The sums of a column, each with its compensation, the highest bucket first. */
function* rowsDown(ranges: readonly BucketSums[], column: number): Generator<readonly [number, number]> {
  for (const rows of ranges) {
    for (let at = rows.length - sumsLength; at >= 0; at -= sumsLength) {
      yield [rows[at + column]!, rows[at + column + 2]!];
    }
  }
}

/** Neumaier's sum of [sum, compensation] pairs. */
export function compensatedSum(pairs: Iterable<readonly [number, number]>): number {
  let sum = 0;
  let compensation = 0;
  for (const [term, rest] of pairs) {
    const next = sum + term;
    compensation += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    compensation += rest;
    sum = next;
  }
  return sum + compensation;
}
