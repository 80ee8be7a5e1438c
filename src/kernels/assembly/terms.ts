/**
 * The terms of two voxels at a time. Each term is one float64 defined by the voxel's score and side alone, right to a few
 * units of its last place however small it is; sums of terms are exact (wide-sums.ts).
 */
import { expPair, logPair, minusLogs } from './math';

/** Voxels whose intermediate values are kept in cache between the stages. */
export const BLOCK: i32 = 512;
/** The error e of each voxel of the block: 1 - q, q the score of the truth, kept apart because 1 - q loses a small one. */
export const errors = memory.data(BLOCK * 8, 16);
/** -log q. */
const negLog = memory.data(BLOCK * 8, 16);
/** q of probabilities. */
const truths = memory.data(BLOCK * 8, 16);

/** A row of the terms: gamma, the least e of each side, the largest e, the least and the largest -log q of each side. */
export const TERM_ROW: usize = 64;

/** Keeps the errors of two probabilities, and what `stageLogs` takes. `side` counts where it is `sided`: else both are background. */
// @ts-ignore: decorator
@inline
export function stageProbability(p: v128, sided: bool, side: v128, at: usize, needsLog: bool): void {
  const one = f64x2.splat(1.0);
  const rest = f64x2.sub(one, p);
  const swapped = sided ? v128.and(v128.xor(p, rest), side) : p;
  const error = sided ? v128.xor(p, swapped) : p;
  v128.store(errors + at, error);
  if (!needsLog) return;
  const truth = sided ? v128.xor(rest, swapped) : rest;
  v128.store(truths + at, truth);
  // The truth's score is 1 - e; where that is not a float64, what q has lost of e is put back (q is then next to 1).
  v128.store(negLog + at, f64x2.sub(error, f64x2.sub(one, truth)));
}

/** -log q of the block's probabilities; of two voxels where the last has no other. */
export function stageLogs(length: i32): void {
  minusLogs(truths, negLog, <usize>length << 3);
}

/** The same of two logits: u = x on foreground, -x on background; e = sigmoid(-u), -log q = softplus(-u). */
// @ts-ignore: decorator
@inline
export function stageLogit(x: v128, foreground: v128, at: usize, needsLog: bool): void {
  const one = f64x2.splat(1.0);
  const u = v128.xor(x, v128.andnot(f64x2.splat(-0.0), foreground));
  const e = expPair(f64x2.neg(f64x2.abs(x)));
  const sum = f64x2.add(one, e);
  const agrees = f64x2.ge(u, f64x2.splat(0.0));
  v128.store(errors + at, f64x2.div(v128.bitselect(e, one, agrees), sum));
  if (needsLog) {
    const lost = f64x2.sub(e, f64x2.sub(sum, one));
    v128.store(negLog + at, f64x2.add(f64x2.pmax(f64x2.neg(u), f64x2.splat(0.0)), f64x2.add(logPair(sum), lost)));
  }
}

/** The least and the largest -log q of the block, two lanes each. */
const bounds = memory.data(32, 16);

/** Finds the bounds of -log q of the block. Of up to three numbers behind its last they may be as well. */
export function boundLogs(length: i32): void {
  // Of floats that are not negative the order is that of their bits; two chains, since each step waits for the one before.
  let least = f64x2.splat(Infinity);
  let most = f64x2.splat(0.0);
  let leastOdd = least;
  let mostOdd = most;
  for (let i: usize = 0, end: usize = <usize>length << 3; i < end; i += 32) {
    const log = v128.load(negLog + i);
    const odd = v128.load(negLog + i, 16);
    least = f64x2.pmin(least, log);
    most = f64x2.pmax(most, log);
    leastOdd = f64x2.pmin(leastOdd, odd);
    mostOdd = f64x2.pmax(mostOdd, odd);
  }
  v128.store(bounds, f64x2.pmin(least, leastOdd));
  v128.store(bounds, f64x2.pmax(most, mostOdd), 16);
}

/** Whether a term of the block is -log q of every voxel: a cross-entropy whose bounds touch none. */
export function isPlain(row: usize): bool {
  return load<f64>(row) == 0.0
    && min(load<f64>(bounds), load<f64>(bounds, 8)) >= max(load<f64>(row, 32), load<f64>(row, 40))
    && max(load<f64>(bounds, 16), load<f64>(bounds, 24)) <= min(load<f64>(row, 48), load<f64>(row, 56));
}

/** What is summed of a voxel: its error, -log q, -log q within its bounds, or that times e^gamma. */
export const ERROR: i32 = 0, PLAIN: i32 = 1, LOG: i32 = 2, SQUARE: i32 = 3, POWER: i32 = 4;

/** One of two numbers behind each other by the side of each voxel; of background alone where it is not `sided`. */
// @ts-ignore: decorator
@inline
function bySide(at: usize, sided: bool, side: v128): v128 {
  const background = v128.load64_splat(at, 8);
  return sided ? v128.bitselect(v128.load64_splat(at), background, side) : background;
}

/** The terms of two voxels of the block. `side` counts where some of its voxels are foreground: where it is `sided`. */
// @ts-ignore: decorator
@inline
export function termPair(kind: i32, row: usize, i: usize, sided: bool, side: v128): v128 {
  if (kind == ERROR) return v128.load(errors + i);
  if (kind == PLAIN) return v128.load(negLog + i);
  const leastLog = bySide(row + 32, sided, side);
  const log = f64x2.pmin(f64x2.pmax(v128.load(negLog + i), leastLog), bySide(row + 48, sided, side));
  if (kind == LOG) return log;
  const leastError = bySide(row + 8, sided, side);
  const error = f64x2.pmin(f64x2.pmax(v128.load(errors + i), leastError), v128.load64_splat(row, 24));
  if (kind == SQUARE) return f64x2.mul(f64x2.mul(error, error), log);
  return f64x2.mul(power(error, load<f64>(row)), log);
}

/** The kind of a term. */
// @ts-ignore: decorator
@inline
export function kindOf(row: usize): i32 {
  const gamma = load<f64>(row);
  return gamma == 0.0 ? LOG : gamma == 2.0 ? SQUARE : POWER;
}

/** base^gamma for two bases in [0, 1] and gamma > 0. */
// @ts-ignore: decorator
@inline
function power(base: v128, gamma: f64): v128 {
  if (gamma == 1.0) return base;
  const value = expPair(f64x2.mul(f64x2.splat(gamma), logPair(base)));
  return v128.and(value, f64x2.gt(base, f64x2.splat(0.0)));
}
