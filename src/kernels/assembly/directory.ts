/**
 * The directory of a section, of buckets that were stored behind each other. The host checks and reads it
 * (measures/sorted-errors/shard/directory.ts, which has the layout) and fills in the checksums.
 */
import { RUNS } from './few-keys';
import { writeVarint } from './runs';

/** A block is closed when its payload has reached this size. */
const BLOCK_BYTES: u32 = 16384;
/** Five numbers and a checksum take at most this. */
const HEAD_BYTES: usize = 40;
/** Encodings that a token tells apart: 4. */
const ENCODING_BITS: u32 = 2;

/** How a bucket is stored: a row of a table of uint32, one for each bucket. */
// @ts-ignore: decorator
@inline
export function setStored(table: usize, slot: usize, encoding: i32, bytes: usize): void {
  store<u32>(table + (slot << 2), (<u32>bytes << ENCODING_BITS) | <u32>encoding);
}

/** The directory of a side of a tile. `counts`: the keys of each bucket, uint32; `table` is read where there are any. */
export function tileDirectory(table: usize, counts: usize, out: usize): usize {
  return writeDirectory(false, table, counts, 0, 65536, out);
}

/** Of a merged range from the bucket `first` on. `keys`: float64, every other one is that of a bucket of this side. */
export function mergedDirectory(table: usize, keys: usize, first: i32, buckets: i32, out: usize): usize {
  return writeDirectory(true, table, keys, first, buckets, out);
}

// @ts-ignore: decorator
@inline
function keysOf(merged: bool, keys: usize, slot: i32): u64 {
  return merged ? <u64>load<f64>(keys + (<usize>slot << 4)) : <u64>load<u32>(keys + (<usize>slot << 2));
}

/** Writes the directory at `out`, with zeros for checksums; returns its bytes. */
// @ts-ignore: decorator
@inline
function writeDirectory(merged: bool, table: usize, keys: usize, first: i32, buckets: i32, out: usize): usize {
  let at = out;
  let slot = 0;
  while (slot < buckets && !keysOf(merged, keys, slot)) slot++;
  while (slot < buckets) {
    const firstSlot = slot;
    // What is in front of the tokens counts them: they are moved there afterwards.
    const tokens = at + HEAD_BYTES;
    let end = tokens;
    let listed: u64 = 0;
    let held: u64 = 0;
    let bytes: u32 = 0;
    let next = slot;
    while (slot < buckets && bytes < BLOCK_BYTES) {
      const stored = load<u32>(table + (<usize>slot << 2));
      const encoding = stored & ((1 << ENCODING_BITS) - 1);
      const count = keysOf(merged, keys, slot);
      end = writeVarint(end, <u64>(((slot - next) << ENCODING_BITS) | encoding));
      end = writeVarint(end, count);
      if (encoding == RUNS) end = writeVarint(end, stored >> ENCODING_BITS);
      listed++;
      held += count;
      bytes += stored >> ENCODING_BITS;
      next = ++slot;
      while (slot < buckets && !keysOf(merged, keys, slot)) slot++;
    }
    at = writeVarint(at, <u64>(first + firstSlot));
    at = writeVarint(at, listed);
    at = writeVarint(at, held);
    at = writeVarint(at, bytes);
    at = writeVarint(at, end - tokens);
    store<u32>(at, 0);
    memory.copy(at + 4, tokens, end - tokens);
    at += 4 + (end - tokens);
  }
  return at - out;
}
