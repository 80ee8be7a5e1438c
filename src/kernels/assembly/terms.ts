/**
 * The terms of two voxels at a time. Each term is one float64 defined by the voxel's score and side alone; it is rounded
 * once to a multiple of 2^-k and added as an integer, so no order, tile or thread count can change a sum.
 */
import { expPair, logPair } from './math';

/** 1.5 * 2^52: adding it to |v| < 2^51 leaves round-to-nearest(v) in the low bits of the float64. */
const MAGIC: f64 = 6755399441055744.0;
const MAGIC_BITS: i64 = 0x4338000000000000;
/** Errors e in [0, 1] are summed in units of 2^-50, terms in [0, 100] in units of 2^-44. */
export const ERROR_SCALE: f64 = 1125899906842624.0;
export const TERM_SCALE: f64 = 17592186044416.0;

/** Voxels whose intermediate values are kept in cache between the stages. 2^10 * 2^51 fits an int64 lane. */
export const BLOCK: i32 = 1024;
const truthScore = memory.data(BLOCK * 8, 16);
const negLog = memory.data(BLOCK * 8, 16);

// @ts-ignore: decorator
@inline
export function toInteger(value: v128, scale: f64): v128 {
  return i64x2.sub(f64x2.add(f64x2.mul(value, f64x2.splat(scale)), f64x2.splat(MAGIC)), i64x2.splat(MAGIC_BITS));
}

/** The error of two probabilities; keeps the score of the truth for the terms. */
// @ts-ignore: decorator
@inline
export function stageProbability(p: v128, foreground: v128, at: usize, needsLog: bool): v128 {
  const rest = f64x2.sub(f64x2.splat(1.0), p);
  if (needsLog) v128.store(truthScore + at, v128.bitselect(p, rest, foreground));
  return v128.bitselect(rest, p, foreground);
}

/** -log q of the block's probabilities; rounds up to two voxels. */
export function stageLogs(length: i32): void {
  for (let i: usize = 0, end: usize = <usize>length << 3; i < end; i += 16) {
    v128.store(negLog + i, f64x2.neg(logPair(v128.load(truthScore + i))));
  }
}

/** The same of two logits: u = x on foreground, -x on background; q = sigmoid(u), -log q = softplus(-u). */
// @ts-ignore: decorator
@inline
export function stageLogit(x: v128, foreground: v128, at: usize, needsLog: bool): v128 {
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

/** -log q of two voxels of the block within its bounds. */
// @ts-ignore: decorator
@inline
export function clampedLog(spec: usize, i: usize, side: v128): v128 {
  const highest = v128.bitselect(v128.load64_splat(spec, 32), v128.load64_splat(spec, 40), side);
  return f64x2.pmin(f64x2.pmax(v128.load(negLog + i), v128.load64_splat(spec, 24)), highest);
}

/** (1 - q)^gamma * -log q for two voxels of the block; gamma 2 by a product, most others by exp and log. */
// @ts-ignore: decorator
@inline
export function focalPair(spec: usize, i: usize, side: v128, gamma: f64): v128 {
  const one = f64x2.splat(1.0);
  const least = v128.bitselect(v128.load64_splat(spec, 8), v128.load64_splat(spec, 16), side);
  const q = f64x2.pmin(f64x2.pmax(v128.load(truthScore + i), least), f64x2.sub(one, v128.load64_splat(spec, 8)));
  return f64x2.mul(power(f64x2.sub(one, q), gamma), clampedLog(spec, i, side));
}

/** base^gamma for two bases in [0, 1] and gamma > 0. */
// @ts-ignore: decorator
@inline
function power(base: v128, gamma: f64): v128 {
  if (gamma == 2.0) return f64x2.mul(base, base);
  if (gamma == 1.0) return base;
  const value = expPair(f64x2.mul(f64x2.splat(gamma), logPair(base)));
  return v128.and(value, f64x2.gt(base, f64x2.splat(0.0)));
}
