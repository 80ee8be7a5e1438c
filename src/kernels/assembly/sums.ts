/**
 * Exact sums of per-voxel terms. Each term is one float64 defined by the voxel's score and side alone; it is rounded
 * once to a multiple of 2^-k and added as an integer, so no order, tile or thread count can change a sum.
 */
import { expPair, logPair } from './math';

/** 1.5 * 2^52: adding it to |v| < 2^51 leaves round-to-nearest(v) in the low bits of the float64. */
const MAGIC: f64 = 6755399441055744.0;
const MAGIC_BITS: i64 = 0x4338000000000000;
/** Errors e in [0, 1] are summed in units of 2^-50, terms in [0, 100] in units of 2^-44. */
const ERROR_SCALE: f64 = 1125899906842624.0;
const TERM_SCALE: f64 = 17592186044416.0;

/** Voxels whose intermediate values are kept in cache between the stages. 2^10 * 2^51 fits an int64 lane. */
const BLOCK: i32 = 1024;
const truthScore = memory.data(BLOCK * 8, 16);
const negLog = memory.data(BLOCK * 8, 16);
const foregroundMask = memory.data(BLOCK * 8, 16);

// @ts-ignore: decorator
@inline
function toInteger(value: v128, scale: f64): v128 {
  return i64x2.sub(f64x2.add(f64x2.mul(value, f64x2.splat(scale)), f64x2.splat(MAGIC)), i64x2.splat(MAGIC_BITS));
}

/** Adds an int64 to a 128-bit sum kept as two int64: low 32-bit digits and the rest. */
// @ts-ignore: decorator
@inline
function flush(sum: v128, at: usize): void {
  const value = i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
  store<i64>(at, load<i64>(at) + (value & 0xffffffff));
  store<i64>(at, load<i64>(at, 8) + (value >> 32), 8);
}

/** The score of the truth and its negative log from two probabilities. */
// @ts-ignore: decorator
@inline
function stageProbability(p: v128, foreground: v128, at: usize, needsLog: bool): v128 {
  const rest = f64x2.sub(f64x2.splat(1.0), p);
  const q = v128.bitselect(p, rest, foreground);
  if (needsLog) {
    v128.store(truthScore + at, q);
    v128.store(negLog + at, f64x2.neg(logPair(q)));
  }
  return v128.bitselect(rest, p, foreground);
}

/** The same from two logits: u = x on foreground, -x on background; q = sigmoid(u), -log q = softplus(-u). */
// @ts-ignore: decorator
@inline
function stageLogit(x: v128, foreground: v128, at: usize, needsLog: bool): v128 {
  const one = f64x2.splat(1.0);
  const u = v128.xor(x, v128.andnot(f64x2.splat(-0.0), foreground));
  const e = expPair(f64x2.neg(f64x2.abs(x)));
  const sum = f64x2.add(one, e);
  const large = f64x2.div(one, sum);
  const small = f64x2.div(e, sum);
  const agrees = f64x2.ge(u, f64x2.splat(0.0));
  if (needsLog) {
    v128.store(truthScore + at, v128.bitselect(large, small, agrees));
    v128.store(negLog + at, f64x2.add(f64x2.pmax(f64x2.neg(u), f64x2.splat(0.0)), logPair(sum)));
  }
  return v128.bitselect(small, large, agrees);
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
      const valid = i32x4.lt_s(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), i32x4.splat(length));
      const positive = i32x4.bitmask(v128.and(f32x4.gt(score, thresholds), valid));
      const sideBits = i32x4.bitmask(v128.and(side, valid));
      foregroundCount += popcnt(sideBits);
      truePositives += popcnt(positive & sideBits);
      falsePositives += popcnt(positive & ~sideBits);
      for (let half = 0; half < 2; half++) {
        const low = half == 0;
        const value = f64x2.promote_low_f32x4(low ? score : v128.shuffle<i32>(score, score, 2, 3, 2, 3));
        const foreground = low ? i64x2.extend_low_i32x4_s(side) : i64x2.extend_high_i32x4_s(side);
        const here = low ? i64x2.extend_low_i32x4_s(valid) : i64x2.extend_high_i32x4_s(valid);
        const store: usize = (i + (half << 1)) << 3;
        const error = logit
          ? stageLogit(value, foreground, store, needsLog)
          : stageProbability(value, foreground, store, needsLog);
        if (needsLog) v128.store(foregroundMask + store, foreground);
        const integer = v128.and(toInteger(error, ERROR_SCALE), here);
        errorAll = i64x2.add(errorAll, integer);
        errorForeground = i64x2.add(errorForeground, v128.and(integer, foreground));
      }
    }
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

/** -log q of two voxels of the block within its bounds. */
// @ts-ignore: decorator
@inline
function clampedLog(spec: usize, i: usize, side: v128): v128 {
  const highest = v128.bitselect(v128.load64_splat(spec, 32), v128.load64_splat(spec, 40), side);
  return f64x2.pmin(f64x2.pmax(v128.load(negLog + i), v128.load64_splat(spec, 24)), highest);
}

/** (1 - q)^gamma * -log q for two voxels of the block; gamma 2 by a product, most others by exp and log. */
// @ts-ignore: decorator
@inline
function focalPair(spec: usize, i: usize, side: v128, gamma: f64): v128 {
  const one = f64x2.splat(1.0);
  const least = v128.bitselect(v128.load64_splat(spec, 8), v128.load64_splat(spec, 16), side);
  const q = f64x2.pmin(f64x2.pmax(v128.load(truthScore + i), least), f64x2.sub(one, v128.load64_splat(spec, 8)));
  return f64x2.mul(power(f64x2.sub(one, q), gamma), clampedLog(spec, i, side));
}

/** base^gamma for two bases in [0, 1] and gamma > 0. */
// @ts-ignore: decorator
@inline
export function power(base: v128, gamma: f64): v128 {
  if (gamma == 2.0) return f64x2.mul(base, base);
  if (gamma == 1.0) return base;
  const value = expPair(f64x2.mul(f64x2.splat(gamma), logPair(base)));
  return v128.and(value, f64x2.gt(base, f64x2.splat(0.0)));
}
