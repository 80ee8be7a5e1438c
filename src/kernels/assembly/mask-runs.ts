/**
 * Masks as runs of voxels: the tiles' label maps become runs a label, and these become planes of bits, 64 voxels a word,
 * x fastest, from which elements and components are read.
 *
 * Runs in bytes: varint(gap from the end of the run before), varint(length - 1), in the order of the voxels.
 */

/** Voxels of a piece of a tile: places in it fit 16 bits. */
const PIECE = 65536;

/** Where `readVarint` stopped. */
let cursor: usize = 0;

/** Where the number that was read last ends. */
// @ts-ignore: decorator
@inline
export function lastVarintEnd(): usize {
  return cursor;
}

// @ts-ignore: decorator
@inline
export function readVarint(at: usize): u32 {
  let byte = <u32>load<u8>(at++);
  let value = byte & 0x7f;
  for (let shift: u32 = 7; byte & 0x80 && shift < 32; shift += 7) {
    byte = <u32>load<u8>(at++);
    value |= (byte & 0x7f) << shift;
  }
  cursor = at;
  return value;
}

// @ts-ignore: decorator
@inline
function writeVarint(at: usize, value: u32): usize {
  while (value >= 128) {
    store<u8>(at++, <u8>(value | 128));
    value >>= 7;
  }
  store<u8>(at++, <u8>value);
  return at;
}

/** 1 where a score lies above the threshold, else 0, as 16-bit codes. Readable and writable to the next multiple of 8. */
export function labelsAbove(scores: usize, count: i32, threshold: f32, target: usize): void {
  const limit = f32x4.splat(threshold);
  const one = i16x8.splat(1);
  for (let i: usize = 0, n: usize = count; i < n; i += 8) {
    const low = f32x4.gt(v128.load(scores + (i << 2)), limit);
    const high = f32x4.gt(v128.load(scores + (i << 2), 16), limit);
    v128.store(target + (i << 1), v128.and(v128.narrow<i32>(low, high), one));
  }
}

/** 1 where a label equals `label`, else 0. Readable and writable to the next multiple of 8. */
export function labelsEqual(labels: usize, count: i32, label: i32, target: usize): void {
  const own = i16x8.splat(<i16>label);
  const one = i16x8.splat(1);
  for (let at: usize = 0, end: usize = <usize>count << 1; at < end; at += 16) {
    v128.store(target + at, v128.and(i16x8.eq(v128.load(labels + at), own), one));
  }
}

/** 1 where a byte of the mask has `bit`, else 0, as 16-bit codes. Readable and writable to the next multiple of 16. */
export function labelsOfMask(mask: usize, count: i32, bit: i32, target: usize): void {
  const bits = i8x16.splat(<i8>bit);
  for (let i: usize = 0, n: usize = count; i < n; i += 16) {
    const some = i8x16.min_u(v128.and(v128.load(mask + i), bits), i8x16.splat(1));
    v128.store(target + (i << 1), i16x8.extend_low_i8x16_u(some));
    v128.store(target + (i << 1), i16x8.extend_high_i8x16_u(some), 16);
  }
}

/**
 * The runs of each label above 0 among at most 65536 consecutive codes, appended to what was found before them.
 * `base`: place of the first code in the tile. `tables`: see `RunTables` of the host; the counts are 0 between calls and
 * `ends` holds where the last run of each label ended. Writes the bytes of one label after the other to `out` and for each a
 * row (label, bytes, runs, voxels) of uint32 to `rows`; returns the number of labels.
 */
export function encodeLabelRuns(
  codes: usize, count: i32, base: u32, tables: usize, out: usize, rows: usize,
): i32 {
  const counts = tables;
  const ends = tables + 4 * PIECE;
  const found = tables + 8 * PIECE;
  const offsets = tables + 12 * PIECE;
  const placed = tables + 16 * PIECE;
  const runs = tables + 20 * PIECE;
  let last = runs;
  let label = load<u16>(codes);
  let start = 0;
  let i = 1;
  for (; i + 16 <= count; i += 16) {
    const at = codes + (<usize>i << 1);
    const first = i16x8.ne(v128.load(at), v128.load(at - 2));
    const second = i16x8.ne(v128.load(at, 16), v128.load(at - 2, 16));
    if (!v128.any_true(v128.or(first, second))) continue;
    let changes = <u32>i16x8.bitmask(first) | (<u32>i16x8.bitmask(second) << 8);
    while (changes) {
      const here = i + <i32>ctz(changes);
      changes &= changes - 1;
      if (label) last = putRun(last, start, here, label);
      label = load<u16>(codes + (<usize>here << 1));
      start = here;
    }
  }
  for (; i < count; i++) {
    const next = load<u16>(codes + (<usize>i << 1));
    if (next == label) continue;
    if (label) last = putRun(last, start, i, label);
    label = next;
    start = i;
  }
  if (label) last = putRun(last, start, count, label);

  let labels = 0;
  for (let at = runs; at < last; at += 8) {
    const own = <usize>load<u16>(at, 4) << 2;
    const before = load<u32>(counts + own);
    if (!before) {
      store<u32>(found + (<usize>labels << 2), <u32>own);
      labels++;
    }
    store<u32>(counts + own, before + 1);
  }
  let next: u32 = 0;
  for (let k = 0; k < labels; k++) {
    const own = <usize>load<u32>(found + (<usize>k << 2));
    store<u32>(offsets + own, next);
    next += load<u32>(counts + own);
  }
  for (let at = runs; at < last; at += 8) {
    const own = offsets + (<usize>load<u16>(at, 4) << 2);
    const place = load<u32>(own);
    store<u32>(placed + (<usize>place << 2), load<u32>(at));
    store<u32>(own, place + 1);
  }
  let from = placed;
  for (let k = 0; k < labels; k++) {
    const own = <usize>load<u32>(found + (<usize>k << 2));
    const number = load<u32>(counts + own);
    store<u32>(counts + own, 0);
    let end = load<u32>(ends + own);
    let voxels: u32 = 0;
    const begin = out;
    for (const stop = from + (<usize>number << 2); from < stop; from += 4) {
      const run = load<u32>(from);
      const length = (run >> 16) + 1;
      const first = base + (run & 0xffff);
      out = writeVarint(writeVarint(out, first - end), length - 1);
      end = first + length;
      voxels += length;
    }
    store<u32>(ends + own, end);
    const row = rows + (<usize>k << 4);
    store<u32>(row, <u32>(own >> 2));
    store<u32>(row, <u32>(out - begin), 4);
    store<u32>(row, number, 8);
    store<u32>(row, voxels, 12);
  }
  return labels;
}

// @ts-ignore: decorator
@inline
function putRun(at: usize, start: i32, end: i32, label: u16): usize {
  store<u32>(at, <u32>start | (<u32>(end - start - 1) << 16));
  store<u16>(at, label, 4);
  return at + 8;
}

/** Sets `length` bits of a row of words from bit `first` on. */
// @ts-ignore: decorator
@inline
function setBits(row: usize, first: u32, length: u32): void {
  let at = row + (<usize>(first >> 6) << 3);
  const bit = <u64>(first & 63);
  if (bit + length <= 64) {
    store<u64>(at, load<u64>(at) | ((~<u64>0 >> (64 - <u64>length)) << bit));
    return;
  }
  store<u64>(at, load<u64>(at) | (~<u64>0 << bit));
  let left = length - (64 - <u32>bit);
  for (at += 8; left >= 64; left -= 64, at += 8) store<u64>(at, ~<u64>0);
  if (left) store<u64>(at, load<u64>(at) | (~<u64>0 >> (64 - <u64>left)));
}

/**
 * Sets the bits of plane `z` of a volume from the runs of the tiles that hold a part of it. A tile is eleven uint32: bytes
 * left [from, end), end of the last run that was read, what is left of it [start, stop), origin and shape of its box. Planes
 * must be asked for in order. `span` receives the first and the last row that was touched. Returns -1 for bytes that are no
 * runs of such a box, else 0.
 */
function fillFromTiles(tiles: usize, count: i32, z: u32, words: i32, plane: usize, span: usize): i32 {
  const rowBytes = <usize>words << 3;
  let lowest: u32 = 0xffffffff;
  let highest: u32 = 0;
  for (let tile = tiles, last = tiles + <usize>count * 44; tile < last; tile += 44) {
    const oz = load<u32>(tile, 28);
    const sizeX = load<u32>(tile, 32);
    const sizeY = load<u32>(tile, 36);
    if (z < oz || z - oz >= load<u32>(tile, 40)) continue;
    const area = sizeX * sizeY;
    const low = (z - oz) * area;
    const high = low + area;
    const ox = load<u32>(tile, 20);
    const oy = load<u32>(tile, 24);
    let from = <usize>load<u32>(tile);
    const end = <usize>load<u32>(tile, 4);
    let start = load<u32>(tile, 12);
    let stop = load<u32>(tile, 16);
    let y: u32 = 0;
    let rowEnd = low + sizeX;
    for (;;) {
      if (start == stop) {
        if (from >= end) break;
        start = load<u32>(tile, 8) + readVarint(from);
        const length = readVarint(cursor);
        from = cursor;
        stop = start + length + 1;
        if (from > end || start < low || stop <= start || stop > load<u32>(tile, 40) * area) return -1;
        store<u32>(tile, stop, 8);
      }
      if (start >= high) break;
      while (start < stop && start < high) {
        if (start >= rowEnd) {
          y = (start - low) / sizeX;
          rowEnd = low + (y + 1) * sizeX;
        }
        const here = min(stop, rowEnd) - start;
        setBits(plane + <usize>(oy + y) * rowBytes, ox + sizeX - (rowEnd - start), here);
        if (oy + y < lowest) lowest = oy + y;
        if (oy + y > highest) highest = oy + y;
        start += here;
      }
    }
    store<u32>(tile, <u32>from);
    store<u32>(tile, start, 12);
    store<u32>(tile, stop, 16);
  }
  store<u32>(span, lowest);
  store<u32>(span, highest, 4);
  return 0;
}

/**
 * Writes the runs of the rows [first, last] of a plane, which it clears; none spans two rows. `rowLength`: voxels of a row.
 * `stats` of uint32 receives runs, voxels, lowest and highest x. Returns the bytes.
 */
function encodePlane(
  plane: usize, words: i32, first: u32, last: u32, rowLength: u32, out: usize, stats: usize,
): i32 {
  const begin = out;
  let end: u32 = 0;
  let runs: u32 = 0;
  let voxels: u32 = 0;
  let lowest: u32 = 0xffffffff;
  let highest: u32 = 0;
  for (let y = first; y <= last; y++) {
    const row = plane + ((<usize>y * words) << 3);
    const rowStart = y * rowLength;
    // A run that goes on from the words before begins at `open` (all ones: there is none).
    let open: u32 = 0xffffffff;
    for (let i: u32 = 0; i < <u32>words; i++) {
      const at = row + (<usize>i << 3);
      const bits = load<u64>(at);
      if (!bits && open == 0xffffffff) continue;
      store<u64>(at, 0);
      // Places where the row changes between 0 and 1.
      let changes = bits ^ ((bits << 1) | <u64>(open != 0xffffffff));
      while (changes) {
        const x = (i << 6) + <u32>ctz(changes);
        changes &= changes - 1;
        if (open == 0xffffffff) {
          open = x;
          continue;
        }
        out = writeVarint(writeVarint(out, rowStart + open - end), x - open - 1);
        end = rowStart + x;
        runs++;
        voxels += x - open;
        if (open < lowest) lowest = open;
        if (x - 1 > highest) highest = x - 1;
        open = 0xffffffff;
      }
    }
    if (open != 0xffffffff) {
      out = writeVarint(writeVarint(out, rowStart + open - end), rowLength - open - 1);
      end = rowStart + rowLength;
      runs++;
      voxels += rowLength - open;
      if (open < lowest) lowest = open;
      highest = rowLength - 1;
    }
  }
  store<u32>(stats, runs);
  store<u32>(stats, voxels, 4);
  store<u32>(stats, lowest, 8);
  store<u32>(stats, highest, 12);
  return <i32>(out - begin);
}

/** Bytes of the record of a plane: bytes, runs, voxels, lowest and highest x, first and last row (uint32 each; 0 runs: no more). */
const PLANE_RECORD = 28;

/**
 * Unites planes of a volume from `z` on and writes their runs behind each other, as long as the next surely ends before
 * `limit`: `most` is the most that one takes. `plane` is room for a plane of bits, all 0. Each gets a record. Returns how many
 * planes were united; -1 for bytes that are not runs of their box.
 */
export function mergePlanes(
  tiles: usize, count: i32, z: u32, end: u32, words: i32, rowLength: u32, plane: usize, out: usize, limit: usize,
  most: i32, records: usize,
): i32 {
  let done = 0;
  for (; z < end && out + most <= limit; z++, done++) {
    const record = records + <usize>done * PLANE_RECORD;
    if (fillFromTiles(tiles, count, z, words, plane, record + 20) < 0) return -1;
    const first = load<u32>(record, 20);
    const last = load<u32>(record, 24);
    if (first > last) {
      store<u32>(record, 0);
      store<u32>(record, 0, 4);
      continue;
    }
    const bytes = encodePlane(plane, words, first, last, rowLength, out, record + 4);
    store<u32>(record, bytes);
    out += bytes;
  }
  return done;
}

/**
 * Sets the bits of the runs of one plane in a frame: `rows` rows of `words` words whose first bit is the voxel
 * (left, top). What lies outside the frame is left out where `cut`, else it is a fault. Returns -1 for bytes that are no
 * such runs, else 0.
 */
export function fillFromRuns(
  bytes: usize, end: usize, rowLength: i32, left: i32, top: i32, words: i32, rows: i32, cut: i32, plane: usize,
): i32 {
  const width = words << 6;
  let place: u32 = 0;
  let y = 0;
  let rowStart: u32 = 0;
  while (bytes < end) {
    const start = place + readVarint(bytes);
    const length = readVarint(cursor) + 1;
    bytes = cursor;
    if (bytes > end || start < place || start + length < start) return -1;
    place = start + length;
    if (start - rowStart >= <u32>rowLength) {
      y = <i32>(start / <u32>rowLength);
      rowStart = <u32>y * <u32>rowLength;
    }
    if (start - rowStart + length > <u32>rowLength) return -1;
    const row = y - top;
    let from = <i32>(start - rowStart) - left;
    let to = from + <i32>length;
    if (row < 0 || row >= rows || from < 0 || to > width) {
      if (!cut) return -1;
      if (row < 0 || row >= rows) continue;
      from = max(from, 0);
      to = min(to, width);
      if (to <= from) continue;
    }
    setBits(plane + ((<usize>row * words) << 3), from, to - from);
  }
  return 0;
}
