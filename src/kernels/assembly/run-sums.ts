/** The same sums over the voxels of a bucket of keys. */
import { WORDS } from './cells';
import { scoreOfKey } from './keys';
import { BLOCK, clampedLog, ERROR_SCALE, focalPair, stageLogit, stageLogs, stageProbability, TERM_SCALE, toInteger } from './terms';

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
  for (let word: usize = 0; word < WORDS; word++) {
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
