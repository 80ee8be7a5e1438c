/**
 * A sum of finite numbers, exact and then rounded once to the nearest (ties to even), so that order cannot matter.
 * Shewchuk, Adaptive precision floating-point arithmetic, 1997; the final rounding as in Python's `math.fsum`.
 */
export class ExactSum {
  /** Non-overlapping parts in ascending magnitude whose exact sum is the sum so far. */
  readonly #parts: number[] = [];

  /** @throws RangeError for a number that is not finite, or a sum beyond the largest float64 */
  add(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`cannot sum ${value}`);
    const parts = this.#parts;
    let x = value;
    let kept = 0;
    for (const part of parts) {
      const [large, small] = Math.abs(x) >= Math.abs(part) ? [x, part] : [part, x];
      const sum = large + small;
      const error = small - (sum - large);
      if (error !== 0) parts[kept++] = error;
      x = sum;
    }
    if (!Number.isFinite(x)) throw new RangeError('the sum is beyond the largest float64');
    parts.length = kept;
    parts.push(x);
  }

  get total(): number {
    return roundParts(this.#parts);
  }
}

/** @throws RangeError for a number that is not finite, or a sum beyond the largest float64 */
export function exactSum(values: Iterable<number>): number {
  const sum = new ExactSum();
  for (const value of values) sum.add(value);
  return sum.total;
}

function roundParts(parts: readonly number[]): number {
  let i = parts.length - 1;
  if (i < 0) return 0;
  let sum = parts[i]!;
  let error = 0;
  while (i > 0 && error === 0) {
    const large = sum;
    const small = parts[--i]!;
    sum = large + small;
    error = small - (sum - large);
  }
  // The parts below decide a tie: if they lean the way of the error, half an ulp becomes more than half.
  if (i > 0 && error !== 0 && error < 0 === parts[i - 1]! < 0) {
    const twice = error * 2;
    const rounded = sum + twice;
    if (twice === rounded - sum) sum = rounded;
  }
  return sum;
}
