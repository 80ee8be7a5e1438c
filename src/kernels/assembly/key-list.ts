/**
 * Merging by counting: the keys of a bucket, of any number of shards, gathered as a list in their order. Order and number of
 * the inputs cannot matter. Most keys are there once: a bit on each side says that a key is there, and these bits stay in the
 * nearest cache; only what a key has beyond its bit is counted in cells of uint32 [background, foreground]. Counts of 2^32 and
 * more have their high halves in cells of their own (`HIGH`), looked at only where there are any.
 *
 * A list is three arrays of uint32: keys, ascending, and the low halves of their counts on each side.
 */
import { writeVarint } from './runs';

/** Places of the counts in a list, and of the high halves behind the cells. */
export const BACKGROUND: usize = 4 * 65536;
export const FOREGROUND: usize = 8 * 65536;
const HIGH: usize = 8 * 65536;

const BITS_BYTES: usize = 8192;
const GROUPS: usize = 16;

/** A bit for each key of either side, the foreground's behind the background's; then one for each word that is not zero. */
const bits = memory.data(2 * 8192 + 128, 16);
const groups = bits + 2 * BITS_BYTES;
/** Whether cells, and the high halves, hold something. */
let hasMore = false;
let hasHigh = false;

/** Begins anew, whatever an interrupted merge has left. The cells, and those of high halves if there are any, must be zero. */
export function clearBits(): void {
  memory.fill(bits, 0, 2 * BITS_BYTES + 128);
  hasMore = false;
  hasHigh = false;
}

/** Has `gatherKeys` look at every word: of many keys that is less than to mark the word of each. */
export function markAll(): void {
  memory.fill(groups, 0xff, 8 * GROUPS);
}

/** `marked`: all words are marked. */
// @ts-ignore: decorator
@inline
export function addKey(marked: bool, key: u32, count: u64, cells: usize, side: i32): void {
  const at = bits + (side ? BITS_BYTES : 0) + (<usize>(key >> 6) << 3);
  const bit = <u64>1 << (key & 63);
  const before = load<u64>(at);
  const more = count - <u64>((before & bit) == 0);
  store<u64>(at, before | bit);
  if (!marked) {
    const group = groups + (<usize>(key >> 12) << 3);
    store<u64>(group, load<u64>(group) | (<u64>1 << ((key >> 6) & 63)));
  }
  if (!more) return;
  hasMore = true;
  const cell = cells + (<usize>key << 3) + (<usize>side << 2);
  const sum = <u64>load<u32>(cell) + more;
  store<u32>(cell, <u32>sum);
  if (sum >= 0xffffffff) addHigh(cell, <u32>(sum >> 32));
}

function addHigh(cell: usize, more: u32): void {
  hasHigh = true;
  store<u32>(cell, load<u32>(cell, HIGH) + more, HIGH);
}

/** Where the runs of each side end that `gatherKeys` has written. */
export let backgroundEnd: usize = 0;
export let foregroundEnd: usize = 0;

/**
 * Moves the keys to `list`; bits and cells are zero then, high halves stay until `endBucket`. Returns the rows of the list. On
 * the way it writes the runs of each side where its address is not 0; up to 4 bytes behind them are written too.
 */
export function gatherKeys(cells: usize, list: usize, backgroundRuns: usize, foregroundRuns: usize): i32 {
  if (backgroundRuns && foregroundRuns) return gather(true, true, cells, list, backgroundRuns, foregroundRuns);
  if (backgroundRuns) return gather(true, false, cells, list, backgroundRuns, 0);
  if (foregroundRuns) return gather(false, true, cells, list, 0, foregroundRuns);
  return gather(false, false, cells, list, 0, 0);
}

// @ts-ignore: decorator
@inline
function gather(
  background: bool, foreground: bool, cells: usize, list: usize, backgroundRuns: usize, foregroundRuns: usize,
): i32 {
  const more = hasMore;
  const high = hasHigh;
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
        let b = (onBackground >> bit) & 1;
        let f = (onForeground >> bit) & 1;
        if (more) {
          const cell = cells + (<usize>key << 3);
          const counts = load<u64>(cell);
          b += counts & 0xffffffff;
          f += counts >> 32;
          store<u64>(cell, 0);
          if (high) {
            b += <u64>load<u32>(cell, HIGH) << 32;
            f += <u64>load<u32>(cell, HIGH + 4) << 32;
            store<u32>(cell, <u32>(b >> 32), HIGH);
            store<u32>(cell, <u32>(f >> 32), HIGH + 4);
          }
        }
        store<u32>(at, key);
        store<u32>(at, <u32>b, BACKGROUND);
        store<u32>(at, <u32>f, FOREGROUND);
        at += 4;
        if (background && b) {
          const head = headOf(key - nextBackground, b);
          store<u32>(backgroundRuns, packedHead(head));
          backgroundRuns += lengthOf(head);
          nextBackground = key + 1;
          if (b > 1) backgroundRuns = writeVarint(backgroundRuns, b - 2);
        }
        if (foreground && f) {
          const head = headOf(key - nextForeground, f);
          store<u32>(foregroundRuns, packedHead(head));
          foregroundRuns += lengthOf(head);
          nextForeground = key + 1;
          if (f > 1) foregroundRuns = writeVarint(foregroundRuns, f - 2);
        }
      }
    }
  }
  hasMore = false;
  backgroundEnd = backgroundRuns;
  foregroundEnd = foregroundRuns;
  return <i32>((at - list) >> 2);
}

/** The number before which a run begins: the gap to the key before, and whether a count follows. Below 2^17. */
// @ts-ignore: decorator
@inline
function headOf(gap: u32, count: u64): u32 {
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

/** Whether some count of the list has a high half. */
export function hasHighCounts(): bool {
  return hasHigh;
}

/** The count of a row: `at` its key's address, `side` `BACKGROUND` or `FOREGROUND`. `high`: some count has a high half. */
// @ts-ignore: decorator
@inline
export function countOf(high: bool, at: usize, side: usize, cells: usize): u64 {
  const low = <u64>load<u32>(at + side);
  if (!high) return low;
  const cell = cells + HIGH + (<usize>(load<u32>(at) & 0xffff) << 3) + (side == FOREGROUND ? 4 : 0);
  return low | (<u64>load<u32>(cell) << 32);
}

/** Done with the list of a bucket: the high halves are zero then. */
export function endBucket(cells: usize): void {
  if (hasHigh) memory.fill(cells + HIGH, 0, HIGH);
  hasHigh = false;
}
