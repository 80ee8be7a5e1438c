/** Groups of equal score, one after the other: counts, areas under curves, and the points of a curve. */
import { BACKGROUND, countOf, FOREGROUND } from './key-list';
import { keyAtPlace } from './keys';
import { lostOf } from './two-sum';

/** Areas under less than so many voxels of background are added up in registers, over the rows of a list. */
const SMALL: u64 = 65536;

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
export function walkScores(
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
  // Rows from `alone` on are looked at together again.
  let alone = list;
  for (let at = list, end = list + (<usize>rows << 2); at < end; at += 4) {
    if (!high && at >= alone) {
      // Of background alone nothing but the counts grows: four rows at once, where they come to no point.
      while (at + 16 <= end && !v128.any_true(v128.load(at + FOREGROUND))) {
        const four = v128.load(at + BACKGROUND);
        const pairs = i64x2.add(i64x2.extend_low_i32x4_u(four), i64x2.extend_high_i32x4_u(four));
        const b = <u64>(i64x2.extract_lane(pairs, 0) + i64x2.extract_lane(pairs, 1));
        const last = keyAtPlace(step, load<u32>(at, 12), logit);
        const after = fp + <f64><i64>b;
        if (b >= SMALL || after >= nextFp || tp >= nextTp || (last <= nextKey && nextKey != 0)) break;
        areaLow += b * (twiceTp & 0xffffffff);
        areaHigh += b * (twiceTp >> 32);
        fp = after;
        key = last;
        at += 16;
      }
      if (at >= end) break;
      alone = at + 16;
    }
    const b = countOf(high, at, BACKGROUND, cells);
    const f = countOf(high, at, FOREGROUND, cells);
    key = keyAtPlace(step, load<u32>(at), logit);
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
      compensation += lostOf(sum, term, next);
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
