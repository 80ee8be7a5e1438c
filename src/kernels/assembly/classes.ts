/** Voxels of several competing classes: arg-max, softmax, cross-entropy and the confusion matrix. */
import { fault } from './convert';
import { expPair, logOfMore, naturalLog } from './math';
import { addTimes } from './wide-sums';

/**
 * target[i] = labels[k] of the channel k with the highest score; the lowest channel wins a tie. `channels`: addresses.
 * On the way the scores of each voxel are added up: a sum (float64, in the order of the channels) that differs from 1 by
 * more than `tolerance` goes to the float64 record `out`: [count, first index, first sum]. Nothing is asked of the sums
 * where `tolerance` is infinite. Scores are readable up to the next multiple of 4 voxels.
 */
export function decideChannels(
  channels: usize, channelCount: i32, count: i32, labels: usize, target: usize, tolerance: f64, out: usize,
): void {
  // float32 sums only tell which voxels must be looked at again: their rounding is far below the hundredth.
  const suspicious = f32x4.splat(<f32>(tolerance * 0.99));
  const one = f32x4.splat(1.0);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    let best = v128.load(<usize>load<u32>(channels) + at);
    let winner = i32x4.splat(0);
    let sum = best;
    for (let c = 1; c < channelCount; c++) {
      const score = v128.load(<usize>load<u32>(channels + (<usize>c << 2)) + at);
      const higher = f32x4.gt(score, best);
      best = v128.bitselect(score, best, higher);
      winner = v128.bitselect(i32x4.splat(c), winner, higher);
      sum = f32x4.add(sum, score);
    }
    // Labels of the voxels beyond the end are overwritten by nobody and read by nobody.
    const place = target + (<usize>i << 1);
    store<u16>(place, load<u16>(labels + (<usize>i32x4.extract_lane(winner, 0) << 1)));
    store<u16>(place, load<u16>(labels + (<usize>i32x4.extract_lane(winner, 1) << 1)), 2);
    store<u16>(place, load<u16>(labels + (<usize>i32x4.extract_lane(winner, 2) << 1)), 4);
    store<u16>(place, load<u16>(labels + (<usize>i32x4.extract_lane(winner, 3) << 1)), 6);
    if (v128.any_true(f32x4.gt(f32x4.abs(f32x4.sub(sum, one)), suspicious))) {
      checkSums(channels, channelCount, i, min(i + 4, count), tolerance, out);
    }
  }
}

/** Records the voxels `from` to `to` whose scores do not add up to 1. */
function checkSums(channels: usize, channelCount: i32, from: i32, to: i32, tolerance: f64, out: usize): void {
  for (let i = from; i < to; i++) {
    let sum: f64 = 0;
    for (let c = 0; c < channelCount; c++) {
      sum += <f64>load<f32>(<usize>load<u32>(channels + (<usize>c << 2)) + (<usize>i << 2));
    }
    if (Math.abs(sum - 1.0) > tolerance) fault(out, i, sum);
  }
}

/**
 * Counts a class's hard decisions from predicted labels: adds to [unused, tp, fp] (int64) the voxels whose predicted
 * label is `label`, on foreground (mask 1) and on background. Readable up to the next multiple of 8 voxels.
 */
export function countLabel(predicted: usize, label: i32, mask: usize, count: i32, out: usize): void {
  const wanted = i16x8.splat(<i16>label);
  const zero = i8x16.splat(0);
  let truePositives: i64 = 0;
  let falsePositives: i64 = 0;
  for (let i = 0; i < count; i += 8) {
    let chosen = i16x8.bitmask(i16x8.eq(v128.load(predicted + (<usize>i << 1)), wanted));
    if (i + 8 > count) chosen &= (1 << (count - i)) - 1;
    const foreground = i8x16.bitmask(i8x16.ne(v128.load64_zero(mask + i), zero));
    truePositives += popcnt(chosen & foreground);
    falsePositives += popcnt(chosen & ~foreground);
  }
  store<i64>(out, load<i64>(out, 8) + truePositives, 8);
  store<i64>(out, load<i64>(out, 16) + falsePositives, 16);
}

/** Where the sum of cross-entropies stands behind the count of its voxels. */
export const ENTROPY: usize = 16;

// @ts-ignore: decorator
@inline
function addCrossEntropy(out: usize, term: f64): void {
  store<i64>(out, load<i64>(out) + 1);
  addTimes(term, 1, out + ENTROPY);
}

/** -log p of a stored probability clipped to [clip, 1 - clip], at most 100. */
// @ts-ignore: decorator
@inline
export function clippedLog(p: f64, clip: f64): f64 {
  return min(-naturalLog(max(clip, min(p, 1.0 - clip))), 100.0);
}

/**
 * Cross-entropy of stored probabilities: of the label's channel. `channelOf`: for each code its channel, or 65535 for
 * none (left out). `out`: int64 voxels, 8 bytes unused, a wide sum.
 */
export function crossEntropyOfProbabilities(
  channels: usize, codes: usize, channelOf: usize, count: i32, clip: f64, out: usize,
): void {
  for (let i: usize = 0, n: usize = count; i < n; i++) {
    const channel = load<u16>(channelOf + (<usize>load<u16>(codes + (i << 1)) << 1));
    if (channel == 0xffff) continue;
    const p = <f64>load<f32>(<usize>load<u32>(channels + (<usize>channel << 2)) + (i << 2));
    addCrossEntropy(out, clippedLog(p, clip));
  }
}

/**
 * Softmax over the channels in float64, rounded to float32, in place of the logits; the cross-entropy of the
 * label's channel is log(1 + Σ exp(x_c - m)) + (m - x_label), m the largest logit and the sum over the other channels: the
 * 1 stays out of it, so that a confident network's small terms are right. `out` as above.
 */
export function softmax(
  channels: usize, channelCount: i32, codes: usize, channelOf: usize, count: i32, out: usize,
): void {
  for (let i: usize = 0, n: usize = count; i < n; i++) {
    let largest = load<f32>(<usize>load<u32>(channels) + (i << 2));
    let winner = 0;
    for (let c = 1; c < channelCount; c++) {
      const x = load<f32>(<usize>load<u32>(channels + (<usize>c << 2)) + (i << 2));
      if (x > largest) {
        largest = x;
        winner = c;
      }
    }
    const channel = load<u16>(channelOf + (<usize>load<u16>(codes + (i << 1)) << 1));
    let others: f64 = 0;
    for (let c = 0; c < channelCount; c++) {
      if (c == winner) continue;
      const x = <f64>load<f32>(<usize>load<u32>(channels + (<usize>c << 2)) + (i << 2)) - <f64>largest;
      others += exp(x);
    }
    if (channel != 0xffff) {
      const x = <f64>load<f32>(<usize>load<u32>(channels + (<usize>channel << 2)) + (i << 2)) - <f64>largest;
      addCrossEntropy(out, logOfMore(others) - x);
    }
    const sum = 1.0 + others;
    for (let c = 0; c < channelCount; c++) {
      const at = <usize>load<u32>(channels + (<usize>c << 2)) + (i << 2);
      store<f32>(at, <f32>(exp(<f64>load<f32>(at) - <f64>largest) / sum));
    }
  }
}

// @ts-ignore: decorator
@inline
function exp(x: f64): f64 {
  return f64x2.extract_lane(expPair(f64x2.splat(x)), 0);
}

/** target = Σ of the channels' probabilities, in float64 in the order given, rounded to float32, at most 1. */
export function sumChannels(channels: usize, channelCount: i32, count: i32, target: usize): void {
  for (let i: usize = 0, n: usize = count; i < n; i++) {
    let sum: f64 = 0;
    for (let c = 0; c < channelCount; c++) {
      sum += <f64>load<f32>(<usize>load<u32>(channels + (<usize>c << 2)) + (i << 2));
    }
    store<f32>(target + (i << 2), <f32>min(sum, 1.0));
  }
}

/** Sets seen[code] = 1 for every code that occurs. Label maps are of long runs: those of the code before cost a comparison. */
export function markCodes(codes: usize, count: i32, seen: usize): void {
  const blocks = count & ~15;
  let own = i16x8.splat(0);
  let known = false;
  let i = 0;
  for (; i < blocks; i += 16) {
    const at = codes + (<usize>i << 1);
    const same = v128.and(i16x8.eq(v128.load(at), own), i16x8.eq(v128.load(at, 16), own));
    if (known && i16x8.all_true(same)) continue;
    for (let k: usize = 0; k < 32; k += 2) store<u8>(seen + load<u16>(at + k), 1);
    own = i16x8.splat(load<u16>(at, 30));
    known = true;
  }
  for (; i < count; i++) store<u8>(seen + load<u16>(codes + (<usize>i << 1)), 1);
}

/** counts[row[reference] * columns + column[prediction]] += 1; `row` and `column` map codes to ranks (uint16). */
export function countPairs(
  reference: usize, prediction: usize, count: i32, row: usize, column: usize, columns: i32, counts: usize,
): void {
  const blocks = count & ~15;
  let ownReference = i16x8.splat(0);
  let ownPrediction = i16x8.splat(0);
  // The cell of the pair of the last voxel, and voxels of that pair that are not counted yet.
  let cell: usize = 0;
  let run: u32 = 0;
  let i = 0;
  for (; i < blocks; i += 16) {
    const r = reference + (<usize>i << 1);
    const p = prediction + (<usize>i << 1);
    const same = v128.and(
      v128.and(i16x8.eq(v128.load(r), ownReference), i16x8.eq(v128.load(r, 16), ownReference)),
      v128.and(i16x8.eq(v128.load(p), ownPrediction), i16x8.eq(v128.load(p, 16), ownPrediction)),
    );
    if (cell && i16x8.all_true(same)) {
      run += 16;
      continue;
    }
    if (run) store<u32>(cell, load<u32>(cell) + run);
    run = 0;
    for (let k: usize = 0; k < 32; k += 2) {
      cell = pairCell(load<u16>(r + k), load<u16>(p + k), row, column, columns, counts);
      store<u32>(cell, load<u32>(cell) + 1);
    }
    ownReference = i16x8.splat(load<u16>(r, 30));
    ownPrediction = i16x8.splat(load<u16>(p, 30));
  }
  if (run) store<u32>(cell, load<u32>(cell) + run);
  for (; i < count; i++) {
    const at = <usize>i << 1;
    cell = pairCell(load<u16>(reference + at), load<u16>(prediction + at), row, column, columns, counts);
    store<u32>(cell, load<u32>(cell) + 1);
  }
}

// @ts-ignore: decorator
@inline
function pairCell(reference: u16, prediction: u16, row: usize, column: usize, columns: i32, counts: usize): usize {
  const r = <usize>load<u16>(row + (<usize>reference << 1));
  const c = <usize>load<u16>(column + (<usize>prediction << 1));
  return counts + ((r * columns + c) << 2);
}
