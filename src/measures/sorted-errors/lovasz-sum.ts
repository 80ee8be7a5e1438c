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
  const sum = (column: number) => {
    const sum = new CompensatedSum();
    for (const rows of order) {
      for (let at = rows.length - sumsLength; at >= 0; at -= sumsLength) {
        sum.add(rows[at + column]!, rows[at + column + 2]!);
      }
    }
    return sum.value;
  };
  return { softmax: sum(1), hinge: sum(2) };
}

/** Neumaier's sum of [sum, compensation] pairs. */
export function compensatedSum(pairs: Iterable<readonly [number, number]>): number {
  const sum = new CompensatedSum();
  for (const [term, rest] of pairs) sum.add(term, rest);
  return sum.value;
}

class CompensatedSum {
  #sum = 0;
  #compensation = 0;

  /** `rest`: the compensation of `term`. */
  add(term: number, rest: number): void {
    const sum = this.#sum;
    const next = sum + term;
    this.#compensation += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    this.#compensation += rest;
    this.#sum = next;
  }

  get value(): number {
    return this.#sum + this.#compensation;
  }
}
