/**
 * The shard of a tile: its error keys split by side and bucket in two passes (count, then place), each bucket then
 * stored in whichever of two channelHeaders is the smaller one.
 */
import { errorKeys } from './keys';
import { addPacked, clearCells, encodeCells } from './cells';
import { setStored } from './directory';
import { PACKED, RUNS } from './few-keys';

const BUCKETS: usize = 65536;

// @ts-ignore: decorator
@inline
function sideOf(mask: usize): v128 {
  const bytes = v128.load32_splat(mask);
  return i32x4.ne(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)), i32x4.splat(0));
}

/** Bucket of both sides: background buckets first, then foreground ones. */
// @ts-ignore: decorator
@inline
function bucketsOf(keys: v128, side: v128): v128 {
  return v128.or(i32x4.shr_u(keys, 16), v128.and(side, i32x4.splat(<i32>BUCKETS)));
}

// @ts-ignore: decorator
@inline
function countOne(counts: usize, bucket: i32): void {
  const at = counts + (<usize>bucket << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** counts[side * 65536 + bucket] += 1 (uint32) for each voxel. */
export function countBuckets(scores: usize, mask: usize, count: i32, logit: i32, counts: usize): void {
  let i = 0;
  const isLogit = logit != 0;
  for (; i + 4 <= count; i += 4) {
    const side = sideOf(mask + i);
    const buckets = bucketsOf(errorKeys(v128.load(scores + (<usize>i << 2)), side, isLogit), side);
    countOne(counts, i32x4.extract_lane(buckets, 0));
    countOne(counts, i32x4.extract_lane(buckets, 1));
    countOne(counts, i32x4.extract_lane(buckets, 2));
    countOne(counts, i32x4.extract_lane(buckets, 3));
  }
  for (; i < count; i++) {
    const side = i32x4.splat(load<u8>(mask + i) ? -1 : 0);
    const keys = errorKeys(v128.load32_splat(scores + (<usize>i << 2)), side, isLogit);
    countOne(counts, i32x4.extract_lane(bucketsOf(keys, side), 0));
  }
}

/** offsets[b] = number of keys in the buckets before b, over both sides. */
export function prefixSums(counts: usize, offsets: usize): void {
  let sum: u32 = 0;
  for (let b: usize = 0; b < 2 * BUCKETS; b++) {
    store<u32>(offsets + (b << 2), sum);
    sum += load<u32>(counts + (b << 2));
  }
}

// @ts-ignore: decorator
@inline
function place(offsets: usize, bucket: i32, key: i32, target: usize): void {
  const at = offsets + (<usize>bucket << 2);
  const position = load<u32>(at);
  store<u32>(at, position + 1);
  store<u16>(target + (<usize>position << 1), <u16>key);
}

/** Writes the low 16 bits of each key behind those of its bucket, in voxel order; advances `offsets`. */
export function placeKeys(
  scores: usize, mask: usize, count: i32, logit: i32, offsets: usize, target: usize,
): void {
  let i = 0;
  const isLogit = logit != 0;
  for (; i + 4 <= count; i += 4) {
    const side = sideOf(mask + i);
    const keys = errorKeys(v128.load(scores + (<usize>i << 2)), side, isLogit);
    const buckets = bucketsOf(keys, side);
    place(offsets, i32x4.extract_lane(buckets, 0), i32x4.extract_lane(keys, 0), target);
    place(offsets, i32x4.extract_lane(buckets, 1), i32x4.extract_lane(keys, 1), target);
    place(offsets, i32x4.extract_lane(buckets, 2), i32x4.extract_lane(keys, 2), target);
    place(offsets, i32x4.extract_lane(buckets, 3), i32x4.extract_lane(keys, 3), target);
  }
  for (; i < count; i++) {
    const side = i32x4.splat(load<u8>(mask + i) ? -1 : 0);
    const keys = errorKeys(v128.load32_splat(scores + (<usize>i << 2)), side, isLogit);
    const bucket = i32x4.extract_lane(bucketsOf(keys, side), 0);
    place(offsets, bucket, i32x4.extract_lane(keys, 0), target);
  }
}

/** How many of a bucket's first keys are looked at to see whether scores repeat. */
const SAMPLE: i32 = 32;

/**
 * Whether scores repeat enough for runs to be worth trying: 1 in 8 of the first keys (up to 32) is not new. A
 * function of the keys alone, so a rerun decides alike.
 */
function repeats(keys: usize, count: i32): bool {
  if (count > <i32>BUCKETS) return true;
  const sample = min(count, SAMPLE);
  if (sample < 4) return false;
  let repeated = 0;
  for (let i = 1; i < sample; i++) {
    const key = load<u16>(keys + (<usize>i << 1));
    for (let j = 0; j < i; j++) {
      if (load<u16>(keys + (<usize>j << 1)) == key) {
        repeated++;
        break;
      }
    }
    if (repeated << 3 >= sample) return true;
  }
  return false;
}

/**
 * Encodes the buckets of one side. `keys`: where `placeKeys` put the side's first key; payloads are moved together
 * at `payload` (at or before `keys`: an encoded bucket is never longer than the placed one). How each bucket that holds keys
 * is stored, packed or as runs, goes to the table `stored` (directory.ts). `cells`, `bitmap`: all zero on entry and on return.
 * `scratch`: room for 65536 runs. Returns the bytes of the payload.
 */
export function encodeSide(
  counts: usize, keys: usize, payload: usize, stored: usize, cells: usize, bitmap: usize, scratch: usize,
): usize {
  const start = payload;
  for (let b: usize = 0; b < BUCKETS; b++) {
    const count = load<u32>(counts + (b << 2));
    if (!count) continue;
    let bytes: u32 = count << 1;
    let encoding = PACKED;
    if (repeats(keys, count)) {
      addPacked(keys, count, cells, bitmap);
      const runs = encodeCells(cells, bitmap, scratch);
      clearCells(cells, bitmap);
      if (runs < bytes) {
        encoding = RUNS;
        memory.copy(payload, scratch, runs);
        keys += bytes;
        bytes = runs;
      }
    }
    if (encoding == PACKED) {
      if (payload != keys) memory.copy(payload, keys, bytes);
      keys += bytes;
    }
    payload += bytes;
    setStored(stored, b, encoding, bytes);
  }
  return payload - start;
}
