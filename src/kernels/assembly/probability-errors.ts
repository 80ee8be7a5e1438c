/**
 * Exact sums of the errors of probabilities, in float32 and four voxels at a time: p on background, the float64 1 - p on
 * foreground. A probability is cut into digits, integers of a unit each, as in wide-sums.ts. Of 1 - p the digits of p are
 * taken away; it has none below 2^-53, where it is rounded as 1 - p is.
 */
import { BLOCK } from './terms';
import { addTimes, addUnits, WIDE_BYTES } from './wide-sums';

/** The units of the digits are 2^-n: a digit has at most 2^22 of them, so the lanes of a block add up in 32 bits. */
const FIRST: i32 = 22, SECOND: i32 = 44, THIRD: i32 = 66;
/** The third and last digit of 1 - p. */
const LAST_OF_REST: i32 = 53;
/** The last bit of a float32. */
const LAST: i32 = 149;
/** What the first digits have left of the voxels of a block. */
const rests = memory.data(BLOCK * 4, 16);

/** 1.5 * 2^23 times the unit 2^-n: added to a number of at most 2^22 units, it rounds that to the unit. */
// @ts-ignore: decorator
@inline
function magicBits(unit: i32): i32 {
  return ((127 + 23 - unit) << 23) | (1 << 22);
}

/** Which of four voxels are foreground (all ones). */
// @ts-ignore: decorator
@inline
export function sideOf(mask: usize): v128 {
  const bytes = v128.load32_zero(mask);
  return i32x4.neg(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)));
}

/** Adds the errors of the voxels of a block, `foreground` of them foreground, to wide sums over all of them and over the foreground. */
export function sumErrors(scores: usize, mask: usize, length: i32, foreground: i32, out: usize): void {
  const whole = length & ~3;
  let own = foreground;
  for (let i = whole; i < length; i++) {
    const p = <f64>load<f32>(scores + (<usize>i << 2));
    if (load<u8>(mask + i)) {
      addTimes(1.0 - p, 1, out);
      addTimes(1.0 - p, 1, out + WIDE_BYTES);
      own--;
    } else {
      addTimes(p, 1, out);
    }
  }
  if (own > 0) sumSided(scores, mask, whole, out);
  else sumBackground(scores, mask, whole, out);
  addTimes(1.0, own, out);
  addTimes(1.0, own, out + WIDE_BYTES);
}

// Functions of their own: see sums.ts.
function sumSided(scores: usize, mask: usize, length: i32, out: usize): void {
  sumBlock(true, scores, mask, length, out);
}

function sumBackground(scores: usize, mask: usize, length: i32, out: usize): void {
  sumBlock(false, scores, mask, length, out);
}

/** `sided`: some of the voxels are foreground. Of these it leaves out the one of 1 - p. */
// @ts-ignore: decorator
@inline
function sumBlock(sided: bool, scores: usize, mask: usize, length: i32, out: usize): void {
  const third = sided ? LAST_OF_REST : THIRD;
  const magic0 = i32x4.splat(magicBits(FIRST));
  const magic1 = i32x4.splat(magicBits(SECOND));
  const magic2 = i32x4.splat(magicBits(third));
  let all0 = i32x4.splat(0);
  let all1 = i32x4.splat(0);
  let all2 = i32x4.splat(0);
  let foreground0 = i32x4.splat(0);
  let foreground1 = i32x4.splat(0);
  let foreground2 = i32x4.splat(0);
  let foreground = i32x4.splat(0);
  let left = i32x4.splat(0);
  const end: usize = <usize>length << 2;
  for (let i: usize = 0; i < end; i += 16) {
    const p = v128.load(scores + i);
    const units0 = f32x4.add(p, magic0);
    const rest0 = f32x4.sub(p, f32x4.sub(units0, magic0));
    const units1 = f32x4.add(rest0, magic1);
    const rest1 = f32x4.sub(rest0, f32x4.sub(units1, magic1));
    const units2 = f32x4.add(rest1, magic2);
    let rest = f32x4.sub(rest1, f32x4.sub(units2, magic2));
    all0 = i32x4.add(all0, units0);
    all1 = i32x4.add(all1, units1);
    all2 = i32x4.add(all2, units2);
    if (sided) {
      const side = sideOf(mask + (i >> 2));
      foreground0 = i32x4.add(foreground0, v128.and(units0, side));
      foreground1 = i32x4.add(foreground1, v128.and(units1, side));
      foreground2 = i32x4.add(foreground2, v128.and(units2, side));
      foreground = i32x4.sub(foreground, side);
      rest = v128.andnot(rest, side);
    }
    v128.store(rests + i, rest);
    left = v128.or(left, rest);
  }
  const voxels = i32x4.splat(length >> 2);
  addDigit(sided, FIRST, all0, voxels, foreground0, foreground, out);
  addDigit(sided, SECOND, all1, voxels, foreground1, foreground, out);
  addDigit(sided, third, all2, voxels, foreground2, foreground, out);
  if (v128.any_true(left)) sumRests(third, length, out);
}

/** Adds what is in `rests` of background, until nothing is left below the unit 2^-n. */
function sumRests(unit: i32, length: i32, out: usize): void {
  const voxels = i32x4.splat(length >> 2);
  const end: usize = <usize>length << 2;
  let left: v128;
  do {
    unit = min(unit + 22, LAST);
    const magic = i32x4.splat(magicBits(unit));
    let all = i32x4.splat(0);
    left = i32x4.splat(0);
    for (let i: usize = 0; i < end; i += 16) {
      const before = v128.load(rests + i);
      const units = f32x4.add(before, magic);
      const rest = f32x4.sub(before, f32x4.sub(units, magic));
      all = i32x4.add(all, units);
      v128.store(rests + i, rest);
      left = v128.or(left, rest);
    }
    addDigit(false, unit, all, voxels, all, voxels, out);
  } while (v128.any_true(left));
}

/** Adds a digit: sums of lanes and the number of terms in each, over all voxels and over the foreground. */
// @ts-ignore: decorator
@inline
function addDigit(sided: bool, unit: i32, all: v128, voxels: v128, onForeground: v128, foreground: v128, out: usize): void {
  const magic = i32x4.splat(magicBits(unit));
  const units = sumLanes(i32x4.sub(all, i32x4.mul(voxels, magic)));
  if (!sided) {
    addUnits(units, unit, out);
    return;
  }
  const own = sumLanes(i32x4.sub(onForeground, i32x4.mul(foreground, magic)));
  addUnits(units - 2 * own, unit, out);
  addUnits(-own, unit, out + WIDE_BYTES);
}

// @ts-ignore: decorator
@inline
export function sumLanes(sums: v128): i64 {
  const pairs = i64x2.add(i64x2.extend_low_i32x4_s(sums), i64x2.extend_high_i32x4_s(sums));
  return i64x2.extract_lane(pairs, 0) + i64x2.extract_lane(pairs, 1);
}
