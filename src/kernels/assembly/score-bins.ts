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

function addBin(voxels: u64, positives: u64, low: u64, high: u64, at: usize): void {
  store<u64>(at, load<u64>(at) + voxels);
  store<u64>(at, load<u64>(at, 8) + positives, 8);
  addGathered(low, high, at + 16);
}
