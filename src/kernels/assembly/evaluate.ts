/**
 * A bucket's part of the Lovász losses (Berman et al. 2018): Σ e·(J_after - J_before) over its tie groups in descending order
 * of the error e, J = (F + B)/(T + B) with F foreground and B background voxels so far. Two groups are worked out at once and
 * added one after the other.
 */
import { expPair } from './math';
import { BACKGROUND, countOf, FOREGROUND, hasHighCounts } from './key-list';
import { lostOf, lostOfPair } from './two-sum';

/**
 * Evaluates a list of `rows` keys. `total`: T, the foreground voxels of the whole; `foreground`, `background`: F and B before
 * this bucket. `out`: float64 [sum of Lovász-softmax, sum of Lovász hinge, and the compensation of each]; set. Of
 * probabilities both sums are the same.
 */
export function evaluateKeys(
  list: usize, rows: i32, cells: usize, bucket: i32, logit: i32, total: f64, foreground: f64, background: f64, out: usize,
): void {
  const high = hasHighCounts();
  if (logit) {
    if (high) evaluateLogits(true, list, rows, cells, bucket, total, foreground, background, out);
    else evaluateLogits(false, list, rows, cells, bucket, total, foreground, background, out);
  } else {
    if (high) evaluateProbabilities(true, list, rows, cells, bucket, total, foreground, background, out);
    else evaluateProbabilities(false, list, rows, cells, bucket, total, foreground, background, out);
  }
}

/** The counts of two rows on a side. */
// @ts-ignore: decorator
@inline
function countPair(high: bool, at: usize, side: usize, cells: usize): v128 {
  if (!high) return f64x2.convert_low_i32x4_u(v128.load64_zero(at + side));
  const lower = f64x2.splat(<f64>countOf(true, at, side, cells));
  return f64x2.replace_lane(lower, 1, <f64>countOf(true, at + 4, side, cells));
}

/**
 * J_after - J_before of two rows, of which the upper comes first, each in one fraction, since the difference would cancel;
 * without any foreground the first takes all. `before`: T + B before the upper; `rest`: T - F. All are integers: their sums are exact.
 */
// @ts-ignore: decorator
@inline
function stepPair(onBackground: v128, onForeground: v128, before: f64, rest: f64): v128 {
  const upperBackground = f64x2.extract_lane(onBackground, 1);
  const upperForeground = f64x2.extract_lane(onForeground, 1);
  const befores = f64x2.replace_lane(f64x2.splat(before), 0, before + upperBackground);
  const rests = f64x2.replace_lane(f64x2.splat(rest), 0, rest - upperForeground);
  const afters = f64x2.add(befores, onBackground);
  const gain = f64x2.add(f64x2.mul(onForeground, befores), f64x2.mul(onBackground, rests));
  const step = f64x2.div(gain, f64x2.mul(befores, afters));
  return v128.bitselect(step, f64x2.splat(1.0), f64x2.gt(befores, f64x2.splat(0.0)));
}

// @ts-ignore: decorator
@inline
function sumOf(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

// @ts-ignore: decorator
@inline
function evaluateProbabilities(
  high: bool, list: usize, rows: i32, cells: usize, bucket: i32, total: f64, foreground: f64, background: f64, out: usize,
): void {
  let before = total + background;
  let rest = total - foreground;
  let sum: f64 = 0.0;
  let compensation: f64 = 0.0;
  // As `probabilityError`; the key of 1/2 gives the same either way.
  const large = bucket >= 0x3f00;
  for (let row = rows; row > 0; row -= 2) {
    // An odd row at the end has what is before the list beside it, which is not added.
    const at = list + (<usize>row << 2) - 8;
    const keys = v128.or(i32x4.splat(bucket << 16), v128.load64_zero(at));
    const bits = large ? i32x4.sub(i32x4.splat(0x7e000000), keys) : keys;
    const value = f64x2.promote_low_f32x4(bits);
    const errors = large ? f64x2.sub(f64x2.splat(1.0), value) : value;
    const onBackground = countPair(high, at, BACKGROUND, cells);
    const onForeground = countPair(high, at, FOREGROUND, cells);
    const terms = f64x2.mul(errors, stepPair(onBackground, onForeground, before, rest));
    before += sumOf(onBackground);
    rest -= sumOf(onForeground);
    const upper = f64x2.extract_lane(terms, 1);
    const next = sum + upper;
    compensation += lostOf(sum, upper, next);
    sum = next;
    if (row == 1) break;
    const lower = f64x2.extract_lane(terms, 0);
    const last = sum + lower;
    compensation += lostOf(sum, lower, last);
    sum = last;
  }
  v128.store(out, f64x2.splat(sum));
  v128.store(out, f64x2.splat(compensation), 16);
}

/** The errors of a logit are 1 - sigmoid = sigmoid(v) and max(1 + v, 0), v the margin violation (`logitViolation`). */
// @ts-ignore: decorator
@inline
function evaluateLogits(
  high: bool, list: usize, rows: i32, cells: usize, bucket: i32, total: f64, foreground: f64, background: f64, out: usize,
): void {
  let before = total + background;
  let rest = total - foreground;
  // Sums of [softmax, hinge].
  let sums = f64x2.splat(0.0);
  let compensations = f64x2.splat(0.0);
  const positive = bucket >= 0x8000;
  const one = f64x2.splat(1.0);
  for (let row = rows; row > 0; row -= 2) {
    const at = list + (<usize>row << 2) - 8;
    const keys = v128.or(i32x4.splat(bucket << 16), v128.load64_zero(at));
    const middle = i32x4.splat(0x80000000);
    const size = f64x2.promote_low_f32x4(positive ? i32x4.sub(keys, middle) : i32x4.sub(middle, keys));
    const violation = positive ? size : f64x2.neg(size);
    // sigmoid in the operations of the sums of terms, so that both see the same error.
    const e = expPair(f64x2.neg(size));
    const sigmoid = f64x2.div(positive ? one : e, f64x2.add(one, e));
    const hinge = f64x2.pmax(f64x2.splat(0.0), f64x2.add(one, violation));
    const onBackground = countPair(high, at, BACKGROUND, cells);
    const onForeground = countPair(high, at, FOREGROUND, cells);
    const step = stepPair(onBackground, onForeground, before, rest);
    before += sumOf(onBackground);
    rest -= sumOf(onForeground);
    const softmaxTerms = f64x2.mul(sigmoid, step);
    const hingeTerms = f64x2.mul(hinge, step);
    const upper = v128.shuffle<f64>(softmaxTerms, hingeTerms, 1, 3);
    const next = f64x2.add(sums, upper);
    compensations = f64x2.add(compensations, lostOfPair(sums, upper, next));
    sums = next;
    if (row == 1) break;
    const lower = v128.shuffle<f64>(softmaxTerms, hingeTerms, 0, 2);
    const last = f64x2.add(sums, lower);
    compensations = f64x2.add(compensations, lostOfPair(sums, lower, last));
    sums = last;
  }
  v128.store(out, sums);
  v128.store(out, compensations, 16);
}
