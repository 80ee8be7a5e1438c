/**
 * Voxels of both sides in descending order of score. A foreground key k has the score of the background key R - k, with
 * R = 0x7e000000 (2^32 for logits); so background buckets, turned round, stand beside foreground ones. Step j of a
 * walk holds the foreground bucket j and the background keys R - (j << 16) - t for t in [0, 65535], each at place t.
 */
import { clippedLog, ENTROPY } from './classes';
import {
  addFirstKeys, addPieceKeys, BACKGROUND, countOf, endBucket, FOREGROUND, gatherKeys, hasHighCounts, takeCarried,
} from './key-list';
import { logitViolation, probabilityError, scoreOfKey } from './keys';
import { expPair } from './math';
import { addProduct, addTimes } from './wide-sums';

/** Probabilities and their squares are summed in units of 2^-50. */
const UNITS: f64 = 1125899906842624.0;
/** Products of smaller counts than this are added up in registers, over the rows of a list. */
const SMALL: u64 = 65536;

/** The background key at place t of step j. */
// @ts-ignore: decorator
@inline
function keyAt(step: i32, place: u32, logit: bool): u32 {
  return (logit ? 0 : 0x7e000000) - (<u32>step << 16) - place;
}

/** State of a walk, in float64 by default. */
const TP: usize = 0, FP: usize = 8, TOTAL: usize = 16, NEGATIVES: usize = 24;
/** Σ f·precision with its compensation. */
const PRECISION: usize = 32, COMPENSATION: usize = 40;
/** The best TP/(P + FP) so far and where it is: key, tp, fp. */
const BEST: usize = 48;
/** Cells of tp and fp of the last group, and the cells a count makes. */
const TP_CELL: usize = 80, FP_CELL: usize = 88, TP_SCALE: usize = 96, FP_SCALE: usize = 104;
/** The last group: key, tp, fp. */
const LAST: usize = 112;
/** Σ b·(2·tp before + f), twice the area under tp over fp: three uint64 digits of 32, 32 and 64 bits. */
const AREA: usize = 136;
/** Place in the list of key boundaries (uint32 in an f64's room). */
const BOUNDARY: usize = 160;

/** Adds `low + high * 2^32` to the area. */
function addToArea(low: u64, high: u64, at: usize): void {
  const digit0 = load<u64>(at) + (low & 0xffffffff);
  const digit1 = load<u64>(at, 8) + (low >> 32) + (high & 0xffffffff) + (digit0 >> 32);
  store<u64>(at, digit0 & 0xffffffff);
  store<u64>(at, digit1 & 0xffffffff, 8);
  store<u64>(at, load<u64>(at, 16) + (high >> 32) + (digit1 >> 32), 16);
}

/** Adds `b * t`, both below 2^54, to the area. */
function addArea(b: u64, t: u64, at: usize): void {
  addToArea((b & 0xffffffff) * (t & 0xffffffff), 0, at);
  addToArea(0, (b >> 32) * (t & 0xffffffff), at);
  addToArea(0, (b & 0xffffffff) * (t >> 32), at);
  store<u64>(at, load<u64>(at, 16) + (b >> 32) * (t >> 32), 16);
}

/** The least integer whose cell, `floor(count * scale)`, lies above `cell`; infinite where none does. */
function firstAbove(cell: f64, scale: f64): f64 {
  if (scale <= 0.0) return cell < 0.0 ? 0.0 : Infinity;
  let count = max(0.0, Math.floor((cell + 1.0) / scale));
  while (count > 0.0 && Math.floor((count - 1.0) * scale) > cell) count -= 1.0;
  while (Math.floor(count * scale) <= cell) count += 1.0;
  return count;
}

/**
 * Walks one step's groups of equal score: a list of `rows` places. Groups after which tp or fp has come to another cell, or the
 * score has passed a boundary, are listed at `points`: float64 [key, tp, fp] each. `boundaries`: uint32 keys, descending, ended
 * by 0. Returns the number of points (at most 65536).
 */
// @ts-ignore: decorator
@inline
function walkScores(
  high: bool, list: usize, rows: i32, cells: usize, step: i32, logit: bool, boundaries: usize, state: usize, points: usize,
): i32 {
  if (!rows) return 0;
  let tp = load<f64>(state, TP);
  let twiceTp: u64 = 2 * <u64>tp;
  let fp = load<f64>(state, FP);
  const total = load<f64>(state, TOTAL);
  const tpScale = load<f64>(state, TP_SCALE);
  const fpScale = load<f64>(state, FP_SCALE);
  // Counts only grow, and so do their cells.
  let nextTp = firstAbove(load<f64>(state, TP_CELL), tpScale);
  let nextFp = firstAbove(load<f64>(state, FP_CELL), fpScale);
  let sum = load<f64>(state, PRECISION);
  let compensation = load<f64>(state, COMPENSATION);
  let best = load<f64>(state, BEST);
  let boundary = boundaries + (<usize>load<f64>(state, BOUNDARY) << 2);
  let nextKey = load<u32>(boundary);
  let point = points;
  let key: u32 = 0;
  let areaLow: u64 = 0;
  let areaHigh: u64 = 0;
  for (let at = list, end = list + (<usize>rows << 2); at < end; at += 4) {
    const b = countOf(high, at, BACKGROUND, cells);
    const f = countOf(high, at, FOREGROUND, cells);
    key = keyAt(step, load<u32>(at), logit);
    const t = twiceTp + f;
    if (b < SMALL) {
      areaLow += b * (t & 0xffffffff);
      areaHigh += b * (t >> 32);
    } else addArea(b, t, state + AREA);
    fp += <f64><i64>b;
    if (f) {
      twiceTp += 2 * f;
      const onForeground = <f64><i64>f;
      tp += onForeground;
      const term = onForeground * (tp / (tp + fp));
      const next = sum + term;
      const back = next - sum;
      compensation += (sum - (next - back)) + (term - back);
      sum = next;
      const ratio = tp / (total + fp);
      if (ratio > best) {
        best = ratio;
        store<f64>(state, <f64>key, BEST + 8);
        store<f64>(state, tp, BEST + 16);
        store<f64>(state, fp, BEST + 24);
      }
    }
    const seen = key <= nextKey && nextKey != 0;
    if (!seen && tp < nextTp && fp < nextFp) continue;
    while (key <= nextKey && nextKey) {
      boundary += 4;
      nextKey = load<u32>(boundary);
    }
    const tpCell = Math.floor(tp * tpScale);
    const fpCell = Math.floor(fp * fpScale);
    nextTp = firstAbove(tpCell, tpScale);
    nextFp = firstAbove(fpCell, fpScale);
    store<f64>(state, tpCell, TP_CELL);
    store<f64>(state, fpCell, FP_CELL);
    store<f64>(point, <f64>key);
    store<f64>(point, tp, 8);
    store<f64>(point, fp, 16);
    point += 24;
  }
  addToArea(areaLow, areaHigh, state + AREA);
  store<f64>(state, tp, TP);
  store<f64>(state, fp, FP);
  store<f64>(state, sum, PRECISION);
  store<f64>(state, compensation, COMPENSATION);
  store<f64>(state, best, BEST);
  store<f64>(state, <f64>((boundary - boundaries) >> 2), BOUNDARY);
  store<f64>(state, <f64>key, LAST);
  store<f64>(state, tp, LAST + 8);
  store<f64>(state, fp, LAST + 16);
  return <i32>((point - points) / 24);
}

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
function binScores(
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
    const p = probabilityOf(keyAt(step, load<u32>(at), logit), logit);
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

/**
 * Cross-entropy of the foreground of a class that is one channel's label, from a list of keys: the terms of
 * `crossEntropyOfProbabilities`, each as often as it counts. `out` as there.
 */
export function sumRunCrossEntropy(list: usize, rows: i32, cells: usize, bucket: i32, clip: f64, out: usize): void {
  for (let at = list, end = list + (<usize>rows << 2); at < end; at += 4) {
    const count = countOf(true, at, FOREGROUND, cells);
    if (!count) continue;
    const p = <f64>scoreOfKey((<u32>bucket << 16) | load<u32>(at), true, false);
    store<u64>(out, load<u64>(out) + count);
    addTimes(clippedLog(p, clip), count, out + ENTROPY);
  }
}

/** What `walkSteps` walks, in float64: the next step, the end, R >> 16, what cell 0 of the next step holds, logits or not. */
const STEP: usize = 0, END: usize = 8, REFLECTION: usize = 16, CARRY: usize = 24, IS_LOGIT: usize = 32;
/**
 * The keys of each side (background, foreground behind it): first bucket, number of buckets, and addresses of the keys of
 * each bucket (float64 pairs), of the first row of each (uint32) and of the rows, the pieces of `addPieces`.
 */
const SIDE: usize = 40, SIDE_BYTES: usize = 40;
/** Addresses: cells and list, and what `walkScores` and `binScores` take. */
const CELLS: usize = 120, LIST: usize = 128;
const BOUNDARIES: usize = 136, STATE: usize = 144, POINTS: usize = 152;
const EDGES: usize = 160, BIN_COUNT: usize = 168, BINS: usize = 176, BRIER: usize = 184;

// @ts-ignore: decorator
@inline
function addressAt(walk: usize, field: usize): usize {
  return <usize>load<f64>(walk + field);
}

/** Adds the keys of a bucket on one side; how many there are, or -1 when they are not what they should be. */
function addSide(walk: usize, side: usize, bucket: i32, cells: usize): f64 {
  const table = walk + SIDE + side * SIDE_BYTES;
  const slot = bucket - <i32>load<f64>(table);
  if (slot < 0 || slot >= <i32>load<f64>(table, 8)) return 0;
  const keys = load<f64>(addressAt(table, 16) + (<usize>slot << 4) + (side << 3));
  if (keys == 0) return 0;
  const starts = addressAt(table, 24) + (<usize>slot << 2);
  const from = load<u32>(starts);
  const rows = addressAt(table, 32) + (<usize>from << 4);
  return addPieceKeys(rows, load<u32>(starts, 4) - from, cells, side ? 0 : 1) == keys ? keys : -1;
}

/** Looks for what the step before the first carries into it. Returns false when a bucket does not hold its keys. */
export function startWalk(walk: usize): bool {
  const cells = addressAt(walk, CELLS);
  const bucket = <i32>load<f64>(walk, REFLECTION) - <i32>load<f64>(walk, STEP);
  if (addSide(walk, 0, bucket, cells) < 0) return false;
  gatherKeys(cells, addressAt(walk, LIST), 0, 0);
  endBucket(cells);
  store<f64>(walk, <f64>takeCarried(), CARRY);
  return true;
}

/**
 * Walks the steps of `walk` up to one that lists points, whose number it returns, or to the end (0). -1 or -2: a bucket of
 * background or of foreground does not hold its keys; the step is that of `walk`.
 */
export function walkSteps(walk: usize): i32 {
  const end = <i32>load<f64>(walk, END);
  const reflection = <i32>load<f64>(walk, REFLECTION);
  const cells = addressAt(walk, CELLS);
  let step = <i32>load<f64>(walk, STEP);
  while (step < end) {
    store<f64>(walk, <f64>step, STEP);
    const carry = load<f64>(walk, CARRY);
    const background = addSide(walk, 0, reflection - step - 1, cells);
    if (background < 0) return -1;
    const foreground = addSide(walk, 1, step, cells);
    if (foreground < 0) return -2;
    const at = step++;
    store<f64>(walk, <f64>step, STEP);
    if (background == 0 && foreground == 0 && carry == 0) continue;
    addFirstKeys(<u64>carry, cells);
    store<f64>(walk, <f64>takeCarried(), CARRY);
    const rows = gatherKeys(cells, addressAt(walk, LIST), 0, 0);
    const points = hasHighCounts() ? walkList(true, walk, at, rows) : walkList(false, walk, at, rows);
    endBucket(cells);
    if (points) return points;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function walkList(high: bool, walk: usize, step: i32, rows: i32): i32 {
  const logit = load<f64>(walk, IS_LOGIT) != 0;
  const cells = addressAt(walk, CELLS);
  const list = addressAt(walk, LIST);
  const binCount = <i32>load<f64>(walk, BIN_COUNT);
  if (binCount) {
    const edges = addressAt(walk, EDGES);
    binScores(high, list, rows, cells, step, logit, edges, binCount, addressAt(walk, BINS), addressAt(walk, BRIER));
  }
  const points = addressAt(walk, POINTS);
  return walkScores(high, list, rows, cells, step, logit, addressAt(walk, BOUNDARIES), addressAt(walk, STATE), points);
}
