/**
 * Merging by counting: the keys of a bucket, of any number of shards, gathered as a list in their order. Order and number of
 * the inputs cannot matter. Most keys are there once: a bit on each side says that a key is there, and these bits stay in the
 * nearest cache; what a key has beyond its bit is counted in cells of uint32 [background, foreground], and one more bit says that
 * there is such a count. Counts of 2^32 and more have their high halves in cells of their own (`HIGH`), looked at only where
 * there are any. A bucket that is turned round has a place more, 65536.
 *
 * A list is three arrays of uint32: keys, ascending, and the low halves of their counts on each side.
 */

/** Places of the counts in a list, and of the high halves behind the cells. */
export const BACKGROUND: usize = 4 * 65536;
export const FOREGROUND: usize = 8 * 65536;
const HIGH: usize = 8 * 65536 + 64;

/** A bit for each place. */
const PLANE: usize = 8192 + 64;
const GROUPS: usize = 16;

/** The keys of the background, those of the foreground, those with counts in cells; then a bit for each word that is not zero. */
const planes = memory.data(3 * 8256 + 192, 16);
const MORE: usize = 2 * PLANE;
const groups = planes + 3 * PLANE;
let hasHigh = false;

/** Keys that were found once more, to be counted together (uint32): up to 1024, and room behind them. */
const again = memory.data(4 * 1024 + 4, 16);

/** Begins anew, whatever an interrupted merge has left. The cells, and those of high halves if there are any, must be zero. */
export function clearKeys(): void {
  memory.fill(planes, 0, 3 * PLANE + 128);
  hasHigh = false;
}

/** Has `gatherKeys` look at every word: of many keys that is less than to mark the word of each. */
export function markAll(): void {
  memory.fill(groups, 0xff, 8 * GROUPS);
}

/** A side's bits, and its cells. */
// @ts-ignore: decorator
@inline
export function planeOf(side: i32): usize {
  return planes + (side ? PLANE : 0);
}

// @ts-ignore: decorator
@inline
export function cellsOf(cells: usize, side: i32): usize {
  return cells + (<usize>side << 2);
}

/** Where `addKey` begins to list keys that it finds once more. */
// @ts-ignore: decorator
@inline
export function noneAgain(): usize {
  return again;
}

/**
 * Adds a key of a side's plane; one that is there already is listed at `found`. Returns the end of that list. Without a branch,
 * since whether a key repeats is not to be foreseen. `marked`: all words are marked.
 */
// @ts-ignore: decorator
@inline
export function addKey(marked: bool, key: u32, plane: usize, found: usize): usize {
  const at = plane + (<usize>(key >> 6) << 3);
  const before = load<u64>(at);
  store<u64>(at, before | (<u64>1 << (key & 63)));
  if (!marked) {
    const group = groups + (<usize>(key >> 12) << 3);
    store<u64>(group, load<u64>(group) | (<u64>1 << ((key >> 6) & 63)));
  }
  store<u32>(found, key);
  return found + (<usize>((before >> (key & 63)) & 1) << 2);
}

/** Counts the listed keys. `cells`: those of the side. */
export function countAgain(found: usize, cells: usize): void {
  for (let at = again; at < found; at += 4) addCount(load<u32>(at), 1, cells);
}

/** Counts a key that has its bit so many times more. */
export function addCount(key: u32, count: u64, cells: usize): void {
  const word = planes + MORE + (<usize>(key >> 6) << 3);
  store<u64>(word, load<u64>(word) | (<u64>1 << (key & 63)));
  const cell = cells + (<usize>key << 3);
  const sum = <u64>load<u32>(cell) + count;
  store<u32>(cell, <u32>sum);
  // One less than could be: the bit counts as well.
  if (sum >= 0xffffffff) addHigh(cell, <u32>(sum >> 32));
}

function addHigh(cell: usize, more: u32): void {
  hasHigh = true;
  store<u32>(cell, load<u32>(cell, HIGH) + more, HIGH);
}

/** Takes what was added of the background at place 65536. */
export function takeLast(cells: usize): u64 {
  const at = planes + 8192;
  let count = load<u64>(at);
  store<u64>(at, 0);
  if (!load<u64>(at, MORE)) return count;
  store<u64>(at, 0, MORE);
  const cell = cells + 8 * 65536;
  count += <u64>load<u32>(cell) + (<u64>load<u32>(cell, HIGH) << 32);
  store<u32>(cell, 0);
  store<u32>(cell, 0, HIGH);
  return count;
}

/** Moves the keys to `list`; bits and cells are zero then, high halves stay until `endBucket`. Returns the rows of the list. */
export function gatherKeys(cells: usize, list: usize): i32 {
  let at = list;
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = load<u64>(groups + (group << 3));
    if (!words) continue;
    store<u64>(groups + (group << 3), 0);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      const here = planes + (word << 3);
      const background = load<u64>(here);
      const foreground = load<u64>(here, PLANE);
      const more = load<u64>(here, MORE);
      store<u64>(here, 0);
      store<u64>(here, 0, PLANE);
      const first = at;
      const place = <u32>(word << 6);
      at = foreground ? listBoth(place, background, foreground, at) : listBackground(place, background, at);
      if (!more) continue;
      store<u64>(here, 0, MORE);
      takeCounts(place, background | foreground, more, cells, first);
    }
  }
  return <i32>((at - list) >> 2);
}

/** Lists the keys of a word, each once on the sides that have it; returns the end of the list. */
// @ts-ignore: decorator
@inline
function listBoth(place: u32, background: u64, foreground: u64, at: usize): usize {
  let either = background | foreground;
  while (either) {
    const bit = ctz(either);
    either &= either - 1;
    store<u32>(at, place + <u32>bit);
    store<u32>(at, <u32>(background >> bit) & 1, BACKGROUND);
    store<u32>(at, <u32>(foreground >> bit) & 1, FOREGROUND);
    at += 4;
  }
  return at;
}

// @ts-ignore: decorator
@inline
function listBackground(place: u32, background: u64, at: usize): usize {
  while (background) {
    store<u32>(at, place + <u32>ctz(background));
    store<u32>(at, 1, BACKGROUND);
    store<u32>(at, 0, FOREGROUND);
    background &= background - 1;
    at += 4;
  }
  return at;
}

/** Adds the counts in cells of the keys `more` of a word to its rows, which begin at `first`. */
// @ts-ignore: decorator
@inline
function takeCounts(place: u32, either: u64, more: u64, cells: usize, first: usize): void {
  while (more) {
    const bit = more & -more;
    more ^= bit;
    const row = first + (<usize>popcnt(either & (bit - 1)) << 2);
    const cell = cells + (<usize>(place + <u32>ctz(bit)) << 3);
    const counts = load<u64>(cell);
    store<u64>(cell, 0);
    const background = <u64>load<u32>(row, BACKGROUND) + (counts & 0xffffffff);
    const foreground = <u64>load<u32>(row, FOREGROUND) + (counts >> 32);
    store<u32>(row, <u32>background, BACKGROUND);
    store<u32>(row, <u32>foreground, FOREGROUND);
    if (!hasHigh) continue;
    store<u32>(cell, load<u32>(cell, HIGH) + <u32>(background >> 32), HIGH);
    store<u32>(cell, load<u32>(cell, HIGH + 4) + <u32>(foreground >> 32), HIGH + 4);
  }
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
