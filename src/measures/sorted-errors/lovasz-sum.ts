import type { BucketSums } from './merger.ts';

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
export function addBucketSums(buckets: readonly BucketSums[]): LovaszValues {
  const order = [...buckets].sort((a, b) => b.bucket - a.bucket);
  return {
    softmax: compensatedSum(order.map((bucket) => bucket.softmax)),
    hinge: compensatedSum(order.map((bucket) => bucket.hinge)),
  };
}

/** Neumaier's sum of [sum, compensation] pairs. */
export function compensatedSum(pairs: readonly (readonly [number, number])[]): number {
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
