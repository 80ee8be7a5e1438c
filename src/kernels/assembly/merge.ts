/** Merging bucket by bucket: of pieces of any number of shards, or of the placed keys of one tile. */
import { addPackedKeys, addPieceKeys } from './add-keys';
import { setStored } from './directory';
import { evaluateKeys } from './evaluate';
import { collectKeys, encodeFew, encoding, MOST_FEW, RUNS } from './few-keys';
import { BACKGROUND as BACKGROUND_COUNTS, endBucket, FOREGROUND as FOREGROUND_COUNTS, gatherKeys } from './key-list';
import { writeListRuns } from './list-runs';
import { areFew, backgroundFew, foregroundFew, listFew, splitSides } from './sort-few';

const BUCKETS: usize = 65536;

/** State of a merge: float64 each. */
const BUCKET: usize = 0, FOREGROUND: usize = 8, BACKGROUND: usize = 16, SUMS: usize = 24;
/** Payload bytes of each side so far. */
const BYTES: usize = 32;
/** What a merge is to do: foreground voxels of the whole, whether scores are logits, evaluate, write. */
const TOTAL: usize = 48, LOGIT: usize = 56, EVALUATE: usize = 64, WRITE: usize = 72;
/**
 * Addresses of the sums, and of each side's payload and table of how its buckets are stored (directory.ts); how large a payload
 * may get before a pause.
 */
const SUMS_AT: usize = 80, STORED_AT: usize = 88, PAYLOAD_AT: usize = 104, PAUSE: usize = 120;
/** Of a tile: where the keys of each side that are left begin, and how many rows of sums there is room for. */
const KEYS_AT: usize = 128, ROWS: usize = 144;

/** Bytes of a row of sums: float64 [bucket, sums and compensations of `evaluateKeys`]. */
const SUMS_ROW: usize = 40;

/**
 * Merges buckets from `BUCKET` of the state up to `end`, or until a payload has reached `PAUSE` bytes (room for one
 * bucket more is behind them). `keys`: float64 pairs [background, foreground], the keys of each bucket from `first` on;
 * `starts`: the first row of each in `rows`, the pieces of `addPieceKeys`. For each bucket that holds keys a row of sums is
 * written, and for each of its sides that does how it is stored. `list`: room of `gatherKeys`. Returns whether each bucket held
 * the keys that it should; at one that does not, the merge stops.
 */
export function mergeBuckets(
  first: i32, end: i32, keys: usize, starts: usize, rows: usize, cells: usize, list: usize, state: usize,
): bool {
  const pause = load<f64>(state, PAUSE);
  const evaluate = load<f64>(state, EVALUATE) != 0;
  const write = load<f64>(state, WRITE) != 0;
  const logit = <i32>load<f64>(state, LOGIT);
  const total = load<f64>(state, TOTAL);
  let bucket = <i32>load<f64>(state, BUCKET);
  for (; bucket < end; bucket++) {
    const slot = <usize>(bucket - first);
    const background = load<f64>(keys + (slot << 4));
    const foreground = load<f64>(keys + (slot << 4), 8);
    const all = background + foreground;
    if (all == 0) continue;
    if (load<f64>(state, BYTES) >= pause || load<f64>(state, BYTES + 8) >= pause) break;
    store<f64>(state, <f64>bucket, BUCKET);
    const from = load<u32>(starts + (slot << 2));
    const count = load<u32>(starts + (slot << 2), 4) - from;
    if (addPieceKeys(rows + (<usize>from << 4), count, cells, 0) != all) return false;
    const listed = gatherAndWrite(slot, background, foreground, write, cells, list, state);
    const foregroundAbove = load<f64>(state, FOREGROUND) - foreground;
    const backgroundAbove = load<f64>(state, BACKGROUND) - background;
    store<f64>(state, foregroundAbove, FOREGROUND);
    store<f64>(state, backgroundAbove, BACKGROUND);
    if (evaluate) {
      const sums = beginSums(bucket, state);
      evaluateKeys(list, listed, cells, bucket, logit, total, foregroundAbove, backgroundAbove, sums);
    }
    endBucket(cells);
  }
  store<f64>(state, <f64>bucket, BUCKET);
  return true;
}

/** Lists the keys that were added, and, to `write` them, adds those of each side to its payload. */
function gatherAndWrite(
  slot: usize, background: f64, foreground: f64, write: bool, cells: usize, list: usize, state: usize,
): i32 {
  const rows = gatherKeys(cells, list);
  if (!write) return rows;
  writeSide(slot, background, list, rows, cells, BACKGROUND_COUNTS, state);
  writeSide(slot, foreground, list, rows, cells, FOREGROUND_COUNTS, state + 8);
  return rows;
}

/** Adds the `keys` keys that a list has of a side to its payload. */
function writeSide(slot: usize, keys: f64, list: usize, rows: i32, cells: usize, side: usize, ofSide: usize): void {
  if (keys > <f64>MOST_FEW) {
    endStored(slot, RUNS, writeListRuns(list, rows, cells, side, payloadEnd(ofSide)), ofSide);
  } else if (keys > 0) writeFew(slot, collectKeys(list, rows, side), <u32>keys, ofSide);
}

/** Adds a few keys to the payload of a side. */
function writeFew(slot: usize, keys: usize, count: u32, ofSide: usize): void {
  const end = encodeFew(keys, count, payloadEnd(ofSide));
  endStored(slot, encoding, end, ofSide);
}

/** Begins a row of sums; returns where the sums of the bucket go. */
// @ts-ignore: decorator
@inline
function beginSums(bucket: i32, state: usize): usize {
  const row = load<f64>(state, SUMS);
  const at = <usize>load<f64>(state, SUMS_AT) + <usize>row * SUMS_ROW;
  store<f64>(at, <f64>bucket);
  store<f64>(state, row + 1, SUMS);
  return at + 8;
}

/** Where the payload of a side ends. `ofSide`: the state, 8 bytes further on for the foreground; so below. */
// @ts-ignore: decorator
@inline
function payloadEnd(ofSide: usize): usize {
  return <usize>(load<f64>(ofSide, PAYLOAD_AT) + load<f64>(ofSide, BYTES));
}

/** Notes how the keys of a bucket are stored, which were written from the payload's end to `end`. */
function endStored(slot: usize, encoding: i32, end: usize, ofSide: usize): void {
  const bytes = end - payloadEnd(ofSide);
  setStored(<usize>load<f64>(ofSide, STORED_AT), slot, encoding, bytes);
  store<f64>(ofSide, load<f64>(ofSide, BYTES) + <f64>bytes, BYTES);
}

/** Bytes that so many keys of a tile and one bucket take at most, with what is written behind them. */
// @ts-ignore: decorator
@inline
function mostBytes(keys: u32): f64 {
  // A key that is there once takes up to 3 bytes, another one up to 7, and 2 a voxel.
  return <f64>(min(3 * <u64>keys, 7 * BUCKETS) + 16);
}

/**
 * `mergeBuckets` of a single tile of less than 2^28 voxels: of its keys as `placeKeys` left them, by the `counts` of their
 * buckets. Stops when sums or a payload have no room for another bucket (`ROWS`, `PAUSE`): to be called again, with these
 * emptied, until `BUCKET` is 65536.
 */
export function mergeTile(counts: usize, cells: usize, list: usize, state: usize): void {
  const room = load<f64>(state, PAUSE);
  const rows = load<f64>(state, ROWS);
  const write = load<f64>(state, WRITE) != 0;
  const logit = <i32>load<f64>(state, LOGIT);
  const total = load<f64>(state, TOTAL);
  let foregroundAbove = load<f64>(state, FOREGROUND);
  let backgroundAbove = load<f64>(state, BACKGROUND);
  let backgroundKeys = <usize>load<f64>(state, KEYS_AT);
  let foregroundKeys = <usize>load<f64>(state, KEYS_AT + 8);
  let bucket = <usize>load<f64>(state, BUCKET);
  for (; bucket < BUCKETS; bucket++) {
    const background = load<u32>(counts + (bucket << 2));
    const foreground = load<u32>(counts + ((BUCKETS + bucket) << 2));
    if (!(background | foreground)) continue;
    if (load<f64>(state, SUMS) >= rows) break;
    if (load<f64>(state, BYTES) + mostBytes(background) > room) break;
    if (load<f64>(state, BYTES + 8) + mostBytes(foreground) > room) break;
    const count = background + foreground;
    let listed: i32;
    if (areFew(count)) {
      listed = listFew(backgroundKeys, background, foregroundKeys, foreground, list);
      if (write) {
        splitSides(count);
        if (background) writeFew(bucket, backgroundFew, background, state);
        if (foreground) writeFew(bucket, foregroundFew, foreground, state + 8);
      }
    } else {
      addPackedKeys(backgroundKeys, background, cells, 0);
      addPackedKeys(foregroundKeys, foreground, cells, 1);
      listed = gatherAndWrite(bucket, <f64>background, <f64>foreground, write, cells, list, state);
    }
    backgroundKeys += <usize>background << 1;
    foregroundKeys += <usize>foreground << 1;
    foregroundAbove -= <f64>foreground;
    backgroundAbove -= <f64>background;
    const sums = beginSums(<i32>bucket, state);
    evaluateKeys(list, listed, cells, <i32>bucket, logit, total, foregroundAbove, backgroundAbove, sums);
  }
  store<f64>(state, foregroundAbove, FOREGROUND);
  store<f64>(state, backgroundAbove, BACKGROUND);
  store<f64>(state, <f64>backgroundKeys, KEYS_AT);
  store<f64>(state, <f64>foregroundKeys, KEYS_AT + 8);
  store<f64>(state, <f64>bucket, BUCKET);
}
