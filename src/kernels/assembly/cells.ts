/**
 * The keys of one bucket of a tile, counted: a bucket has 65536 possible keys, so they are counted in a table of cells
 * (uint32), one a key, and read in order; a bitmap marks the cells that hold something.
 */
import { writeVarint } from './runs';

/**
 * A bitmap has 1024 words, a bit for each cell, and behind them 16 groups, a bit for each word that is not zero: the marked
 * cells are found without looking at every word.
 */
const GROUPS: usize = 16;
const WORDS_BYTES: usize = 8192;

/** The words of a group that are not zero. */
// @ts-ignore: decorator
@inline
function wordsOf(bitmap: usize, group: usize): u64 {
  return load<u64>(bitmap + WORDS_BYTES + (group << 3));
}

// @ts-ignore: decorator
@inline
function clearGroup(bitmap: usize, group: usize): void {
  store<u64>(bitmap + WORDS_BYTES + (group << 3), 0);
}

// @ts-ignore: decorator
@inline
function mark(bitmap: usize, key: u32): void {
  const at = bitmap + (<usize>(key >> 6) << 3);
  store<u64>(at, load<u64>(at) | (<u64>1 << (key & 63)));
  const group = bitmap + WORDS_BYTES + (<usize>(key >> 12) << 3);
  store<u64>(group, load<u64>(group) | (<u64>1 << ((key >> 6) & 63)));
}

/** Adds the low halves of keys. */
export function addPacked(keys: usize, count: i32, cells: usize, bitmap: usize): void {
  for (let at = keys, end = keys + (<usize>count << 1); at < end; at += 2) {
    const key = <u32>load<u16>(at);
    const cell = cells + (<usize>key << 2);
    store<u32>(cell, load<u32>(cell) + 1);
    mark(bitmap, key);
  }
}

/** Writes the cells as runs at `out` (at most 8 bytes a marked cell); returns their bytes. */
export function encodeCells(cells: usize, bitmap: usize, out: usize): u32 {
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
        const count = load<u32>(cells + (<usize>key << 2));
        at = writeVarint(at, (<u64>(key - next) << 1) | <u64>(count > 1));
        if (count > 1) at = writeVarint(at, count - 2);
        next = key + 1;
      }
    }
  }
  return <u32>(at - out);
}

/** Zeroes the marked cells and the bitmap. */
export function clearCells(cells: usize, bitmap: usize): void {
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
        store<u32>(cells + (((word << 6) + <usize>ctz(bits)) << 2), 0);
        bits &= bits - 1;
      }
      store<u64>(at, 0);
    }
  }
}
