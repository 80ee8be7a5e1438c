/**
 * The keys of a bucket of a tile, sorted by their two bytes, one after the other: of few keys that is less than to mark a bit
 * for each among 65536 and to look for them.
 */
import { BACKGROUND, FOREGROUND } from './key-list';
import { MOST_FEW } from './few-keys';

/** Of fewer keys the tables of a sort cost more than they save. */
const LEAST: u32 = 48;

/** Counts of the low and of the high bytes, then places (uint16). */
const lowPlaces = memory.data(512, 16);
const highPlaces = memory.data(512, 16);
/** Keys by low byte, then by both: uint32 of side (bit 16) and key, with one before them. */
const byLow = memory.data(4 * 2048, 16);
const sorted = memory.data(4 * 2048 + 16, 16) + 16;
/** The keys of each side (uint16), with room around them. */
export const backgroundFew = memory.data(2 * 2048 + 64, 16) + 16;
export const foregroundFew = memory.data(2 * 2048 + 64, 16) + 16;

/** Whether so many keys of both sides are sorted here. */
// @ts-ignore: decorator
@inline
export function areFew(count: u32): bool {
  return count >= LEAST && count <= MOST_FEW;
}

/** Lists the keys of a bucket as `gatherKeys` does; returns the rows. `keys`: uint16 each, in any order. */
export function listFew(
  backgroundKeys: usize, background: u32, foregroundKeys: usize, foreground: u32, list: usize,
): i32 {
  memory.fill(lowPlaces, 0, 512);
  memory.fill(highPlaces, 0, 512);
  countBytes(backgroundKeys, background);
  countBytes(foregroundKeys, foreground);
  sumPlaces(lowPlaces);
  sumPlaces(highPlaces);
  placeByLow(backgroundKeys, background, 0);
  placeByLow(foregroundKeys, foreground, 0x10000);
  const count = background + foreground;
  for (let at = byLow, end = byLow + (<usize>count << 2); at < end; at += 4) {
    const key = load<u32>(at);
    const place = nextPlace(highPlaces, (key >> 8) & 0xff);
    store<u32>(sorted + (place << 2), key);
  }
  return listSorted(count, list);
}

function countBytes(keys: usize, count: u32): void {
  for (let at = keys, end = keys + (<usize>count << 1); at < end; at += 2) {
    const key = <u32>load<u16>(at);
    countOne(lowPlaces, key & 0xff);
    countOne(highPlaces, key >> 8);
  }
}

// @ts-ignore: decorator
@inline
function countOne(counts: usize, byte: u32): void {
  const at = counts + (<usize>byte << 1);
  store<u16>(at, load<u16>(at) + 1);
}

/** From counts to the place of the first of each byte. */
function sumPlaces(counts: usize): void {
  // Shifts by lanes of a row of zeros in front: one instruction each.
  const zero = i16x8.splat(0);
  let before = zero;
  for (let at = counts, end = counts + 512; at < end; at += 16) {
    const own = v128.load(at);
    let sum = i16x8.add(own, v128.shuffle<i16>(zero, own, 7, 8, 9, 10, 11, 12, 13, 14));
    sum = i16x8.add(sum, v128.shuffle<i16>(zero, sum, 6, 7, 8, 9, 10, 11, 12, 13));
    sum = i16x8.add(sum, v128.shuffle<i16>(zero, sum, 4, 5, 6, 7, 8, 9, 10, 11));
    v128.store(at, i16x8.add(i16x8.sub(sum, own), before));
    before = i16x8.add(before, v128.shuffle<i16>(sum, sum, 7, 7, 7, 7, 7, 7, 7, 7));
  }
}

// @ts-ignore: decorator
@inline
function nextPlace(places: usize, byte: u32): usize {
  const at = places + (<usize>byte << 1);
  const place = load<u16>(at);
  store<u16>(at, place + 1);
  return <usize>place;
}

function placeByLow(keys: usize, count: u32, side: u32): void {
  for (let at = keys, end = keys + (<usize>count << 1); at < end; at += 2) {
    const key = <u32>load<u16>(at);
    store<u32>(byLow + (nextPlace(lowPlaces, key & 0xff) << 2), key | side);
  }
}

/** Lists sorted keys: four at a time where none of them repeats the one before. */
function listSorted(count: u32, list: usize): i32 {
  const low = i32x4.splat(0xffff);
  const one = i32x4.splat(1);
  // The first repeats none.
  store<u32>(sorted - 4, ~load<u32>(sorted));
  const end = sorted + (<usize>count << 2);
  let row = list;
  let at = sorted;
  for (; at + 16 <= end; at += 16) {
    const own = v128.load(at);
    const keys = v128.and(own, low);
    if (v128.any_true(i32x4.eq(keys, v128.and(v128.load(at - 4), low)))) {
      row = listEach(at, at + 16, row, list);
      continue;
    }
    const onForeground = i32x4.shr_u(own, 16);
    v128.store(row, keys);
    v128.store(row + BACKGROUND, i32x4.sub(one, onForeground));
    v128.store(row + FOREGROUND, onForeground);
    row += 16;
  }
  row = listEach(at, end, row, list);
  return <i32>((row - list) >> 2);
}

/** The same one by one. */
function listEach(at: usize, end: usize, row: usize, list: usize): usize {
  for (; at < end; at += 4) {
    const own = load<u32>(at);
    const side = own >> 16;
    if (row > list && load<u32>(row - 4) == (own & 0xffff)) {
      store<u32>(row - 4, load<u32>(row - 4 + BACKGROUND) + 1 - side, BACKGROUND);
      store<u32>(row - 4, load<u32>(row - 4 + FOREGROUND) + side, FOREGROUND);
      continue;
    }
    store<u32>(row, own & 0xffff);
    store<u32>(row, 1 - side, BACKGROUND);
    store<u32>(row, side, FOREGROUND);
    row += 4;
  }
  return row;
}

/** For each byte, as a shuffle of eight uint16: those whose bits are set, in order. */
const chosen = memory.data(16 * 256, 16);

function writeChosen(): void {
  for (let bits: u32 = 0; bits < 256; bits++) {
    let to = chosen + (<usize>bits << 4);
    for (let lane: u32 = 0; lane < 8; lane++) {
      if (!((bits >> lane) & 1)) continue;
      store<u16>(to, <u16>(2 * lane | ((2 * lane + 1) << 8)));
      to += 2;
    }
  }
}
writeChosen();

/** Splits the keys that were listed last by side, eight at a time; `count` of both. */
export function splitSides(count: u32): void {
  const low = i32x4.splat(0xffff);
  let background = backgroundFew;
  let foreground = foregroundFew;
  for (let at = sorted, end = sorted + (<usize>count << 2); at < end; at += 32) {
    const first = v128.load(at);
    const second = v128.load(at, 16);
    const keys = i16x8.narrow_i32x4_u(v128.and(first, low), v128.and(second, low));
    const onForeground = i32x4.bitmask(i32x4.shl(first, 15)) | (i32x4.bitmask(i32x4.shl(second, 15)) << 4);
    v128.store(foreground, i8x16.swizzle(keys, v128.load(chosen + (<usize>onForeground << 4))));
    v128.store(background, i8x16.swizzle(keys, v128.load(chosen + (<usize>(onForeground ^ 0xff) << 4))));
    const bytes = <usize>popcnt(onForeground) << 1;
    foreground += bytes;
    background += 16 - bytes;
  }
}
