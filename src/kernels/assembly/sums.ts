/** Exact sums of the terms of a tile's voxels. */
import { BLOCK, clampedLog, ERROR_SCALE, focalPair, stageLogit, stageLogs, stageProbability, TERM_SCALE, toInteger } from './terms';

/** Which voxels of the block are foreground (all ones). */
const foregroundMask = memory.data(BLOCK * 8, 16);

/** Adds an int64 to a 128-bit sum kept as two int64: low 32-bit digits and the rest. */
// @ts-ignore: decorator
@inline
function flush(sum: v128, at: usize): void {
  const value = i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
  store<i64>(at, load<i64>(at) + (value & 0xffffffff));
  store<i64>(at, load<i64>(at, 8) + (value >> 32), 8);
}

/**
 * Sums over `count` voxels, added to what stands at `out`.
 *
 * - `scores`: float32 probabilities (`logit` 0) or logits (1). Readable up to the next multiple of 4 voxels.
 * - `mask`: a byte a voxel, 1 on foreground, 0 on background. Same.
 * - `terms`: for each of `termCount` terms 6 float64: gamma, the least q on foreground and on background, the least
 *   -log q, and the largest -log q on foreground and on background. (Clipping p to [c, 1 - c] leaves q at least c on
 *   foreground and 1 - (1 - c), which differs in float64, on background.)
 * - `out`: int64 [foreground voxels, hard tp, hard fp, unused], then 128-bit sums (two int64 each: low digits of
 *   32 bits, rest) of the error over all voxels and over the foreground, then of each term likewise.
 */
export function sumTerms(
  scores: usize, mask: usize, count: i32, logit: i32, threshold: f32, terms: usize, termCount: i32, out: usize,
): void {
  let foregroundCount: i64 = 0;
  let truePositives: i64 = 0;
  let falsePositives: i64 = 0;
  const thresholds = f32x4.splat(threshold);
  const needsLog = termCount > 0;
  for (let start = 0; start < count; start += BLOCK) {
    const length = min(BLOCK, count - start);
    let errorAll = i64x2.splat(0);
    let errorForeground = i64x2.splat(0);
    for (let i = 0; i < length; i += 4) {
      const at: usize = start + i;
      const score = v128.load(scores + (at << 2));
      const bytes = v128.load32_splat(mask + at);
      const side = i32x4.ne(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)), i32x4.splat(0));
      // Lanes past the end are silenced by `valid`.
      const valid = i + 4 <= length
        ? i32x4.splat(-1)
        : i32x4.lt_s(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), i32x4.splat(length));
      const positive = i32x4.bitmask(v128.and(f32x4.gt(score, thresholds), valid));
      const sideBits = i32x4.bitmask(v128.and(side, valid));
      foregroundCount += popcnt(sideBits);
      truePositives += popcnt(positive & sideBits);
      falsePositives += popcnt(positive & ~sideBits);
      const upper = v128.shuffle<i32>(score, score, 2, 3, 2, 3);
      const sideLow = i64x2.extend_low_i32x4_s(side);
      const sideHigh = i64x2.extend_high_i32x4_s(side);
      const place: usize = <usize>i << 3;
      const low = f64x2.promote_low_f32x4(score);
      const high = f64x2.promote_low_f32x4(upper);
      let errorLow: v128;
      let errorHigh: v128;
      if (logit) {
        errorLow = stageLogit(low, sideLow, place, needsLog);
        errorHigh = stageLogit(high, sideHigh, place + 16, needsLog);
      } else {
        errorLow = stageProbability(low, sideLow, place, needsLog);
        errorHigh = stageProbability(high, sideHigh, place + 16, needsLog);
      }
      if (needsLog) {
        v128.store(foregroundMask + place, sideLow);
        v128.store(foregroundMask + place, sideHigh, 16);
      }
      const integerLow = v128.and(toInteger(errorLow, ERROR_SCALE), i64x2.extend_low_i32x4_s(valid));
      const integerHigh = v128.and(toInteger(errorHigh, ERROR_SCALE), i64x2.extend_high_i32x4_s(valid));
      errorAll = i64x2.add(errorAll, i64x2.add(integerLow, integerHigh));
      errorForeground = i64x2.add(
        errorForeground,
        i64x2.add(v128.and(integerLow, sideLow), v128.and(integerHigh, sideHigh)),
      );
    }
    if (needsLog && !logit) stageLogs(length);
    let at = out + 32;
    flush(errorAll, at);
    flush(errorForeground, at + 16);
    for (let term = 0; term < termCount; term++) {
      at += 32;
      sumTerm(terms + <usize>term * 48, length, at);
    }
  }
  store<i64>(out, load<i64>(out) + foregroundCount);
  store<i64>(out, load<i64>(out, 8) + truePositives, 8);
  store<i64>(out, load<i64>(out, 16) + falsePositives, 16);
}

/** One term over the block that stands in the scratch arrays. */
function sumTerm(spec: usize, length: i32, out: usize): void {
  const gamma = load<f64>(spec);
  let all = i64x2.splat(0);
  let foreground = i64x2.splat(0);
  const pairs = length & ~1;
  if (gamma == 0.0) {
    for (let i: usize = 0, end: usize = <usize>pairs << 3; i < end; i += 16) {
      const side = v128.load(foregroundMask + i);
      const integer = toInteger(clampedLog(spec, i, side), TERM_SCALE);
      all = i64x2.add(all, integer);
      foreground = i64x2.add(foreground, v128.and(integer, side));
    }
  } else {
    for (let i: usize = 0, end: usize = <usize>pairs << 3; i < end; i += 16) {
      const side = v128.load(foregroundMask + i);
      const integer = toInteger(focalPair(spec, i, side, gamma), TERM_SCALE);
      all = i64x2.add(all, integer);
      foreground = i64x2.add(foreground, v128.and(integer, side));
    }
  }
  if (length & 1) {
    const i: usize = <usize>pairs << 3;
    const side = v128.load(foregroundMask + i);
    const term = gamma == 0.0 ? clampedLog(spec, i, side) : focalPair(spec, i, side, gamma);
    const integer = v128.and(toInteger(term, TERM_SCALE), i64x2(-1, 0));
    all = i64x2.add(all, integer);
    foreground = i64x2.add(foreground, v128.and(integer, side));
  }
  flush(all, out);
  flush(foreground, out + 16);
}
