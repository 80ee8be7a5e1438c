/**
 * The marked cells of a bucket as a list, so that evaluating and writing them go through memory in order, and the cells are
 * looked for once. Of cells of uint32 alone: a bucket of 2^32 voxels and more is evaluated from its cells.
 *
 * A row of the list is three uint32 [key, background, foreground]; keys ascend.
 */
import { clearGroup, GROUPS, logitErrors, wordsOf, writeVarint } from './cells';

/** Bytes of a row. */
const ROW: usize = 12;

/** Moves the marked cells to `list` (room for 65536 rows) and leaves cells and bitmap zero. Returns the end of the list. */
export function gatherCells(cells: usize, bitmap: usize, list: usize): usize {
  let at = list;
  for (let group: usize = 0; group < GROUPS; group++) {
    let words = wordsOf(bitmap, group);
    if (!words) continue;
    clearGroup(bitmap, group);
    while (words) {
      const word = (group << 6) + <usize>ctz(words);
      words &= words - 1;
      const here = bitmap + (word << 3);
      let bits = load<u64>(here);
      store<u64>(here, 0);
      while (bits) {
        const key = (word << 6) + <usize>ctz(bits);
        bits &= bits - 1;
        const cell = cells + (key << 3);
        store<u32>(at, <u32>key);
        store<u64>(at, load<u64>(cell), 4);
        store<u64>(cell, 0);
        at += ROW;
      }
    }
  }
  return at;
}

/** J_after - J_before of a row, as in `evaluateCells`. */
// @ts-ignore: decorator
@inline
function stepOf(total: f64, f: f64, b: f64, onForeground: f64, onBackground: f64): f64 {
  const before = total + b;
  const after = before + onBackground;
  return before > 0.0 ? (onForeground * before + onBackground * (total - f)) / (before * after) : 1.0;
}

/** `evaluateCells` of a list: the same operations in the same order. */
export function evaluateList(
  list: usize, end: usize, bucket: i32, logit: i32, total: f64, foreground: f64, background: f64, out: usize,
): void {
  if (logit) evaluateLogits(list, end, bucket, total, foreground, background, out);
  else evaluateProbabilities(list, end, bucket, total, foreground, background, out);
}

function evaluateLogits(
  list: usize, end: usize, bucket: i32, total: f64, foreground: f64, background: f64, out: usize,
): void {
  let f = foreground;
  let b = background;
  let sums = f64x2.splat(0.0);
  let compensations = f64x2.splat(0.0);
  for (let at = end; at > list; ) {
    at -= ROW;
    const onBackground = <f64>load<u32>(at, 4);
    const onForeground = <f64>load<u32>(at, 8);
    const step = stepOf(total, f, b, onForeground, onBackground);
    b += onBackground;
    f += onForeground;
    const term = f64x2.mul(logitErrors((<u32>bucket << 16) | load<u32>(at)), f64x2.splat(step));
    const next = f64x2.add(sums, term);
    const back = f64x2.sub(next, sums);
    compensations = f64x2.add(
      compensations,
      f64x2.add(f64x2.sub(sums, f64x2.sub(next, back)), f64x2.sub(term, back)),
    );
    sums = next;
  }
  v128.store(out, sums);
  v128.store(out, compensations, 16);
}

/** The error of a probability's key: `probabilityError`. */
// @ts-ignore: decorator
@inline
function errorOf(key: u32): f64 {
  const small = key <= 0x3f000000;
  const value = <f64>reinterpret<f32>(small ? key : 0x7e000000 - key);
  return small ? value : 1.0 - value;
}

/** Both sums are the same. */
function evaluateProbabilities(
  list: usize, end: usize, bucket: i32, total: f64, foreground: f64, background: f64, out: usize,
): void {
  let f = foreground;
  let b = background;
  let sum: f64 = 0.0;
  let compensation: f64 = 0.0;
  for (let at = end; at > list; ) {
    at -= ROW;
    const onBackground = <f64>load<u32>(at, 4);
    const onForeground = <f64>load<u32>(at, 8);
    const step = stepOf(total, f, b, onForeground, onBackground);
    b += onBackground;
    f += onForeground;
    const term = errorOf((<u32>bucket << 16) | load<u32>(at)) * step;
    const next = sum + term;
    const back = next - sum;
    compensation += (sum - (next - back)) + (term - back);
    sum = next;
  }
  v128.store(out, f64x2.splat(sum));
  v128.store(out, f64x2.splat(compensation), 16);
}

/** Writes the runs of one side at `out`, as `encodeCells`; up to 4 bytes behind them are written as well. Returns their bytes. */
export function encodeList(list: usize, end: usize, side: i32, out: usize): u32 {
  let at = out;
  let next: u32 = 0;
  const counts = list + 4 + (<usize>side << 2);
  for (let row: usize = 0, bytes = end - list; row < bytes; row += ROW) {
    const key = load<u32>(list + row);
    const count = load<u32>(counts + row);
    // A gap is below 2^16: with the bit that a count follows at most three bytes. Rows of the other side write nothing.
    const head = ((key - next) << 1) | <u32>(count > 1);
    store<u32>(
      at,
      (head & 0x7f) | ((head & 0x3f80) << 1) | ((head & 0x1fc000) << 2) |
        (<u32>(head >= 0x80) << 7) | (<u32>(head >= 0x4000) << 15),
    );
    at += count ? 1 + <usize>(head >= 0x80) + <usize>(head >= 0x4000) : 0;
    next = count ? key + 1 : next;
    if (count > 1) at = writeVarint(at, count - 2);
  }
  return <u32>(at - out);
}
