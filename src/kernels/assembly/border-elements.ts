/**
 * The elements of a mask's border from its planes of bits (mask-runs.ts). The first and last row, and the first and last
 * column, of a plane are background: a frame has a margin of one voxel. What lies outside the volume is background too.
 */

/** The bits of a word and those to its left or right, as the neighbour along x of each voxel. */
// @ts-ignore: decorator
@inline
function lower(at: usize, word: u64, i: i32): u64 {
  return (word << 1) | (i ? load<u64>(at - 8) >> 63 : 0);
}

// @ts-ignore: decorator
@inline
function upper(at: usize, word: u64, i: i32, words: i32): u64 {
  return (word >> 1) | (i + 1 < words ? load<u64>(at, 8) << 63 : 0);
}

/** Whether any of six neighbours has its bit set. */
// @ts-ignore: decorator
@inline
function anyOfSix(before: usize, here: usize, after: usize, at: usize, stride: usize, i: i32, words: i32): u64 {
  const word = load<u64>(here + at);
  return (
    lower(here + at, word, i) | upper(here + at, word, i, words) | load<u64>(here + at - stride) |
    load<u64>(here + at + stride) | load<u64>(before + at) | load<u64>(after + at)
  );
}

/**
 * Voxels of the plane `here` with one of six neighbours outside the mask, and none of them ignored. `ignoredHere` is 0 where no
 * voxel is ignored. Returns the number of elements.
 */
export function voxelElements(
  before: usize, here: usize, after: usize, ignoredBefore: usize, ignoredHere: usize, ignoredAfter: usize,
  words: i32, rows: i32, out: usize,
): i32 {
  const stride = <usize>words << 3;
  memory.fill(out, 0, stride);
  memory.fill(out + stride * (rows - 1), 0, stride);
  let count = 0;
  for (let y = 1; y < rows - 1; y++) {
    for (let i = 0; i < words; i++) {
      const at = stride * y + (<usize>i << 3);
      const word = load<u64>(here + at);
      if (!word) {
        store<u64>(out + at, 0);
        continue;
      }
      let element =
        word &
        ~(
          lower(here + at, word, i) & upper(here + at, word, i, words) & load<u64>(here + at - stride) &
          load<u64>(here + at + stride) & load<u64>(before + at) & load<u64>(after + at)
        );
      if (ignoredHere) element &= ~anyOfSix(ignoredBefore, ignoredHere, ignoredAfter, at, stride, i, words);
      store<u64>(out + at, element);
      count += <i32>popcnt(element);
    }
  }
  return count;
}

/**
 * Corners of the voxel grid between the planes `below` and `here` whose eight voxels are neither all in the mask nor all out,
 * and none of them ignored. The corner (x, y) is the lower one of the voxel (x, y). Returns the number of elements.
 */
export function cornerElements(
  below: usize, here: usize, ignoredBelow: usize, ignoredHere: usize, words: i32, rows: i32, out: usize,
): i32 {
  const stride = <usize>words << 3;
  memory.fill(out, 0, stride);
  let count = 0;
  for (let y = 1; y < rows; y++) {
    for (let i = 0; i < words; i++) {
      const at = stride * y + (<usize>i << 3);
      const a = load<u64>(here + at);
      const b = load<u64>(here + at - stride);
      const c = load<u64>(below + at);
      const d = load<u64>(below + at - stride);
      const some = a | b | c | d;
      const all = a & b & c & d;
      const someBefore = i
        ? (load<u64>(here + at - 8) | load<u64>(here + at - stride - 8) | load<u64>(below + at - 8) |
          load<u64>(below + at - stride - 8)) >> 63
        : 0;
      if (!some && !someBefore) {
        store<u64>(out + at, 0);
        continue;
      }
      const allBefore = i
        ? (load<u64>(here + at - 8) & load<u64>(here + at - stride - 8) & load<u64>(below + at - 8) &
          load<u64>(below + at - stride - 8)) >> 63
        : 0;
      let element = (some | (some << 1) | someBefore) & ~(all & ((all << 1) | allBefore));
      if (ignoredHere) {
        const lost =
          load<u64>(ignoredHere + at) | load<u64>(ignoredHere + at - stride) | load<u64>(ignoredBelow + at) |
          load<u64>(ignoredBelow + at - stride);
        const lostBefore = i
          ? (load<u64>(ignoredHere + at - 8) | load<u64>(ignoredHere + at - stride - 8) |
            load<u64>(ignoredBelow + at - 8) | load<u64>(ignoredBelow + at - stride - 8)) >> 63
          : 0;
        element &= ~(lost | (lost << 1) | lostBefore);
      }
      store<u64>(out + at, element);
      count += <i32>popcnt(element);
    }
  }
  return count;
}
