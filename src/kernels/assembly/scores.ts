/**
 * Voxels of both sides in descending order of score. A foreground key k has the score of the background key R - k, with
 * R = 0x7e000000 (2^32 for logits); so background cells, read backwards, stand beside foreground ones. Step j of a
 * walk holds the foreground bucket j and the background keys R - (j << 16) - t for t in [0, 65535], each at cell t.
 * Cells are pairs [background, foreground] of uint64 throughout.
 */
import { addPieces, clearCells64, clearGroup, GROUPS, mark, wordsOf } from './cells';
import { probabilityError, logitViolation, scoreOfKey } from './keys';
import { clippedLog, ENTROPY } from './classes';
import { expPair } from './math';
import { addProduct, addTimes } from './wide-sums';

/** Probabilities and their squares are summed in units of 2^-50. */
const UNITS: f64 = 1125899906842624.0;

/**
 * Moves the background counts of a bucket (its cells and bitmap become zero) to where they are in a walk: cell c > 0
 * to 65536 - c, and `carry`, what cell 0 of the bucket before held, to cell 0. Returns what cell 0 holds.
 */
export function reflectBackground(
  source: usize, sourceBitmap: usize, cells: usize, bitmap: usize, carry: f64,
): f64 {
  if (carry > 0.0) {
    store<u64>(cells, <u64>carry);
    mark(bitmap, 0);
  }
  let first: u64 = 0;
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = wordsOf(sourceBitmap, group);
    clearGroup(sourceBitmap, group);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      let bits = load<u64>(sourceBitmap + (word << 3));
      if (!bits) continue;
      store<u64>(sourceBitmap + (word << 3), 0);
      while (bits) {
        const low = (<u32>word << 6) + <u32>ctz(bits);
        bits &= bits - 1;
        const from = source + (<usize>low << 4);
        const count = load<u64>(from);
        store<u64>(from, 0);
        if (!low) {
          first = count;
          continue;
        }
        const place = 65536 - low;
        store<u64>(cells + (<usize>place << 4), count);
        mark(bitmap, place);
      }
    }
  }
  return <f64>first;
}

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

/** Adds `b * t`, both below 2^54, to the area. */
// @ts-ignore: decorator
@inline
function addArea(b: u64, t: u64, at: usize): void {
  const low = (b & 0xffffffff) * (t & 0xffffffff);
  const digit0 = load<u64>(at) + (low & 0xffffffff);
  const digit1 = load<u64>(at, 8) + (low >> 32) + (b >> 32) * (t & 0xffffffff) + (b & 0xffffffff) * (t >> 32)
    + (digit0 >> 32);
  store<u64>(at, digit0 & 0xffffffff);
  store<u64>(at, digit1 & 0xffffffff, 8);
  store<u64>(at, load<u64>(at, 16) + (b >> 32) * (t >> 32) + (digit1 >> 32), 16);
}

/**
 * Walks one step's groups of equal score. Groups after which tp or fp has come to another cell, or the score has
 * passed a boundary, are listed at `points`: float64 [key, tp, fp] each. `boundaries`: uint32 keys, descending, ended
 * by 0. Returns the number of points (at most 65536).
 */
export function walkScores(
  cells: usize, bitmap: usize, step: i32, logit: i32, boundaries: usize, state: usize, points: usize,
): i32 {
  let tp = load<f64>(state, TP);
  let fp = load<f64>(state, FP);
  const total = load<f64>(state, TOTAL);
  const tpScale = load<f64>(state, TP_SCALE);
  const fpScale = load<f64>(state, FP_SCALE);
  let tpCell = load<f64>(state, TP_CELL);
  let fpCell = load<f64>(state, FP_CELL);
  let sum = load<f64>(state, PRECISION);
  let compensation = load<f64>(state, COMPENSATION);
  let best = load<f64>(state, BEST);
  let boundary = boundaries + (<usize>load<f64>(state, BOUNDARY) << 2);
  let point = points;
  let key: u32 = 0;
  let walked = false;
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = wordsOf(bitmap, group);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      let bits = load<u64>(bitmap + (word << 3));
      while (bits) {
        const place = (<u32>word << 6) + <u32>ctz(bits);
        bits &= bits - 1;
        const cell = cells + (<usize>place << 4);
        const b = load<u64>(cell);
        const f = load<u64>(cell, 8);
        key = keyAt(step, place, logit != 0);
        walked = true;
        if (b) {
          addArea(b, 2 * <u64>tp + f, state + AREA);
          fp += <f64>b;
        }
        if (f) {
          tp += <f64>f;
          const term = <f64>f * (tp / (tp + fp));
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
        let seen = false;
        while (key <= load<u32>(boundary) && load<u32>(boundary)) {
          boundary += 4;
          seen = true;
        }
        const tpNow = Math.floor(tp * tpScale);
        const fpNow = Math.floor(fp * fpScale);
        if (seen || tpNow != tpCell || fpNow != fpCell) {
          tpCell = tpNow;
          fpCell = fpNow;
          store<f64>(point, <f64>key);
          store<f64>(point, tp, 8);
          store<f64>(point, fp, 16);
          point += 24;
        }
      }
    }
  }
  store<f64>(state, tp, TP);
  store<f64>(state, fp, FP);
  store<f64>(state, tpCell, TP_CELL);
  store<f64>(state, fpCell, FP_CELL);
  store<f64>(state, sum, PRECISION);
  store<f64>(state, compensation, COMPENSATION);
  store<f64>(state, best, BEST);
  store<f64>(state, <f64>((boundary - boundaries) >> 2), BOUNDARY);
  if (walked) {
    store<f64>(state, <f64>key, LAST);
    store<f64>(state, tp, LAST + 8);
    store<f64>(state, fp, LAST + 16);
  }
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

/**
 * Adds one step's voxels to bins of probability. `edges`: `binCount - 1` inner edges (float64, ascending); a bin holds
 * lower < p <= upper, the first also p = 0. `bins`: for each four uint64: voxels, foreground voxels, and Σ p in units
 * of 2^-50 as a 128-bit sum. `brier`: 128-bit sum of (p - t)² in units of 2^-50.
 */
export function binScores(
  cells: usize, bitmap: usize, step: i32, logit: i32, edges: usize, binCount: i32, bins: usize, brier: usize,
): void {
  let bin = binCount - 1;
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = wordsOf(bitmap, group);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      let bits = load<u64>(bitmap + (word << 3));
      while (bits) {
        const place = (<u32>word << 6) + <u32>ctz(bits);
        bits &= bits - 1;
        const cell = cells + (<usize>place << 4);
        const b = load<u64>(cell);
        const f = load<u64>(cell, 8);
        const p = probabilityOf(keyAt(step, place, logit != 0), logit != 0);
        while (bin > 0 && p <= load<f64>(edges + (<usize>(bin - 1) << 3))) bin--;
        const at = bins + (<usize>bin << 5);
        store<u64>(at, load<u64>(at) + b + f);
        store<u64>(at, load<u64>(at, 8) + f, 8);
        addProduct(<u64>Math.floor(p * UNITS + 0.5), b + f, at + 16);
        addProduct(<u64>Math.floor(p * p * UNITS + 0.5), b, brier);
        addProduct(<u64>Math.floor((1.0 - p) * (1.0 - p) * UNITS + 0.5), f, brier);
      }
    }
  }
}

/**
 * Cross-entropy of the foreground of a class that is one channel's label, from cells: the terms of
 * `crossEntropyOfProbabilities`, each as often as it counts. `out` as there.
 */
export function sumRunCrossEntropy(cells: usize, bitmap: usize, bucket: i32, clip: f64, out: usize): void {
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = wordsOf(bitmap, group);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      let bits = load<u64>(bitmap + (word << 3));
      while (bits) {
        const low = (<u32>word << 6) + <u32>ctz(bits);
        bits &= bits - 1;
        const count = load<u64>(cells + (<usize>low << 4), 8);
        if (!count) continue;
        const p = <f64>scoreOfKey((<u32>bucket << 16) | low, true, false);
        store<u64>(out, load<u64>(out) + count);
        addTimes(clippedLog(p, clip), count, out + ENTROPY);
      }
    }
  }
}

/** What `walkSteps` walks, in float64: the next step, the end, R >> 16, what cell 0 of the next step holds, logits or not. */
const STEP: usize = 0, END: usize = 8, REFLECTION: usize = 16, CARRY: usize = 24, IS_LOGIT: usize = 32;
/**
 * The keys of each side (background, foreground behind it): first bucket, number of buckets, and addresses of the keys of
 * each bucket (float64 pairs), of the first row of each (uint32) and of the rows, the pieces of `addPieces`.
 */
const SIDE: usize = 40, SIDE_BYTES: usize = 40;
/** Addresses: cells and bitmap of the background, of the step, and what `walkScores` and `binScores` take. */
const SOURCE: usize = 120, SOURCE_BITMAP: usize = 128, CELLS: usize = 136, BITMAP: usize = 144;
const BOUNDARIES: usize = 152, STATE: usize = 160, POINTS: usize = 168;
const EDGES: usize = 176, BIN_COUNT: usize = 184, BINS: usize = 192, BRIER: usize = 200;

// @ts-ignore: decorator
@inline
function addressAt(walk: usize, field: usize): usize {
  return <usize>load<f64>(walk + field);
}

/** Adds the keys of a bucket on one side; how many there are, or -1 when they are not what they should be. */
function addSide(walk: usize, side: usize, bucket: i32, cells: usize, bitmap: usize): f64 {
  const table = walk + SIDE + side * SIDE_BYTES;
  const slot = bucket - <i32>load<f64>(table);
  if (slot < 0 || slot >= <i32>load<f64>(table, 8)) return 0;
  const keys = load<f64>(addressAt(table, 16) + (<usize>slot << 4) + (side << 3));
  if (keys == 0) return 0;
  const starts = addressAt(table, 24) + (<usize>slot << 2);
  const from = load<u32>(starts);
  const rows = addressAt(table, 32) + (<usize>from << 4);
  return addPieces(rows, load<u32>(starts, 4) - from, cells, bitmap, 1) == keys ? keys : -1;
}

/**
 * Walks the steps of `walk` up to one that lists points, whose number it returns, or to the end (0). -1 or -2: a bucket of
 * background or of foreground does not hold its keys; the step is that of `walk`.
 */
export function walkSteps(walk: usize): i32 {
  const end = <i32>load<f64>(walk, END);
  const reflection = <i32>load<f64>(walk, REFLECTION);
  const logit = <i32>load<f64>(walk, IS_LOGIT);
  const source = addressAt(walk, SOURCE);
  const sourceBitmap = addressAt(walk, SOURCE_BITMAP);
  const cells = addressAt(walk, CELLS);
  const bitmap = addressAt(walk, BITMAP);
  const binCount = <i32>load<f64>(walk, BIN_COUNT);
  let step = <i32>load<f64>(walk, STEP);
  while (step < end) {
    store<f64>(walk, <f64>step, STEP);
    const carry = load<f64>(walk, CARRY);
    const background = addSide(walk, 0, reflection - step - 1, source, sourceBitmap);
    if (background < 0) return -1;
    const foreground = addSide(walk, 1, step, cells, bitmap);
    if (foreground < 0) return -2;
    const at = step++;
    store<f64>(walk, <f64>step, STEP);
    if (background == 0 && foreground == 0 && carry == 0) continue;
    store<f64>(walk, reflectBackground(source, sourceBitmap, cells, bitmap, carry), CARRY);
    const boundaries = addressAt(walk, BOUNDARIES);
    const points = walkScores(cells, bitmap, at, logit, boundaries, addressAt(walk, STATE), addressAt(walk, POINTS));
    if (binCount) {
      const bins = addressAt(walk, BINS);
      binScores(cells, bitmap, at, logit, addressAt(walk, EDGES), binCount, bins, addressAt(walk, BRIER));
    }
    clearCells64(cells, bitmap);
    if (points) return points;
  }
  return 0;
}
