/**
 * numpy's own float64 sums, bit for bit, for files that must equal those of Python programs. Everything else in this
 * package sums exactly instead.
 */

const accumulators = 8;
const blockSize = 128;

/** `numpy.sum` of a contiguous float64 array: pairwise halves above 128 values, eight accumulators below. */
export function numpySum(values: ArrayLike<number>): number {
  return pairwise(values, 0, values.length);
}

/** `numpy.mean`: NaN if there are no values or one of them is NaN. */
export function numpyMean(values: ArrayLike<number>): number {
  return numpySum(values) / values.length;
}

/** `numpy.nanmean`: NaN counts as 0 in the sum, at its place, and not in the divisor; NaN if all are NaN. */
export function numpyNanmean(values: ArrayLike<number>): number {
  const zeroed = Float64Array.from(values, (value) => (Number.isNaN(value) ? 0 : value));
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) count++;
  return numpySum(zeroed) / count;
}

function pairwise(values: ArrayLike<number>, start: number, count: number): number {
  if (count > blockSize) {
    const half = Math.floor(count / 2);
    const left = half - (half % accumulators);
    return pairwise(values, start, left) + pairwise(values, start + left, count - left);
  }
  const whole = count < accumulators ? 0 : count - (count % accumulators);
  let sum = 0;
  if (whole > 0) {
    const r = Array.from({ length: accumulators }, (_, i) => values[start + i]!);
    for (let i = accumulators; i < whole; i++) r[i % accumulators]! += values[start + i]!;
    sum = r[0]! + r[1]! + (r[2]! + r[3]!) + (r[4]! + r[5]! + (r[6]! + r[7]!));
  }
  for (let i = whole; i < count; i++) sum += values[start + i]!;
  return sum;
}
