/**
 * The pieces of shards that a merge adds up, the keys of one bucket and side in one file each: read from the directories of the
 * files (measures/sorted-errors/shard/directory.ts), then listed by bucket.
 */
import { PACKED, SPLIT, splitBytes } from './few-keys';

/** A piece as it is read: uint32 place in the payload, bytes, side, encoding, slot, and 4 bytes on float64 keys. */
const RECORD_BYTES: usize = 32;
const KEYS: usize = 24;

const BUCKETS: f64 = 65536.0;

/** Where the next number is read, and where the tokens end. */
let cursor: usize = 0;
let tokensEnd: usize = 0;

// @ts-ignore: decorator
@inline
function readNumber(): f64 {
  const first = <u64>load<u8>(cursor++);
  return first < 0x80 ? <f64>first : readRest(first & 0x7f);
}

function readRest(low: u64): f64 {
  let value = low;
  for (let shift: u64 = 7; shift < 64 && cursor < tokensEnd; shift += 7) {
    const byte = <u64>load<u8>(cursor++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return <f64>value;
}

/**
 * Reads the tokens of a block of `buckets` buckets, from `tokens` up to `end`, and records those in [first, last) behind each
 * other at `records`. `encodings`: how many a token tells apart. `start`: the place of the block's payload of `bytes` bytes.
 * Adds the keys of each to `keys` (float64 pairs [background, foreground], from `first` on) and counts it in `counts` (uint32).
 * Returns how many were recorded, or -1 for tokens that are none of such a block.
 */
export function readPieces(
  tokens: usize, end: usize, buckets: i32, firstBucket: i32, encodings: f64, start: f64, bytes: f64,
  first: i32, last: i32, side: i32, records: usize, keys: usize, counts: usize,
): i32 {
  cursor = tokens;
  tokensEnd = end;
  const blockEnd = start + bytes;
  let record = records;
  let bucket = <f64>firstBucket - 1.0;
  for (let rank = 0; rank < buckets; rank++) {
    const head = readNumber();
    const gap = Math.floor(head / encodings);
    const encoding = <i32>(head - gap * encodings);
    bucket += gap + 1.0;
    const held = readNumber();
    const own = encoding == PACKED ? 2.0 * held : encoding == SPLIT ? splitBytes(held) : readNumber();
    if (cursor > end || bucket >= BUCKETS || encoding > SPLIT || start + own > blockEnd) return -1;
    const at = <i32>bucket;
    if (at >= first && at < last) {
      const slot = <usize>(at - first);
      store<u32>(record, <u32>start);
      store<u32>(record, <u32>own, 4);
      store<u32>(record, side, 8);
      store<u32>(record, encoding, 12);
      store<u32>(record, <u32>slot, 16);
      store<f64>(record, held, KEYS);
      record += RECORD_BYTES;
      const ofSide = keys + (slot << 4) + (<usize>side << 3);
      store<f64>(ofSide, load<f64>(ofSide) + held);
      const count = counts + (slot << 2);
      store<u32>(count, load<u32>(count) + 1);
    }
    start += own;
  }
  return <i32>((record - records) / RECORD_BYTES);
}

/** Turns the counts of `slots` slots into the first row of each, and writes those at `next` as well; the last is the end. */
export function startRows(counts: usize, slots: i32, next: usize): void {
  let row: u32 = 0;
  for (let slot = 0; slot <= slots; slot++) {
    const at = <usize>slot << 2;
    const own = slot < slots ? load<u32>(counts + at) : 0;
    store<u32>(counts + at, row);
    store<u32>(next + at, row);
    row += own;
  }
}

/**
 * Lists `count` recorded pieces, each in the next row of its slot: uint32 address, bytes, side and encoding, as `addPieceKeys`
 * takes them. `address`: what is added to a place in the payload.
 */
export function listPieces(records: usize, count: i32, address: i32, next: usize, rows: usize): void {
  for (let record = records, end = records + <usize>count * RECORD_BYTES; record < end; record += RECORD_BYTES) {
    const slot = next + (<usize>load<u32>(record, 16) << 2);
    const row = load<u32>(slot);
    store<u32>(slot, row + 1);
    const at = rows + (<usize>row << 4);
    v128.store(at, v128.load(record));
    store<u32>(at, load<u32>(record) + address);
  }
}
