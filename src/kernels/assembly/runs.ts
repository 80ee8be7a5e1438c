/**
 * Runs: for each key of a bucket in ascending order varint(gap << 1 | more), gap = key - previous key - 1 (the first: key),
 * followed, if `more`, by varint(count - 2); without `more` the count is 1.
 */

/** Where `readVarint` stopped. */
let cursor: usize = 0;

// @ts-ignore: decorator
@inline
function readVarint(at: usize): u64 {
  let byte = <u64>load<u8>(at++);
  let value = byte & 0x7f;
  for (let shift: u64 = 7; byte & 0x80 && shift < 64; shift += 7) {
    byte = <u64>load<u8>(at++);
    value |= (byte & 0x7f) << shift;
  }
  cursor = at;
  return value;
}

/** Where the first number of eight bytes ends, and where the second one does: the bits that say so. */
const STOPS: u64 = 0x8080808080808080;

/**
 * Where the two numbers of `eight` bytes end, as bits, if two runs of one key each begin there that have up to three bytes each;
 * else 0. The place of the second stop is in the upper half.
 */
// @ts-ignore: decorator
@inline
export function twoSingles(eight: u64): u64 {
  const stops = ~eight & STOPS;
  const first = ctz(stops);
  const rest = stops & (stops - 1);
  const second = ctz(rest);
  const more = (eight | (eight >> (first + 1))) & 1;
  return first <= 23 && second - first <= 24 && !more ? first | (second << 32) : 0;
}

/** The number of up to three bytes that begins at the low end and has its last bit at `stop`. */
// @ts-ignore: decorator
@inline
export function numberTo(bytes: u64, stop: u64): u64 {
  const own = bytes & ((<u64>2 << stop) - 1);
  return (own & 0x7f) | ((own >> 1) & 0x3f80) | ((own >> 2) & 0x1fc000);
}

/**
 * The number with which a run begins, and behind it, from bit 32 on, how many bytes it has. Most have up to three: all are
 * looked at at once. What lies behind the runs may be read, and is not used. Of what is no such number it is one too large.
 */
// @ts-ignore: decorator
@inline
export function headAt(at: usize): u64 {
  const four = load<u32>(at);
  const stops = ~four & 0x808080;
  if (!stops) return longHead(at);
  const stop = ctz(stops);
  const own = four & (0xffffffff >> (31 - stop));
  const head = (own & 0x7f) | ((own >> 1) & 0x3f80) | ((own >> 2) & 0x1fc000);
  return <u64>head | (<u64>((stop >> 3) + 1) << 32);
}

function longHead(at: usize): u64 {
  const head = readVarint(at);
  return min(head, 0xffffffff) | (<u64>(cursor - at) << 32);
}

/** The count of a run, at the place behind its head; it ends at `countEnd`. */
export function countAt(at: usize): u64 {
  return readVarint(at) + 2;
}

export function countEnd(): usize {
  return cursor;
}

// @ts-ignore: decorator
@inline
export function writeVarint(at: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(at++, <u8>(value | 0x80));
    value >>= 7;
  }
  store<u8>(at++, <u8>value);
  return at;
}
