/**
 * The keys of a bucket of less than 2^32 voxels, gathered as a list in their order. Most keys are there once: a bit on each side
 * says that a key is there, and these bits stay in the nearest cache; only what a key has beyond its bit is counted in cells of
 * uint32 [background, foreground].
 *
 * A row of the list is three uint32 [key, background, foreground]; keys ascend.
 */
import { countAt, countEnd, headAt, logitErrors, stepOf, writeVarint } from './cells';
import { probabilityError } from './keys';

/** Bytes of a row. */
const ROW: usize = 12;
const BITS_BYTES: usize = 8192;
const GROUPS: usize = 16;

/** A bit for each key of either side, the foreground's behind the background's; then one for each word that is not zero. */
const bits = memory.data(2 * 8192 + 128, 16);
const groups = bits + 2 * BITS_BYTES;
/** Whether cells hold something. */
let hasMore = false;

/** Begins anew, whatever an interrupted merge has left. The cells must be zero. */
export function clearKeys(): void {
  memory.fill(bits, 0, 2 * BITS_BYTES + 128);
  hasMore = false;
}

// @ts-ignore: decorator
@inline
function addKey(key: u32, count: u32, cells: usize, side: i32): void {
  const word = <usize>(key >> 6) << 3;
  const at = bits + (side ? BITS_BYTES : 0) + word;
  const bit = <u64>1 << (key & 63);
  const before = load<u64>(at);
  const more = count - <u32>((before & bit) == 0);
  store<u64>(at, before | bit);
  const group = groups + (<usize>(key >> 12) << 3);
  store<u64>(group, load<u64>(group) | (<u64>1 << ((key >> 6) & 63)));
  if (!more) return;
  hasMore = true;
  const cell = cells + (<usize>key << 3) + (<usize>side << 2);
  store<u32>(cell, load<u32>(cell) + more);
}

/** Adds the low halves of keys. */
export function addPackedKeys(keys: usize, count: u32, cells: usize, side: i32): void {
  for (let at = keys, end = keys + (<usize>count << 1); at < end; at += 2) {
    addKey(<u32>load<u16>(at), 1, cells, side);
  }
}

/** Adds runs; returns the sum of their counts, or -1 when they are not runs of this bucket. */
function addRunKeys(runs: usize, bytes: i32, cells: usize, side: i32): f64 {
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
    if (key > 0xffff || count > 0xffffffff || runs > end) return -1;
    addKey(<u32>key, <u32>count, cells, side);
    next = key + 1;
    total += count;
  }
  return <f64>total;
}

/** Adds the pieces of a bucket, as `addPieces`. */
export function addPieceKeys(pieces: usize, count: i32, cells: usize): f64 {
  let total: f64 = 0;
  for (let piece = pieces, end = pieces + (<usize>count << 4); piece < end; piece += 16) {
    const address = load<u32>(piece);
    const bytes = load<u32>(piece, 4);
    const side = load<u32>(piece, 8);
    if (load<u32>(piece, 12)) {
      const keys = side ? addRunKeys(address, bytes, cells, 1) : addRunKeys(address, bytes, cells, 0);
      if (keys < 0) return -1;
      total += keys;
    } else {
      if (side) addPackedKeys(address, bytes >> 1, cells, 1);
      else addPackedKeys(address, bytes >> 1, cells, 0);
      total += <f64>(bytes >> 1);
    }
  }
  return total;
}

/** Where the runs of each side end that `gatherKeys` has written. */
export let backgroundEnd: usize = 0;
export let foregroundEnd: usize = 0;

/**
 * Moves the keys to `list` (room for 65536 rows); bits and cells are zero then. Returns the end of the list. On the way it
 * writes the runs of each side (as `encodeCells` does) where its address is not 0; up to 4 bytes behind them are written too.
 */
export function gatherKeys(cells: usize, list: usize, backgroundRuns: usize, foregroundRuns: usize): usize {
  if (backgroundRuns && foregroundRuns) return gather(true, true, cells, list, backgroundRuns, foregroundRuns);
  if (backgroundRuns) return gather(true, false, cells, list, backgroundRuns, 0);
  if (foregroundRuns) return gather(false, true, cells, list, 0, foregroundRuns);
  return gather(false, false, cells, list, 0, 0);
}

// @ts-ignore: decorator
@inline
function gather(
  background: bool, foreground: bool, cells: usize, list: usize, backgroundRuns: usize, foregroundRuns: usize,
): usize {
  const more = hasMore;
  let at = list;
  let nextBackground: u32 = 0;
  let nextForeground: u32 = 0;
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = load<u64>(groups + (group << 3));
    if (!words) continue;
    store<u64>(groups + (group << 3), 0);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      const here = bits + (word << 3);
      const onBackground = load<u64>(here);
      const onForeground = load<u64>(here, BITS_BYTES);
      store<u64>(here, 0);
      store<u64>(here, 0, BITS_BYTES);
      let either = onBackground | onForeground;
      while (either) {
        const bit = ctz(either);
        either &= either - 1;
        const key = <u32>(word << 6) + <u32>bit;
        let counts = ((onBackground >> bit) & 1) | (((onForeground >> bit) & 1) << 32);
        if (more) {
          const cell = cells + (<usize>key << 3);
          counts += load<u64>(cell);
          store<u64>(cell, 0);
        }
        store<u32>(at, key);
        store<u64>(at, counts, 4);
        at += ROW;
        if (background) {
          const count = <u32>counts;
          const head = headOf(key - nextBackground, count);
          store<u32>(backgroundRuns, packedHead(head));
          backgroundRuns += count ? lengthOf(head) : 0;
          nextBackground = count ? key + 1 : nextBackground;
          if (count > 1) backgroundRuns = writeVarint(backgroundRuns, count - 2);
        }
        if (foreground) {
          const count = <u32>(counts >> 32);
          const head = headOf(key - nextForeground, count);
          store<u32>(foregroundRuns, packedHead(head));
          foregroundRuns += count ? lengthOf(head) : 0;
          nextForeground = count ? key + 1 : nextForeground;
          if (count > 1) foregroundRuns = writeVarint(foregroundRuns, count - 2);
        }
      }
    }
  }
  hasMore = false;
  backgroundEnd = backgroundRuns;
  foregroundEnd = foregroundRuns;
  return at;
}

/** The number before which a run begins: the gap to the key before, and whether a count follows. Below 2^17. */
// @ts-ignore: decorator
@inline
function headOf(gap: u32, count: u32): u32 {
  return (gap << 1) | <u32>(count > 1);
}

/** It as a varint of up to three bytes, and their number. */
// @ts-ignore: decorator
@inline
function packedHead(head: u32): u32 {
  return (head & 0x7f) | ((head & 0x3f80) << 1) | ((head & 0x1fc000) << 2)
    | (<u32>(head >= 0x80) << 7) | (<u32>(head >= 0x4000) << 15);
}

// @ts-ignore: decorator
@inline
function lengthOf(head: u32): usize {
  return 1 + <usize>(head >= 0x80) + <usize>(head >= 0x4000);
}

/** `evaluateCells` of a list: the same operations in the same order. */
export function evaluateList(
  list: usize, end: usize, bucket: i32, logit: i32, total: f64, foreground: f64, background: f64, out: usize,
): void {
  if (logit) evaluateLogits(list, end, bucket, total, foreground, background, out);
  else evaluateProbabilities(list, end, bucket, total, foreground, background, out);
}

function evaluateLogits(
  list: usize, end: usize, bucket: i32, total: f64, foreground: f64, background: f64, out: usize,
): void {
  let f = foreground;
  let b = background;
  let sums = f64x2.splat(0.0);
  let compensations = f64x2.splat(0.0);
  for (let at = end; at > list; ) {
    at -= ROW;
    const onBackground = <f64>load<u32>(at, 4);
    const onForeground = <f64>load<u32>(at, 8);
    const step = stepOf(total, f, b, onForeground, onBackground);
    b += onBackground;
    f += onForeground;
    const term = f64x2.mul(logitErrors((<u32>bucket << 16) | load<u32>(at)), f64x2.splat(step));
    const next = f64x2.add(sums, term);
    const back = f64x2.sub(next, sums);
    compensations = f64x2.add(
      compensations,
      f64x2.add(f64x2.sub(sums, f64x2.sub(next, back)), f64x2.sub(term, back)),
    );
    sums = next;
  }
  v128.store(out, sums);
  v128.store(out, compensations, 16);
}

/** Both sums are the same. */
function evaluateProbabilities(
  list: usize, end: usize, bucket: i32, total: f64, foreground: f64, background: f64, out: usize,
): void {
  let f = foreground;
  let b = background;
  let sum: f64 = 0.0;
  let compensation: f64 = 0.0;
  for (let at = end; at > list; ) {
    at -= ROW;
    const onBackground = <f64>load<u32>(at, 4);
    const onForeground = <f64>load<u32>(at, 8);
    const step = stepOf(total, f, b, onForeground, onBackground);
    b += onBackground;
    f += onForeground;
    const term = probabilityError((<u32>bucket << 16) | load<u32>(at)) * step;
    const next = sum + term;
    const back = next - sum;
    compensation += (sum - (next - back)) + (term - back);
    sum = next;
  }
  v128.store(out, f64x2.splat(sum));
  v128.store(out, f64x2.splat(compensation), 16);
}
