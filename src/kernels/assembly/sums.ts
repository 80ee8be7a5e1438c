/** Exact sums of the terms of a tile's voxels. */
import { countMasked } from './convert';
import { sideOf, sumErrors, sumLanes } from './probability-errors';
import {
  BLOCK, boundLogs, ERROR, isPlain, kindOf, LOG, PLAIN, POWER, SQUARE, stageLogit, stageLogs, stageProbability,
  TERM_ROW, termPair,
} from './terms';
import { addTimes, addWide, clearWide, DIGITS, FIRST, flushDigit, magicPair, WIDE_BYTES } from './wide-sums';

/** Which voxels of the block are foreground (all ones), where it is sided. */
const foregroundMask = memory.data(BLOCK * 8, 16);
/** What the first digits have left of the block's terms. */
const rests = memory.data(BLOCK * 8, 16);
/** The sums of -log q of the block, over all and over the foreground, that terms share whose bounds touch none. */
const plainSums = memory.data(2 * 336, 16);

/**
 * Sums over `count` voxels, added to what stands at `out`.
 *
 * - `scores`: float32 probabilities (`logit` 0) or logits (1). Readable up to the next multiple of 4 voxels.
 * - `mask`: a byte a voxel, 1 on foreground, 0 on background. Readable up to the next multiple of 16 voxels.
 * - `terms`: for each of `termCount` terms 8 float64: gamma, the least error e = 1 - q on foreground and on background,
 *   the largest error, and the least and then the largest -log q, each on foreground and on background. (p is clipped to
 *   [c, h], h the float64 next to 1 - c: then 1 - p is at least 1 - h, which is not c.)
 * - `out`: int64 [foreground voxels, hard tp, hard fp, unused], then wide sums of the error over all voxels and over the
 *   foreground, then of each term likewise.
 */
export function sumTerms(
  scores: usize, mask: usize, count: i32, logit: i32, threshold: f32, terms: usize, termCount: i32, out: usize,
): void {
  const needsLog = termCount > 0;
  for (let start = 0; start < count; start += BLOCK) {
    const length = min(BLOCK, count - start);
    const score = scores + (<usize>start << 2);
    const side = mask + <usize>start;
    const foreground = countMasked(side, length, 1);
    if (foreground > 0) countSided(score, side, length, threshold, out);
    else countBackground(score, side, length, threshold, out);
    if (logit) {
      stage(true, true, score, side, length, needsLog);
      sumKind(ERROR, 0, length, foreground, out + 32);
    } else {
      sumErrors(score, side, length, foreground, out + 32);
    }
    store<i64>(out, load<i64>(out) + foreground);
    if (!needsLog) continue;
    if (!logit) {
      if (foreground > 0) stageSided(score, side, length);
      else stageBackground(score, side, length);
      stageLogs(length);
    }
    boundLogs(length);
    let at = out + 32;
    let summed = false;
    for (let term = 0; term < termCount; term++) {
      at += 2 * WIDE_BYTES;
      const row = terms + <usize>term * TERM_ROW;
      if (!isPlain(row)) {
        sumKind(kindOf(row), row, length, foreground, at);
        continue;
      }
      if (!summed) {
        clearWide(plainSums, 2);
        sumKind(PLAIN, row, length, foreground, plainSums);
        summed = true;
      }
      addWide(plainSums, 2, at);
    }
  }
}

/*
 * A block is sided where some of its voxels are foreground; most hold none. Each kind of block has functions of its own: of two calls
 * in one function the compiler makes one loop that asks at every step.
 */

function countSided(scores: usize, mask: usize, length: i32, threshold: f32, out: usize): void {
  countPositive(true, scores, mask, length, threshold, out);
}

function countBackground(scores: usize, mask: usize, length: i32, threshold: f32, out: usize): void {
  countPositive(false, scores, mask, length, threshold, out);
}

function stageSided(scores: usize, mask: usize, length: i32): void {
  stage(false, true, scores, mask, length, true);
}

function stageBackground(scores: usize, mask: usize, length: i32): void {
  stage(false, false, scores, mask, length, true);
}

/** Counts the voxels above the threshold, on foreground and on background. */
// @ts-ignore: decorator
@inline
function countPositive(
  sided: bool, scores: usize, mask: usize, length: i32, threshold: f32, out: usize,
): void {
  const thresholds = f32x4.splat(threshold);
  let all = i32x4.splat(0);
  let onForeground = i32x4.splat(0);
  const whole: usize = length & ~3;
  for (let i: usize = 0; i < whole; i += 4) {
    const positive = f32x4.gt(v128.load(scores + (i << 2)), thresholds);
    all = i32x4.sub(all, positive);
    if (sided) onForeground = i32x4.sub(onForeground, v128.and(positive, sideOf(mask + i)));
  }
  let positives = sumLanes(all);
  let truePositives = sumLanes(onForeground);
  for (let i = whole; i < <usize>length; i++) {
    if (!(load<f32>(scores + (i << 2)) > threshold)) continue;
    positives++;
    truePositives += load<u8>(mask + i);
  }
  store<i64>(out, load<i64>(out, 8) + truePositives, 8);
  store<i64>(out, load<i64>(out, 16) + (positives - truePositives), 16);
}

/** Keeps of each voxel of the block what its terms are made of. */
// @ts-ignore: decorator
@inline
function stage(logit: bool, sided: bool, scores: usize, mask: usize, length: i32, needsLog: bool): void {
  for (let i: usize = 0; i < <usize>length; i += 4) {
    const score = v128.load(scores + (i << 2));
    const upper = v128.shuffle<i32>(score, score, 2, 3, 2, 3);
    const side = sided ? sideOf(mask + i) : i32x4.splat(0);
    const at = i << 3;
    stagePair(logit, sided, f64x2.promote_low_f32x4(score), i64x2.extend_low_i32x4_s(side), at, needsLog);
    stagePair(logit, sided, f64x2.promote_low_f32x4(upper), i64x2.extend_high_i32x4_s(side), at + 16, needsLog);
  }
}

// @ts-ignore: decorator
@inline
function stagePair(logit: bool, sided: bool, score: v128, side: v128, at: usize, needsLog: bool): void {
  if (logit) stageLogit(score, side, at, needsLog);
  else stageProbability(score, sided, side, at, needsLog);
  if (sided) v128.store(foregroundMask + at, side);
}

/** One kind of term over the block of `length` voxels, `foreground` of them foreground. */
function sumKind(kind: i32, row: usize, length: i32, foreground: i32, out: usize): void {
  if (foreground > 0) sumSided(kind, row, length, foreground, out);
  else sumBackground(kind, row, length, out);
}

function sumSided(kind: i32, row: usize, length: i32, foreground: i32, out: usize): void {
  switch (kind) {
    case ERROR: sumBlock(ERROR, true, row, length, foreground, out); break;
    case LOG: sumBlock(LOG, true, row, length, foreground, out); break;
    case PLAIN: sumBlock(PLAIN, true, row, length, foreground, out); break;
    case SQUARE: sumBlock(SQUARE, true, row, length, foreground, out); break;
    case POWER: sumBlock(POWER, true, row, length, foreground, out); break;
    default: unreachable();
  }
}

function sumBackground(kind: i32, row: usize, length: i32, out: usize): void {
  switch (kind) {
    case ERROR: sumBlock(ERROR, false, row, length, 0, out); break;
    case LOG: sumBlock(LOG, false, row, length, 0, out); break;
    case PLAIN: sumBlock(PLAIN, false, row, length, 0, out); break;
    case SQUARE: sumBlock(SQUARE, false, row, length, 0, out); break;
    case POWER: sumBlock(POWER, false, row, length, 0, out); break;
    default: unreachable();
  }
}

/**
 * Adds the first digits of the block's terms in one loop, which is all of most terms; then as many more as something is
 * left for. `sided`: some are foreground. Of focal terms, cubes of the error, more is small: they take three digits at once.
 */
// @ts-ignore: decorator
@inline
function sumBlock(kind: i32, sided: bool, row: usize, length: i32, foreground: i32, out: usize): void {
  const third = kind == SQUARE || kind == POWER;
  const magic0 = magicPair(FIRST);
  const magic1 = magicPair(FIRST + 1);
  const magic2 = magicPair(FIRST + 2);
  let all0 = i64x2.splat(0);
  let all1 = i64x2.splat(0);
  let all2 = i64x2.splat(0);
  let foreground0 = i64x2.splat(0);
  let foreground1 = i64x2.splat(0);
  let foreground2 = i64x2.splat(0);
  let left = i64x2.splat(0);
  const pairs = length >> 1;
  for (let i: usize = 0, end: usize = <usize>pairs << 4; i < end; i += 16) {
    const side = sided ? v128.load(foregroundMask + i) : i64x2.splat(0);
    const value = termPair(kind, row, i, sided, side);
    const units0 = f64x2.add(value, magic0);
    const rest0 = f64x2.sub(value, f64x2.sub(units0, magic0));
    const units1 = f64x2.add(rest0, magic1);
    let rest = f64x2.sub(rest0, f64x2.sub(units1, magic1));
    all0 = i64x2.add(all0, units0);
    all1 = i64x2.add(all1, units1);
    if (sided) {
      foreground0 = i64x2.add(foreground0, v128.and(units0, side));
      foreground1 = i64x2.add(foreground1, v128.and(units1, side));
    }
    if (third) {
      const units2 = f64x2.add(rest, magic2);
      rest = f64x2.sub(rest, f64x2.sub(units2, magic2));
      all2 = i64x2.add(all2, units2);
      if (sided) foreground2 = i64x2.add(foreground2, v128.and(units2, side));
    }
    v128.store(rests + i, rest);
    left = v128.or(left, rest);
  }
  let paired = foreground;
  if (length & 1) {
    const last: usize = <usize>pairs << 4;
    const side = sided ? v128.load(foregroundMask + last) : i64x2.splat(0);
    const value = f64x2.extract_lane(termPair(kind, row, last, sided, side), 0);
    addTimes(value, 1, out);
    if (i64x2.extract_lane(side, 0)) {
      addTimes(value, 1, out + WIDE_BYTES);
      paired--;
    }
  }
  flushDigit(all0, 2 * pairs, FIRST, out);
  flushDigit(all1, 2 * pairs, FIRST + 1, out);
  if (third) flushDigit(all2, 2 * pairs, FIRST + 2, out);
  if (sided) {
    flushDigit(foreground0, paired, FIRST, out + WIDE_BYTES);
    flushDigit(foreground1, paired, FIRST + 1, out + WIDE_BYTES);
    if (third) flushDigit(foreground2, paired, FIRST + 2, out + WIDE_BYTES);
  }
  if (v128.any_true(left)) sumRests(sided, third ? FIRST + 3 : FIRST + 2, pairs, paired, out);
}

/** Adds what is in `rests`, from a digit on, until nothing is left. */
function sumRests(sided: bool, from: i32, pairs: i32, foreground: i32, out: usize): void {
  const end: usize = <usize>pairs << 4;
  for (let digit = from; digit < DIGITS; digit++) {
    const magic = magicPair(digit);
    let all = i64x2.splat(0);
    let onForeground = i64x2.splat(0);
    let left = i64x2.splat(0);
    for (let i: usize = 0; i < end; i += 16) {
      const before = v128.load(rests + i);
      const units = f64x2.add(before, magic);
      const rest = f64x2.sub(before, f64x2.sub(units, magic));
      all = i64x2.add(all, units);
      if (sided) onForeground = i64x2.add(onForeground, v128.and(units, v128.load(foregroundMask + i)));
      v128.store(rests + i, rest);
      left = v128.or(left, rest);
    }
    flushDigit(all, 2 * pairs, digit, out);
    if (sided) flushDigit(onForeground, foreground, digit, out + WIDE_BYTES);
    if (!v128.any_true(left)) return;
  }
}
