/**
 * Exact sums of per-voxel terms. Each term is one float64 defined by the voxel's score and side alone; it is rounded
 * once to a multiple of 2^-k and added as an integer, so no order, tile or thread count can change a sum.
 */
import { expPair, logPair } from './math';
import { scoreOfKey } from './keys';

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

/** The error of two probabilities; keeps the score of the truth for the terms. */
// @ts-ignore: decorator
@inline
function stageProbability(p: v128, foreground: v128, at: usize, needsLog: bool): v128 {
  const rest = f64x2.sub(f64x2.splat(1.0), p);
  if (needsLog) v128.store(truthScore + at, v128.bitselect(p, rest, foreground));
  return v128.bitselect(rest, p, foreground);
}

/** -log q of the block's probabilities; rounds up to two voxels. */
function stageLogs(length: i32): void {
  for (let i: usize = 0, end: usize = <usize>length << 3; i < end; i += 16) {
    v128.store(negLog + i, f64x2.neg(logPair(v128.load(truthScore + i))));
  }
}

/** The same of two logits: u = x on foreground, -x on background; q = sigmoid(u), -log q = softplus(-u). */
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

/** Runs of a bucket that wait to be summed: score, side (all ones on foreground) and count of each. */
const runScore = memory.data(BLOCK * 8, 16);
const runSide = memory.data(BLOCK * 8, 16);
const runCount = memory.data(BLOCK * 8, 16);
const runError = memory.data(BLOCK * 8, 16);

/**
 * The sums of `sumTerms` over the voxels of a bucket that stand in cells [background, foreground] of uint64: a key
 * gives its score exactly and the stages are those of the tiles, so each term is the same integer; it is multiplied by
 * the number of voxels that have the key. Arguments and `out` as for `sumTerms`.
 */
export function sumRunTerms(
  cells: usize, bitmap: usize, bucket: i32, logit: i32, threshold: f32, terms: usize, termCount: i32, out: usize,
): void {
  let waiting = 0;
  for (let word: usize = 0; word < 1024; word++) {
    let bits = load<u64>(bitmap + (word << 3));
    while (bits) {
      const low = (<u32>word << 6) + <u32>ctz(bits);
      bits &= bits - 1;
      const key = (<u32>bucket << 16) | low;
      for (let side = 0; side < 2; side++) {
        const count = load<u64>(cells + (<usize>low << 4) + (<usize>side << 3));
        if (!count) continue;
        const foreground = side == 1;
        const score = scoreOfKey(key, foreground, logit != 0);
        countRun(score > threshold, foreground, count, out);
        const at = <usize>waiting << 3;
        store<f64>(runScore + at, <f64>score);
        store<i64>(runSide + at, foreground ? -1 : 0);
        store<u64>(runCount + at, count);
        if (++waiting == BLOCK) {
          sumRuns(waiting, logit != 0, terms, termCount, out);
          waiting = 0;
        }
      }
    }
  }
  sumRuns(waiting, logit != 0, terms, termCount, out);
}

// @ts-ignore: decorator
@inline
function countRun(positive: bool, foreground: bool, count: u64, out: usize): void {
  if (foreground) store<u64>(out, load<u64>(out) + count);
  if (!positive) return;
  const at = out + (foreground ? 8 : 16);
  store<u64>(at, load<u64>(at) + count);
}

/** Adds the runs that wait. An odd one is paired with what stands behind it, which counts 0. */
function sumRuns(length: i32, logit: bool, terms: usize, termCount: i32, out: usize): void {
  const needsLog = termCount > 0;
  if (length & 1) {
    const at = <usize>length << 3;
    store<f64>(runScore + at, 0.5);
    store<u64>(runCount + at, 0);
  }
  const end = <usize>(length + (length & 1)) << 3;
  for (let i: usize = 0; i < end; i += 16) {
    const value = v128.load(runScore + i);
    const foreground = v128.load(runSide + i);
    const error = logit
      ? stageLogit(value, foreground, i, needsLog)
      : stageProbability(value, foreground, i, needsLog);
    v128.store(runError + i, toInteger(error, ERROR_SCALE));
  }
  if (needsLog && !logit) stageLogs(length);
  for (let i: usize = 0; i < end; i += 8) {
    addSided(load<u64>(runError + i), i, out + 32);
  }
  let at = out + 32;
  for (let term = 0; term < termCount; term++) {
    at += 32;
    const spec = terms + <usize>term * 48;
    const gamma = load<f64>(spec);
    for (let i: usize = 0; i < end; i += 16) {
      const side = v128.load(runSide + i);
      const value = gamma == 0.0 ? clampedLog(spec, i, side) : focalPair(spec, i, side, gamma);
      const integer = toInteger(value, TERM_SCALE);
      addSided(i64x2.extract_lane(integer, 0), i, at);
      addSided(i64x2.extract_lane(integer, 1), i + 8, at);
    }
  }
}

/** Adds the term of the run at `i`, as often as it counts, to the sums over all and over the foreground. */
// @ts-ignore: decorator
@inline
function addSided(term: u64, i: usize, at: usize): void {
  const count = load<u64>(runCount + i);
  addProduct(term, count, at);
  if (load<i64>(runSide + i)) addProduct(term, count, at + 16);
}

/** Adds `term * count`, both below 2^53, to a 128-bit sum (low 32-bit digits, rest). The sum must stay below 2^95. */
// @ts-ignore: decorator
@inline
export function addProduct(term: u64, count: u64, at: usize): void {
  const t = term >> 32;
  const c = count >> 32;
  const low = (term & 0xffffffff) * (count & 0xffffffff);
  const middle = t * (count & 0xffffffff) + (term & 0xffffffff) * c;
  store<u64>(at, load<u64>(at) + (low & 0xffffffff));
  store<u64>(at, load<u64>(at, 8) + (low >> 32) + middle + ((t * c) << 32), 8);
}
