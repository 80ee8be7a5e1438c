/** Adds keys to those that are gathered as a list (key-list.ts): of a tile, and of pieces of shards in any encoding. */
import { PACKED, SPLIT, splitCount } from './few-keys';
import { addKey, clearBits, markAll } from './key-list';
import { countAt, countEnd, headAt, numberTo, twoSingles } from './runs';

/** The bits that say of four bytes that one is no whole run of one key. */
const FOUR_LONG: u64 = 0x81818181;

/** Keys of more bytes than this are many. */
const MANY_BYTES: u32 = 2048;

/** Keys that `addPieceKeys` has found at place 65536 of a bucket that it turned round. */
let carried: u64 = 0;

/** Begins anew, whatever an interrupted merge has left. The cells, and those of high halves if there are any, must be zero. */
export function clearKeys(): void {
  clearBits();
  carried = 0;
}

/** Adds keys of the background that stand at place 0 of a bucket that is turned round. */
export function addFirstKeys(count: u64, cells: usize): void {
  if (count) addKey(false, 0, count, cells, 0);
}

/** Adds a key at its place, or where it is counted from the end of the bucket. */
// @ts-ignore: decorator
@inline
function addPlaced(marked: bool, turned: bool, key: u32, count: u64, cells: usize, side: i32): void {
  if (!turned) addKey(marked, key, count, cells, side);
  else if (key) addKey(marked, 65536 - key, count, cells, side);
  else carried += count;
}

// @ts-ignore: decorator
@inline
function addPacked(marked: bool, turned: bool, keys: usize, count: u32, cells: usize, side: i32): void {
  for (let at = keys, end = keys + (<usize>count << 1); at < end; at += 2) {
    addPlaced(marked, turned, <u32>load<u16>(at), 1, cells, side);
  }
}

/** Adds the low halves of keys. */
export function addPackedKeys(keys: usize, count: u32, cells: usize, side: i32): void {
  if (count > MANY_BYTES >> 1) {
    markAll();
    if (side) addPacked(true, false, keys, count, cells, 1);
    else addPacked(true, false, keys, count, cells, 0);
  } else if (side) addPacked(false, false, keys, count, cells, 1);
  else addPacked(false, false, keys, count, cells, 0);
}

/**
 * Adds split keys (few-keys.ts) of `bytes` bytes; returns how many they are, or -1 when they are not split keys of a bucket:
 * then nothing is added.
 */
// @ts-ignore: decorator
@inline
function addSplit(marked: bool, turned: bool, keys: usize, bytes: i32, cells: usize, side: i32): f64 {
  const count = splitCount(bytes);
  if (count < 0) return -1;
  const bitsAt = keys + count;
  const length = count + 255;
  let found: u64 = 0;
  for (let bit = 0; bit < length; bit += 64) found += popcnt(splitWord(bitsAt, bit, length));
  if (found != <u64>count) return -1;
  let low = keys;
  let high = 0;
  for (let bit = 0; bit < length; bit += 64) {
    let word = splitWord(bitsAt, bit, length);
    while (word) {
      const key = (<u32>(high + <i32>ctz(word)) << 8) | <u32>load<u8>(low);
      word &= word - 1;
      low++;
      high--;
      addPlaced(marked, turned, key, 1, cells, side);
    }
    high += 64;
  }
  return <f64>count;
}

/** 64 of `length` bits, from `bit` on; what lies behind them is zero. */
// @ts-ignore: decorator
@inline
function splitWord(bitsAt: usize, bit: i32, length: i32): u64 {
  const word = load<u64>(bitsAt + (bit >> 3));
  return length - bit >= 64 ? word : word & ((<u64>1 << (length - bit)) - 1);
}

/** Adds runs; returns the sum of their counts, or -1 when they are not runs of this bucket. */
// @ts-ignore: decorator
@inline
function addRuns(marked: bool, turned: bool, runs: usize, bytes: i32, cells: usize, side: i32): f64 {
  const end = runs + bytes;
  let next: u64 = 0;
  let total: u64 = 0;
  while (runs < end) {
    const eight = load<u64>(runs);
    if (!(eight & FOUR_LONG) && runs + 4 <= end) {
      const first = next + ((eight >> 1) & 0x3f);
      const second = first + 1 + ((eight >> 9) & 0x3f);
      const third = second + 1 + ((eight >> 17) & 0x3f);
      const fourth = third + 1 + ((eight >> 25) & 0x3f);
      if (fourth > 0xffff) return -1;
      addPlaced(marked, turned, <u32>first, 1, cells, side);
      addPlaced(marked, turned, <u32>second, 1, cells, side);
      addPlaced(marked, turned, <u32>third, 1, cells, side);
      addPlaced(marked, turned, <u32>fourth, 1, cells, side);
      runs += 4;
      next = fourth + 1;
      total += 4;
      continue;
    }
    // Each number is looked for where the one before ends: of two at once only one has to wait.
    const stops = twoSingles(eight);
    const stop = stops & 63;
    const after = runs + <usize>(stops >> 35) + 1;
    if (stops && after <= end) {
      const first = next + (numberTo(eight, stop) >> 1);
      const second = first + 1 + (numberTo(eight >> (stop + 1), (stops >> 32) - stop - 1) >> 1);
      if (second > 0xffff) return -1;
      addPlaced(marked, turned, <u32>first, 1, cells, side);
      addPlaced(marked, turned, <u32>second, 1, cells, side);
      runs = after;
      next = second + 1;
      total += 2;
      continue;
    }
    const head = headAt(runs);
    runs += <usize>(head >> 32);
    const key = next + ((head & 0xffffffff) >> 1);
    let count: u64 = 1;
    if (head & 1) {
      count = countAt(runs);
      runs = countEnd();
    }
    if (key > 0xffff || runs > end) return -1;
    addPlaced(marked, turned, <u32>key, count, cells, side);
    next = key + 1;
    total += count;
  }
  return <f64>total;
}

/**
 * Adds the pieces of a bucket. A piece is four uint32: address, bytes, side, encoding (few-keys.ts). `turned`: they are
 * of the background, and key k goes to place 65536 - k; key 0 is not added but `takeCarried`. Returns how many keys they hold,
 * or -1 when one of them is not what it should be.
 */
export function addPieceKeys(pieces: usize, count: i32, cells: usize, turned: i32): f64 {
  const end = pieces + (<usize>count << 4);
  let bytes: u32 = 0;
  for (let piece = pieces; piece < end; piece += 16) bytes += load<u32>(piece, 4);
  if (bytes <= MANY_BYTES) {
    return turned ? addPieces(false, true, pieces, end, cells) : addPieces(false, false, pieces, end, cells);
  }
  markAll();
  return turned ? addPieces(true, true, pieces, end, cells) : addPieces(true, false, pieces, end, cells);
}

// @ts-ignore: decorator
@inline
function addPieces(marked: bool, turned: bool, pieces: usize, end: usize, cells: usize): f64 {
  let total: f64 = 0;
  for (let piece = pieces; piece < end; piece += 16) {
    const side = load<u32>(piece, 8);
    const keys = turned || !side ? addPiece(marked, turned, piece, cells, 0) : addPiece(marked, false, piece, cells, 1);
    if (keys < 0) return -1;
    total += keys;
  }
  return total;
}

// @ts-ignore: decorator
@inline
function addPiece(marked: bool, turned: bool, piece: usize, cells: usize, side: i32): f64 {
  const address = load<u32>(piece);
  const bytes = load<u32>(piece, 4);
  const encoding = load<u32>(piece, 12);
  if (encoding == SPLIT) return addSplit(marked, turned, address, bytes, cells, side);
  if (encoding != PACKED) return addRuns(marked, turned, address, bytes, cells, side);
  addPacked(marked, turned, address, bytes >> 1, cells, side);
  return <f64>(bytes >> 1);
}

/** What a bucket that was turned round has held at key 0. */
export function takeCarried(): u64 {
  const count = carried;
  carried = 0;
  return count;
}
