/** The keys of a list (key-list.ts) as runs. */
import { countOf, hasHighCounts } from './key-list';
import { writeVarint } from './runs';

/** Writes those of a side, `BACKGROUND` or `FOREGROUND`; returns where they end. Up to 4 bytes behind that are written too. */
export function writeListRuns(list: usize, rows: i32, cells: usize, side: usize, out: usize): usize {
  return hasHighCounts() ? writeRows(true, list, rows, cells, side, out) : writeRows(false, list, rows, cells, side, out);
}

// @ts-ignore: decorator
@inline
function writeRows(high: bool, list: usize, rows: i32, cells: usize, side: usize, out: usize): usize {
  let next: u32 = 0;
  for (let at = list, end = list + (<usize>rows << 2); at < end; at += 4) {
    const count = countOf(high, at, side, cells);
    const key = load<u32>(at);
    const head = headOf(key - next, count);
    // A key of the other side alone is written over.
    store<u32>(out, packedHead(head));
    out += count ? lengthOf(head) : 0;
    next = count ? key + 1 : next;
    if (count > 1) out = writeVarint(out, count - 2);
  }
  return out;
}

/** The number before which a run begins: the gap to the key before, and whether a count follows. Below 2^17. */
// @ts-ignore: decorator
@inline
function headOf(gap: u32, count: u64): u32 {
  return (gap << 1) | <u32>(count > 1);
}

/** It as a varint of up to three bytes, and their number. */
// @ts-ignore: decorator
@inline
function packedHead(head: u32): u32 {
  return (head & 0x7f) | ((head & 0x3f80) << 1) | ((head & 0x1fc000) << 2)
    | (<u32>(head >= 0x80) << 7) | (<u32>(head >= 0x4000) << 15);
}

// @ts-ignore: decorator
@inline
function lengthOf(head: u32): usize {
  return 1 + <usize>(head >= 0x80) + <usize>(head >= 0x4000);
}
