/** Adds keys to those that are gathered as a list (key-list.ts): of a tile, and of pieces of shards in any encoding. */
import { PACKED, SPLIT, splitCount } from './few-keys';
import { addCount, addKey, cellsOf, countAgain, markAll, noneAgain, planeOf } from './key-list';
import { countAt, countEnd, headAt, numberTo, twoSingles } from './runs';

/** The bits that say of four bytes that one is no whole run of one key. */
const FOUR_LONG: u64 = 0x81818181;

/** Keys of more bytes than this are many. */
const MANY_BYTES: u32 = 2048;
/** As many keys are added at a time. */
const CHUNK: usize = 1024;

/** Decoded keys of a piece (uint16), and where they are enough to be added. */
const keys = memory.data(4 * 1024, 16);
const keysFull = keys + 2 * CHUNK;

/** For each byte of the high bits of split keys: of the keys whose bits are set, the high bytes less that of the first bit. */
const highBytes = memory.data(8 * 256, 16);
for (let byte: u32 = 0; byte < 256; byte++) {
  let at = highBytes + (<usize>byte << 3);
  for (let bits = byte, before: u32 = 0; bits; bits &= bits - 1, before++) store<u8>(at++, <u8>(ctz(bits) - before));
}

/** Adds keys of the background that stand at place 0 of a bucket that is turned round. */
export function addFirstKeys(count: u64, cells: usize): void {
  if (!count) return;
  const isNew = addKey(false, 0, planeOf(0), noneAgain()) == noneAgain();
  const more = isNew ? count - 1 : count;
  if (more) addCount(0, more, cells);
}

/**
 * Adds keys (uint16) to a side. `turned`: key k goes to place 65536 - k. `marked`: all words are marked (key-list.ts). `cells`:
 * those of the side.
 */
function addEach(from: usize, count: usize, marked: bool, turned: bool, plane: usize, cells: usize): void {
  for (const end = from + (count << 1); from < end; from += 2 * CHUNK) {
    const stop = min(end, from + 2 * CHUNK);
    let found: usize;
    if (marked) found = turned ? addChunk(true, true, from, stop, plane) : addChunk(true, false, from, stop, plane);
    else found = turned ? addChunk(false, true, from, stop, plane) : addChunk(false, false, from, stop, plane);
    countAgain(found, cells);
  }
}

// @ts-ignore: decorator
@inline
function addChunk(marked: bool, turned: bool, from: usize, stop: usize, plane: usize): usize {
  let found = noneAgain();
  for (let at = from; at < stop; at += 2) {
    const key = <u32>load<u16>(at);
    found = addKey(marked, turned ? 65536 - key : key, plane, found);
  }
  return found;
}

/** Adds the decoded keys up to `to`; returns where the next go. */
function addDecoded(to: usize, marked: bool, turned: bool, plane: usize, cells: usize): usize {
  addEach(keys, (to - keys) >> 1, marked, turned, plane, cells);
  return keys;
}

/** Adds the low halves of keys. */
export function addPackedKeys(from: usize, count: u32, cells: usize, side: i32): void {
  const many = count > MANY_BYTES >> 1;
  if (many) markAll();
  addEach(from, count, many, false, planeOf(side), cellsOf(cells, side));
}

/**
 * Adds split keys (few-keys.ts) of `bytes` bytes, eight of the bits at a time; returns how many they are, or -1 when they are not
 * split keys of a bucket: then nothing is added.
 */
function addSplit(low: usize, bytes: i32, marked: bool, turned: bool, plane: usize, cells: usize): f64 {
  const count = splitCount(bytes);
  if (count < 0) return -1;
  const bitsAt = low + count;
  const length = count + 255;
  let held: u64 = 0;
  for (let bit = 0; bit < length; bit += 64) held += popcnt(splitWord(bitsAt, bit, length));
  if (held != <u64>count) return -1;
  let high = 0;
  let to = keys;
  for (let bit = 0; bit < length; bit += 64) {
    let word = splitWord(bitsAt, bit, length);
    for (let i = 0; i < 8; i++) {
      const byte = <usize>(word & 0xff);
      word >>= 8;
      const highs = i8x16.add(i8x16.splat(<i8>high), v128.load64_zero(highBytes + (byte << 3)));
      v128.store(to, v128.shuffle<i8>(v128.load64_zero(low), highs, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
      const own = popcnt(byte);
      low += own;
      to += own << 1;
      high += 8 - <i32>own;
    }
    if (to >= keysFull) to = addDecoded(to, marked, turned, plane, cells);
  }
  addDecoded(to, marked, turned, plane, cells);
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
function addRuns(runs: usize, bytes: i32, marked: bool, turned: bool, plane: usize, cells: usize): f64 {
  const end = runs + bytes;
  let next: u64 = 0;
  let total: u64 = 0;
  let to = keys;
  while (runs < end) {
    if (to >= keysFull) to = addDecoded(to, marked, turned, plane, cells);
    const eight = load<u64>(runs);
    if (!(eight & FOUR_LONG) && runs + 4 <= end) {
      const first = next + ((eight >> 1) & 0x3f);
      const second = first + 1 + ((eight >> 9) & 0x3f);
      const third = second + 1 + ((eight >> 17) & 0x3f);
      const fourth = third + 1 + ((eight >> 25) & 0x3f);
      if (fourth > 0xffff) return -1;
      store<u16>(to, <u16>first);
      store<u16>(to, <u16>second, 2);
      store<u16>(to, <u16>third, 4);
      store<u16>(to, <u16>fourth, 6);
      to += 8;
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
      store<u16>(to, <u16>first);
      store<u16>(to, <u16>second, 2);
      to += 4;
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
    store<u16>(to, <u16>key);
    to += 2;
    if (count > 1) addCount(turned ? 65536 - <u32>key : <u32>key, count - 1, cells);
    next = key + 1;
    total += count;
  }
  addDecoded(to, marked, turned, plane, cells);
  return <f64>total;
}

/**
 * Adds the pieces of a bucket. A piece is four uint32: address, bytes, side, encoding (few-keys.ts). `turned`: they are
 * of the background, and key k goes to place 65536 - k. Returns how many keys they hold, or -1 when one of them is not what it
 * should be.
 */
export function addPieceKeys(pieces: usize, count: i32, cells: usize, turned: i32): f64 {
  const end = pieces + (<usize>count << 4);
  let bytes: u32 = 0;
  for (let piece = pieces; piece < end; piece += 16) bytes += load<u32>(piece, 4);
  const many = bytes > MANY_BYTES;
  if (many) markAll();
  let total: f64 = 0;
  for (let piece = pieces; piece < end; piece += 16) {
    const added = addPiece(piece, many, turned != 0, cells);
    if (added < 0) return -1;
    total += added;
  }
  return total;
}

// @ts-ignore: decorator
@inline
function addPiece(piece: usize, marked: bool, turned: bool, cells: usize): f64 {
  const address = load<u32>(piece);
  const bytes = load<u32>(piece, 4);
  const side = load<u32>(piece, 8);
  const encoding = load<u32>(piece, 12);
  const plane = planeOf(side);
  const own = cellsOf(cells, side);
  if (encoding == SPLIT) return addSplit(address, bytes, marked, turned, plane, own);
  if (encoding != PACKED) return addRuns(address, bytes, marked, turned, plane, own);
  addEach(address, bytes >> 1, marked, turned, plane, own);
  return <f64>(bytes >> 1);
}
