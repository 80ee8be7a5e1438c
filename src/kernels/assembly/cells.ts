/**
 * Merging by counting. A bucket has 65536 possible keys, so the runs of any number of shards are merged by adding
 * their counts into a table of cells [background, foreground], one a key, and reading it in order; a bitmap marks the
 * cells that hold something. Order and number of the inputs cannot matter.
 *
 * Cells are pairs of uint32 where fewer than 2^32 voxels meet in a bucket (`wide` 0), else of uint64 (`wide` 1).
 * `side` 0 is background, 1 foreground. Runs: for each key in ascending order varint(gap << 1 | more), gap = key - previous key - 1
 * (the first: key), followed, if `more`, by varint(count - 2); without `more` the count is 1.
 */
import { expPair } from './math';
import { logitViolation, probabilityError } from './keys';

/**
 * A bitmap has 1024 words, a bit for each cell, and behind them 16 groups, a bit for each word that is not zero: the marked
 * cells are found without looking at every word.
 */
export const GROUPS: usize = 16;
const WORDS_BYTES: usize = 8192;

/** The words of a group that are not zero. */
// @ts-ignore: decorator
@inline
export function wordsOf(bitmap: usize, group: usize): u64 {
  return load<u64>(bitmap + WORDS_BYTES + (group << 3));
}

// @ts-ignore: decorator
@inline
export function clearGroup(bitmap: usize, group: usize): void {
  store<u64>(bitmap + WORDS_BYTES + (group << 3), 0);
}

// @ts-ignore: decorator
@inline
export function mark(bitmap: usize, key: u32): void {
  const at = bitmap + (<usize>(key >> 6) << 3);
  store<u64>(at, load<u64>(at) | (<u64>1 << (key & 63)));
  const group = bitmap + WORDS_BYTES + (<usize>(key >> 12) << 3);
  store<u64>(group, load<u64>(group) | (<u64>1 << ((key >> 6) & 63)));
}

export function addPacked32(keys: usize, count: i32, cells: usize, bitmap: usize, side: i32): void {
  const base = cells + (<usize>side << 2);
  for (let at = keys, end = keys + (<usize>count << 1); at < end; at += 2) {
    const key = <u32>load<u16>(at);
    const cell = base + (<usize>key << 3);
    store<u32>(cell, load<u32>(cell) + 1);
    mark(bitmap, key);
  }
}

export function addPacked64(keys: usize, count: i32, cells: usize, bitmap: usize, side: i32): void {
  const base = cells + (<usize>side << 3);
  for (let at = keys, end = keys + (<usize>count << 1); at < end; at += 2) {
    const key = <u32>load<u16>(at);
    const cell = base + (<usize>key << 4);
    store<u64>(cell, load<u64>(cell) + 1);
    mark(bitmap, key);
  }
}

/** Where `readVarint` stopped. */
let cursor: usize = 0;

// @ts-ignore: decorator
@inline
function readVarint(at: usize): u64 {
  let byte = <u64>load<u8>(at++);
  let value = byte & 0x7f;
  for (let shift: u64 = 7; byte & 0x80 && shift < 64; shift += 7) {
    byte = <u64>load<u8>(at++);
    value |= (byte & 0x7f) << shift;
  }
  cursor = at;
  return value;
}

/**
 * The number with which a run begins, and behind it, from bit 32 on, how many bytes it has. Most have up to three: all are
 * looked at at once. What lies behind the runs may be read, and is not used. Of what is no such number it is one too large.
 */
// @ts-ignore: decorator
@inline
export function headAt(at: usize): u64 {
  const four = load<u32>(at);
  const stops = ~four & 0x808080;
  if (!stops) return longHead(at);
  const stop = ctz(stops);
  const own = four & (0xffffffff >> (31 - stop));
  const head = (own & 0x7f) | ((own >> 1) & 0x3f80) | ((own >> 2) & 0x1fc000);
  return <u64>head | (<u64>((stop >> 3) + 1) << 32);
}

function longHead(at: usize): u64 {
  const head = readVarint(at);
  return min(head, 0xffffffff) | (<u64>(cursor - at) << 32);
}

/** The count of a run, at the place behind its head; it ends at `countEnd`. */
export function countAt(at: usize): u64 {
  return readVarint(at) + 2;
}

export function countEnd(): usize {
  return cursor;
}

/**
 * Adds the runs in `bytes` bytes at `runs`. Returns the sum of their counts, or -1 when they are not runs of this
 * bucket (a key above 65535, or a run that ends beyond the bytes).
 */
export function addRuns(runs: usize, bytes: i32, cells: usize, bitmap: usize, side: i32, wide: i32): f64 {
  const end = runs + bytes;
  let next: u64 = 0;
  let total: u64 = 0;
  while (runs < end) {
    const head = headAt(runs);
    runs += <usize>(head >> 32);
    const key = next + ((head & 0xffffffff) >> 1);
    let count: u64 = 1;
    if (head & 1) {
      count = countAt(runs);
      runs = countEnd();
    }
    if (key > 0xffff || runs > end) return -1;
    if (wide) {
      const cell = cells + (<usize>key << 4) + (<usize>side << 3);
      store<u64>(cell, load<u64>(cell) + count);
    } else {
      const cell = cells + (<usize>key << 3) + (<usize>side << 2);
      store<u32>(cell, load<u32>(cell) + <u32>count);
    }
    mark(bitmap, <u32>key);
    next = key + 1;
    total += count;
  }
  return <f64>total;
}

/**
 * Adds the pieces of one bucket. A piece is four uint32: address, bytes, side, encoding (0 packed, 1 runs). Returns how
 * many keys they hold, or -1 when one of them is not what it should be.
 */
export function addPieces(pieces: usize, count: i32, cells: usize, bitmap: usize, wide: i32): f64 {
  let total: f64 = 0;
  for (let piece = pieces, end = pieces + (<usize>count << 4); piece < end; piece += 16) {
    const address = load<u32>(piece);
    const bytes = load<u32>(piece, 4);
    const side = load<u32>(piece, 8);
    if (load<u32>(piece, 12)) {
      const keys = addRuns(address, bytes, cells, bitmap, side, wide);
      if (keys < 0) return -1;
      total += keys;
    } else {
      if (wide) addPacked64(address, bytes >> 1, cells, bitmap, side);
      else addPacked32(address, bytes >> 1, cells, bitmap, side);
      total += <f64>(bytes >> 1);
    }
  }
  return total;
}

// @ts-ignore: decorator
@inline
export function writeVarint(at: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(at++, <u8>(value | 0x80));
    value >>= 7;
  }
  store<u8>(at++, <u8>value);
  return at;
}

/** Writes the runs of one side at `out` (at most 12 bytes a marked cell); returns their bytes. */
export function encodeCells(cells: usize, bitmap: usize, side: i32, wide: i32, out: usize): u32 {
  let at = out;
  let next: u32 = 0;
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = wordsOf(bitmap, group);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      let bits = load<u64>(bitmap + (word << 3));
      while (bits) {
        const key = (<u32>word << 6) + <u32>ctz(bits);
        bits &= bits - 1;
        const count: u64 = wide
          ? load<u64>(cells + (<usize>key << 4) + (<usize>side << 3))
          : <u64>load<u32>(cells + (<usize>key << 3) + (<usize>side << 2));
        if (!count) continue;
        at = writeVarint(at, (<u64>(key - next) << 1) | <u64>(count > 1));
        if (count > 1) at = writeVarint(at, count - 2);
        next = key + 1;
      }
    }
  }
  return <u32>(at - out);
}

/** Zeroes the marked cells and the bitmap. */
export function clearCells32(cells: usize, bitmap: usize): void {
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = wordsOf(bitmap, group);
    if (!words) continue;
    clearGroup(bitmap, group);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      const at = bitmap + (word << 3);
      let bits = load<u64>(at);
      while (bits) {
        store<u64>(cells + (((word << 6) + <usize>ctz(bits)) << 3), 0);
        bits &= bits - 1;
      }
      store<u64>(at, 0);
    }
  }
}

export function clearCells64(cells: usize, bitmap: usize): void {
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = wordsOf(bitmap, group);
    if (!words) continue;
    clearGroup(bitmap, group);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      const at = bitmap + (word << 3);
      let bits = load<u64>(at);
      while (bits) {
        v128.store(cells + (((word << 6) + <usize>ctz(bits)) << 4), i64x2.splat(0));
        bits &= bits - 1;
      }
      store<u64>(at, 0);
    }
  }
}

/**
 * The bucket's part of the Lovász losses (Berman et al. 2018): Σ e·(J_after - J_before) over its tie groups in
 * descending order of the error e, J = (F + B)/(T + B) with F foreground and B background voxels so far.
 *
 * `total`: T, the foreground voxels of the whole; `foreground`, `background`: F and B before this bucket.
 * `out`: float64 [sum of Lovász-softmax, sum of Lovász hinge (logits only), and the compensation of each]; set.
 */
export function evaluateCells(
  cells: usize, bitmap: usize, wide: i32, bucket: i32, logit: i32, total: f64, foreground: f64, background: f64,
  out: usize,
): void {
  let f = foreground;
  let b = background;
  // Compensated sums [softmax, hinge] and their compensations (Neumaier's, by Knuth's two-sum), two lanes at once.
  let sums = f64x2.splat(0.0);
  let compensations = f64x2.splat(0.0);
  for (let group: i32 = <i32>GROUPS - 1; group >= 0; group--) {
    let words = wordsOf(bitmap, <usize>group);
    while (words) {
      const high = 63 - <u32>clz(words);
      words ^= <u64>1 << high;
      const word = (<u32>group << 6) + high;
      let bits = load<u64>(bitmap + (<usize>word << 3));
      while (bits) {
        const bit = 63 - <u32>clz(bits);
        bits ^= <u64>1 << bit;
        const low = (<u32>word << 6) + bit;
        let onBackground: f64;
        let onForeground: f64;
        if (wide) {
          const cell = cells + (<usize>low << 4);
          onBackground = <f64>load<u64>(cell);
          onForeground = <f64>load<u64>(cell, 8);
        } else {
          const cell = cells + (<usize>low << 3);
          onBackground = <f64>load<u32>(cell);
          onForeground = <f64>load<u32>(cell, 4);
        }
        const key = (<u32>bucket << 16) | low;
        const step = f64x2.splat(stepOf(total, f, b, onForeground, onBackground));
        b += onBackground;
        f += onForeground;
        const errors = logit ? logitErrors(key) : f64x2.splat(probabilityError(key));
        const term = f64x2.mul(errors, step);
        const next = f64x2.add(sums, term);
        const back = f64x2.sub(next, sums);
        compensations = f64x2.add(
          compensations,
          f64x2.add(f64x2.sub(sums, f64x2.sub(next, back)), f64x2.sub(term, back)),
        );
        sums = next;
      }
    }
  }
  v128.store(out, sums);
  v128.store(out, compensations, 16);
}

/** J_after - J_before in one fraction, since the difference would cancel; without any foreground the first takes all. */
// @ts-ignore: decorator
@inline
export function stepOf(total: f64, f: f64, b: f64, onForeground: f64, onBackground: f64): f64 {
  const before = total + b;
  const after = before + onBackground;
  return before > 0.0 ? (onForeground * before + onBackground * (total - f)) / (before * after) : 1.0;
}

/** The errors [1 - sigmoid, hinge] of a logit's key: sigmoid(v) and max(1 + v, 0), v the margin violation. */
// @ts-ignore: decorator
@inline
export function logitErrors(key: u32): v128 {
  const violation = logitViolation(key);
  return f64x2.replace_lane(f64x2.splat(sigmoid(violation)), 1, max(1.0 + violation, 0.0));
}

/** 1/(1 + exp(-x)) in the operations of the sums, so that both see the same error. */
// @ts-ignore: decorator
@inline
function sigmoid(x: f64): f64 {
  const e = f64x2.extract_lane(expPair(f64x2.splat(-Math.abs(x))), 0);
  return x >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}
