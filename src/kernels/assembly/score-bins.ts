/** Bins of probability, and the Brier score. */
import { BACKGROUND, countOf, FOREGROUND } from './key-list';
import { keyAtPlace, logitViolation, probabilityError } from './keys';
import { expPair } from './math';
import { addProduct } from './wide-sums';

/** Probabilities and their squares are summed in units of 2^-50. */
const UNITS: f64 = 1125899906842624.0;
/** Products of smaller counts than this are added up in registers, over the rows of a list. */
const SMALL: u64 = 65536;

/** The probability of a background key. */
// @ts-ignore: decorator
@inline
function probabilityOf(key: u32, logit: bool): f64 {
  if (!logit) return probabilityError(key);
  const x = logitViolation(key);
  const e = f64x2.extract_lane(expPair(f64x2.splat(-Math.abs(x))), 0);
  return x >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

/** Adds the probability of a key, for tables of keys and for drawing. */
export function probabilityOfKey(key: u32, logit: i32): f64 {
  return probabilityOf(key, logit != 0);
}

/** Adds `low + high * 2^32` to a 128-bit sum (wide-sums.ts). */
// @ts-ignore: decorator
@inline
function addGathered(low: u64, high: u64, at: usize): void {
  store<u64>(at, load<u64>(at) + (low & 0xffffffff));
  store<u64>(at, load<u64>(at, 8) + (low >> 32) + high, 8);
}

/**
 * Adds one step's voxels to bins of probability. `edges`: `binCount - 1` inner edges (float64, ascending); a bin holds
 * lower < p <= upper, the first also p = 0. `bins`: for each four uint64: voxels, foreground voxels, and Σ p in units
 * of 2^-50 as a 128-bit sum. `brier`: 128-bit sum of (p - t)² in units of 2^-50.
 */
// @ts-ignore: decorator
@inline
export function binScores(
  high: bool, list: usize, rows: i32, cells: usize, step: i32, logit: bool, edges: usize, binCount: i32, bins: usize,
  brier: usize,
): void {
  if (!high && !logit && areSmall(list, rows)) {
    binProbabilities(list, rows, step, edges, binCount, bins, brier);
    return;
  }
  let bin = binCount - 1;
  let lower = bin > 0 ? load<f64>(edges + (<usize>(bin - 1) << 3)) : -1.0;
  let voxels: u64 = 0;
  let positives: u64 = 0;
  let sumLow: u64 = 0;
  let sumHigh: u64 = 0;
  let squaresLow: u64 = 0;
  let squaresHigh: u64 = 0;
  for (let at = list, end = list + (<usize>rows << 2); at < end; at += 4) {
    const b = countOf(high, at, BACKGROUND, cells);
    const f = countOf(high, at, FOREGROUND, cells);
    const p = probabilityOf(keyAtPlace(step, load<u32>(at), logit), logit);
    while (p <= lower) {
      addBin(voxels, positives, sumLow, sumHigh, bins + (<usize>bin << 5));
      voxels = positives = sumLow = sumHigh = 0;
      bin--;
      lower = bin > 0 ? load<f64>(edges + (<usize>(bin - 1) << 3)) : -1.0;
    }
    voxels += b + f;
    positives += f;
    // None is negative: to cut off is to round down.
    const units = <u64><i64>(p * UNITS + 0.5);
    const square = <u64><i64>(p * p * UNITS + 0.5);
    const rest = 1.0 - p;
    const restSquare = <u64><i64>(rest * rest * UNITS + 0.5);
    if (b + f < SMALL) {
      sumLow += (units & 0xffffffff) * (b + f);
      sumHigh += (units >> 32) * (b + f);
      squaresLow += (square & 0xffffffff) * b + (restSquare & 0xffffffff) * f;
      squaresHigh += (square >> 32) * b + (restSquare >> 32) * f;
    } else {
      addProduct(units, b + f, bins + (<usize>bin << 5) + 16);
      addProduct(square, b, brier);
      addProduct(restSquare, f, brier);
    }
  }
  addBin(voxels, positives, sumLow, sumHigh, bins + (<usize>bin << 5));
  addGathered(squaresLow, squaresHigh, brier);
}

/** Whether no key of the list is there `SMALL` times. */
function areSmall(list: usize, rows: i32): bool {
  let some = i32x4.splat(0);
  // What stands behind the last row may tell of a large count that is none.
  for (let at = list, end = list + (<usize>rows << 2); at < end; at += 16) {
    some = v128.or(some, v128.or(v128.load(at + BACKGROUND), v128.load(at + FOREGROUND)));
  }
  return !v128.any_true(v128.and(some, i32x4.splat(-32768)));
}

/** The probabilities of two places of a step of large ones (above 1/2) or of others. */
// @ts-ignore: decorator
@inline
function probabilityPair(places: v128, step: i32, large: bool): v128 {
  const score = large
    ? i32x4.add(i32x4.splat(step << 16), places)
    : i32x4.sub(i32x4.splat(0x7e000000 - (step << 16)), places);
  const value = f64x2.promote_low_f32x4(score);
  return large ? f64x2.sub(f64x2.splat(1.0), value) : value;
}

// @ts-ignore: decorator
@inline
function probabilityOfRow(at: usize, step: i32, large: bool): f64 {
  return f64x2.extract_lane(probabilityPair(v128.load32_zero(at), step, large), 0);
}

/** `binScores` of probabilities of which none is there `SMALL` times, two rows at a time. */
function binProbabilities(
  list: usize, rows: i32, step: i32, edges: usize, binCount: i32, bins: usize, brier: usize,
): void {
  if (!rows) return;
  // Of the keys of a step all are above that of 1/2, or none is.
  const large = step < 0x3f00;
  let bin = binCount - 1;
  const end = list + (<usize>rows << 2);
  for (let at = list; at < end; bin--) {
    const lower = bin > 0 ? load<f64>(edges + (<usize>(bin - 1) << 3)) : -1.0;
    // Rows descend: those of the bin are in front. Most lists are in one bin.
    let stop = end;
    if (probabilityOfRow(end - 4, step, large) <= lower) {
      let inside = at - 4;
      while (stop - inside > 4) {
        const middle = inside + (((stop - inside) >> 3) << 2);
        if (probabilityOfRow(middle, step, large) <= lower) stop = middle;
        else inside = middle;
      }
    }
    if (stop == at) continue;
    if (large) addToBin(true, at, stop, step, bins + (<usize>bin << 5), brier);
    else addToBin(false, at, stop, step, bins + (<usize>bin << 5), brier);
    at = stop;
  }
}

/** `pair * UNITS` rounded half up: the low halves of both integers, then the high ones, as uint32. */
// @ts-ignore: decorator
@inline
function unitsOf(pair: v128): v128 {
  // Below 2^52 the bits of the sum with it are those of the integer.
  const two52 = f64x2.splat(4503599627370496.0);
  const whole = f64x2.floor(f64x2.add(f64x2.mul(pair, f64x2.splat(UNITS)), f64x2.splat(0.5)));
  const units = i64x2.sub(f64x2.add(whole, two52), two52);
  return v128.shuffle<i32>(units, units, 0, 2, 1, 3);
}

/**
 * Biased exponent of the float32 next above which numbers lie whole units apart. Where all of a step do, Σ p is a multiple of the
 * sum of their places.
 */
const WHOLE: i32 = 100;

/** Adds the rows from `from` to `to` to a bin. */
// @ts-ignore: decorator
@inline
function addToBin(large: bool, from: usize, to: usize, step: i32, bin: usize, brier: usize): void {
  const one = f64x2.splat(1.0);
  const last = i32x4.splat(65535);
  const exponent = (large ? step << 16 : 0x7e000000 - (step << 16) - 65535) >> 23;
  const whole = exponent >= WHOLE;
  // Counts are there twice, for the low and the high halves of units.
  let voxels = i32x4.splat(0);
  let positives = i32x4.splat(0);
  /** Places up to the last one, of all voxels together. */
  let left = i64x2.splat(0);
  let sumLow = i64x2.splat(0);
  let sumHigh = i64x2.splat(0);
  let squaresLow = i64x2.splat(0);
  let squaresHigh = i64x2.splat(0);
  for (let at = from; at < to; at += 8) {
    let b = v128.load64_splat(at + BACKGROUND);
    let f = v128.load64_splat(at + FOREGROUND);
    if (at + 4 == to) {
      // What stands behind an odd last row does not count.
      b = v128.and(b, i32x4(-1, 0, -1, 0));
      f = v128.and(f, i32x4(-1, 0, -1, 0));
    }
    const both = i32x4.add(b, f);
    voxels = i32x4.add(voxels, both);
    positives = i32x4.add(positives, f);
    const places = v128.load64_zero(at);
    const p = probabilityPair(places, step, large);
    if (whole) left = i64x2.add(left, i64x2.extmul_low_i32x4_u(i32x4.sub(last, places), both));
    else {
      const units = unitsOf(p);
      sumLow = i64x2.add(sumLow, i64x2.extmul_low_i32x4_u(units, both));
      sumHigh = i64x2.add(sumHigh, i64x2.extmul_high_i32x4_u(units, both));
    }
    const square = unitsOf(f64x2.mul(p, p));
    squaresLow = i64x2.add(squaresLow, i64x2.extmul_low_i32x4_u(square, b));
    squaresHigh = i64x2.add(squaresHigh, i64x2.extmul_high_i32x4_u(square, b));
    if (!v128.any_true(f)) continue;
    const rest = f64x2.sub(one, p);
    const restSquare = unitsOf(f64x2.mul(rest, rest));
    squaresLow = i64x2.add(squaresLow, i64x2.extmul_low_i32x4_u(restSquare, f));
    squaresHigh = i64x2.add(squaresHigh, i64x2.extmul_high_i32x4_u(restSquare, f));
  }
  const count = sumOfFirst(voxels);
  addBin(count, sumOfFirst(positives), sumOf(sumLow), sumOf(sumHigh), bin);
  if (whole) {
    addProduct(<u64>(f64x2.extract_lane(probabilityPair(last, step, large), 0) * UNITS), count, bin + 16);
    addProduct(sumOf(left), <u64>1 << (exponent - WHOLE), bin + 16);
  }
  addGathered(sumOf(squaresLow), sumOf(squaresHigh), brier);
}

/** The sum of the first two of four numbers. */
// @ts-ignore: decorator
@inline
function sumOfFirst(four: v128): u64 {
  return sumOf(i64x2.extend_low_i32x4_u(four));
}

// @ts-ignore: decorator
@inline
function sumOf(pair: v128): u64 {
  return i64x2.extract_lane(pair, 0) + i64x2.extract_lane(pair, 1);
}

function addBin(voxels: u64, positives: u64, low: u64, high: u64, at: usize): void {
  store<u64>(at, load<u64>(at) + voxels);
  store<u64>(at, load<u64>(at, 8) + positives, 8);
  addGathered(low, high, at + 16);
}
