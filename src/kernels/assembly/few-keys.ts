/**
 * The keys of one side of a bucket that holds few of them, as merged shards store them. The encoding is a function of the keys
 * alone: packed where the high bytes would take more room than they save, runs where keys repeat, else split.
 *
 * Split keys: the low byte of each, ascending by key, then the high bytes as bits, the least significant first: of the i-th
 * key, from 0 on, bit `high byte + i` is set. So they take 9 to 10 bits each and are read without a branch per key.
 */
import { writeVarint } from './runs';

/** Of more keys than this on a side runs are about as short. */
export const MOST_FEW: u32 = 2048;
/** Up to so many are packed. */
const MOST_PACKED: u32 = 36;

export const PACKED: i32 = 0, RUNS: i32 = 1, SPLIT: i32 = 2;

/** The last bucket's encoding. */
export let encoding: i32 = RUNS;

/** Keys on their way from a list: uint16, with room before and behind them. */
const collected = memory.data(2 * 2048 + 64, 16) + 16;

/** The keys of a side of a list of `rows` keys, each as often as it is there: few. Returns their address. */
export function collectKeys(list: usize, rows: i32, side: usize): usize {
  let to = collected;
  for (let at = list, end = list + (<usize>rows << 2); at < end; at += 4) {
    for (let left = load<u32>(at + side); left > 0; left--) {
      store<u16>(to, load<u32>(at));
      to += 2;
    }
  }
  return collected;
}

/**
 * Writes `count` ascending keys (uint16; what lies around them may be read) at `out` and sets `encoding`; returns where they
 * end. Up to 16 bytes behind that are written too.
 */
export function encodeFew(keys: usize, count: u32, out: usize): usize {
  if (repeated(keys, count) << 3 > count) {
    encoding = RUNS;
    return writeRuns(keys, count, out);
  }
  if (count <= MOST_PACKED) {
    encoding = PACKED;
    const bytes = <usize>count << 1;
    for (let at: usize = 0; at < bytes; at += 16) v128.store(out + at, v128.load(keys + at));
    return out + bytes;
  }
  encoding = SPLIT;
  return writeSplit(keys, count, out);
}

/** How many of the keys are not new. */
function repeated(keys: usize, count: u32): u32 {
  let found: u32 = 0;
  let at = keys + 2;
  const end = keys + (<usize>count << 1);
  for (; at + 16 <= end; at += 16) {
    found += popcnt(i16x8.bitmask(i16x8.eq(v128.load(at), v128.load(at - 2))));
  }
  for (; at < end; at += 2) found += <u32>(load<u16>(at) == load<u16>(at - 2));
  return found;
}

function writeRuns(keys: usize, count: u32, out: usize): usize {
  const end = keys + (<usize>count << 1);
  let next: u32 = 0;
  while (keys < end) {
    const key = <u32>load<u16>(keys);
    let times: u32 = 0;
    do {
      times++;
      keys += 2;
    } while (keys < end && load<u16>(keys) == key);
    out = writeVarint(out, (<u64>(key - next) << 1) | <u64>(times > 1));
    if (times > 1) out = writeVarint(out, times - 2);
    next = key + 1;
  }
  return out;
}

/** Bytes of so many split keys: the last bit that can be set is `count + 254`. */
// @ts-ignore: decorator
@inline
export function splitBytes<T>(count: T): T {
  if (isFloat<T>()) return <T>(count + <T>Math.floor((<f64>count + 262.0) / 8.0));
  return count + ((count + <T>262) >> <T>3);
}

/** How many split keys have so many bytes; -1 where none have. */
// @ts-ignore: decorator
@inline
export function splitCount(bytes: u32): i32 {
  // Of 8 bytes = 9 count + 262 - rest, the rest below 8.
  const count = bytes < 33 ? 0 : (8 * bytes - 255) / 9;
  return count > 0 && splitBytes(count) == bytes ? <i32>count : -1;
}

function writeSplit(keys: usize, count: u32, out: usize): usize {
  const low = i16x8.splat(0xff);
  const bytes = <usize>count << 1;
  for (let at: usize = 0; at < bytes; at += 32) {
    const first = v128.and(v128.load(keys + at), low);
    const second = v128.and(v128.load(keys + at, 16), low);
    v128.store(out + (at >> 1), i8x16.narrow_i16x8_u(first, second));
  }
  out += count;
  const end = out - count + splitBytes(count);
  for (let at = out; at < end; at += 16) v128.store(at, i8x16.splat(0));
  writeHighBytes(keys, count, out);
  return end;
}

/** Of a row of four uint16: one in each, their low bytes, and the numbers from 0 to 3. */
const ONES: u64 = 0x0001000100010001, BYTES: u64 = 0x00ff00ff00ff00ff, LANES: u64 = 0x0003000200010000;

/** Sets bit `high byte + i` of the i-th key where zeros are, of four keys at a time if they are close enough. */
function writeHighBytes(keys: usize, count: u32, out: usize): void {
  // The bits so far of the eight bytes from `byte` on.
  let word: u64 = 0;
  let byte: usize = 0;
  for (let i: u32 = 0; i < count;) {
    const bits = ((load<u64>(keys + (<usize>i << 1)) >> 8) & BYTES) + ONES * i + LANES;
    store<u64>(out + byte, word);
    const first = <usize>(bits & 0xffff) >> 3;
    word = first - byte < 8 ? word >> (<u64>(first - byte) << 3) : 0;
    byte = first;
    // Shifts take the low six bits of a place: of the first all there is, of the others if the last is below 64.
    const places = bits - ONES * (<u64>byte << 3);
    word |= <u64>1 << places;
    i++;
    if (i + 3 > count || places >> 54) continue;
    word |= (<u64>1 << (places >> 16)) | (<u64>1 << (places >> 32)) | (<u64>1 << (places >> 48));
    i += 3;
  }
  store<u64>(out + byte, word);
}
