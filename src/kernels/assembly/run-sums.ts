/** The same sums over the voxels of a bucket of keys. */
import { clippedLog, ENTROPY } from './classes';
import { BACKGROUND, countOf, FOREGROUND } from './key-list';
import { scoreOfKey } from './keys';
import {
  BLOCK, ERROR, kindOf, LOG, POWER, SQUARE, stageLogit, stageLogs, stageProbability, TERM_ROW, termPair,
} from './terms';
import { addTimes, WIDE_BYTES } from './wide-sums';

/** Runs of a bucket that wait to be summed: score, side (all ones on foreground) and count of each. */
const runScore = memory.data(BLOCK * 8, 16);
const runSide = memory.data(BLOCK * 8, 16);
const runCount = memory.data(BLOCK * 8, 16);

/**
 * The sums of `sumTerms` over the voxels of a bucket in a list of `rows` keys (key-list.ts): a key
 * gives its score exactly and the stages are those of the tiles, so each term is the same number; it counts as often as
 * there are voxels that have the key. Arguments and `out` as for `sumTerms`.
 */
export function sumRunTerms(
  list: usize, rows: i32, cells: usize, bucket: i32, logit: i32, threshold: f32, terms: usize, termCount: i32, out: usize,
): void {
  let waiting = 0;
  for (let row = list, end = list + (<usize>rows << 2); row < end; row += 4) {
    const key = (<u32>bucket << 16) | load<u32>(row);
    for (let side = 0; side < 2; side++) {
      const foreground = side == 1;
      const count = foreground ? countOf(true, row, FOREGROUND, cells) : countOf(true, row, BACKGROUND, cells);
      if (!count) continue;
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
    if (logit) stageLogit(value, foreground, i, needsLog);
    else stageProbability(value, true, foreground, i, needsLog);
  }
  if (needsLog && !logit) stageLogs(length);
  let at = out + 32;
  addRunTerms(ERROR, 0, end, at);
  for (let term = 0; term < termCount; term++) {
    at += 2 * WIDE_BYTES;
    const row = terms + <usize>term * TERM_ROW;
    switch (kindOf(row)) {
      case LOG: addRunTerms(LOG, row, end, at); break;
      case SQUARE: addRunTerms(SQUARE, row, end, at); break;
      case POWER: addRunTerms(POWER, row, end, at); break;
      default: unreachable();
    }
  }
}

/** Adds the terms of the runs, each as often as it counts, to the sums over all and over the foreground. */
// @ts-ignore: decorator
@inline
function addRunTerms(kind: i32, row: usize, end: usize, at: usize): void {
  for (let i: usize = 0; i < end; i += 16) {
    const value = termPair(kind, row, i, true, v128.load(runSide + i));
    addSided(f64x2.extract_lane(value, 0), i, at);
    addSided(f64x2.extract_lane(value, 1), i + 8, at);
  }
}

function addSided(term: f64, i: usize, at: usize): void {
  const count = load<u64>(runCount + i);
  if (!count) return;
  addTimes(term, count, at);
  if (load<i64>(runSide + i)) addTimes(term, count, at + WIDE_BYTES);
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
