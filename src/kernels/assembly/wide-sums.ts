/**
 * Exact sums of float64 numbers of any size. A number is cut into digits: multiples of units that are 2^52 apart, the
 * largest 2^11, the smallest 2^-1029 (to which what is below is rounded, once and by the number alone). Each digit has an
 * integer sum of its own, so no order and no grouping can change a bit, and nothing is lost, however small a number is.
 *
 * A wide sum is DIGITS digits, from the largest; each a 128-bit integer as two int64: its low digits of 32 bits, and the rest.
 */

export const DIGITS: i32 = 21;
export const WIDE_BYTES: usize = 336;
/** The digit whose unit is 2^-41: numbers of the voxels, below 2^10, have none above. */
export const FIRST: i32 = 1;

/**
 * For each digit 1.5 * 2^52 times its unit. Adding it to a number of at most 2^51 units rounds that to the unit, and the bits
 * of the sum are the bits of the constant plus the number of units.
 */
const magic = memory.data(DIGITS * 8, 16);
for (let digit = 0; digit < DIGITS; digit++) {
  // Unit 2^(11 - 52 digit): the bits of 1.5 * 2^(63 - 52 digit).
  store<u64>(magic + (<usize>digit << 3), (<u64>(1023 + 63 - 52 * digit) << 52) | (<u64>1 << 51));
}

// @ts-ignore: decorator
@inline
export function magicPair(digit: i32): v128 {
  return v128.load64_splat(magic + (<usize>digit << 3));
}

// @ts-ignore: decorator
@inline
function magicOf(digit: i32): f64 {
  return load<f64>(magic + (<usize>digit << 3));
}

/** The first digit of a number other than 0 of at most 2^62: the one where it has less than 2^51 units. */
// @ts-ignore: decorator
@inline
export function firstDigit(value: f64): i32 {
  const exponent = <i32>((reinterpret<u64>(value) >> 52) & 0x7ff) - 1023;
  return min((61 - exponent) / 52, DIGITS - 1);
}

/** Adds an integer to a digit. */
// @ts-ignore: decorator
@inline
function addInteger(value: i64, at: usize): void {
  store<i64>(at, load<i64>(at) + (value & 0xffffffff));
  store<i64>(at, load<i64>(at, 8) + (value >> 32), 8);
}

/**
 * Adds what two lanes have gathered of a digit: `sum` is the sum of the bits of numbers of units plus the digit's magic, `count`
 * of them in both lanes together.
 */
// @ts-ignore: decorator
@inline
export function flushDigit(sum: v128, count: i32, digit: i32, wide: usize): void {
  const bits = i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
  addInteger(bits - <i64>count * reinterpret<i64>(magicOf(digit)), wide + (<usize>digit << 4));
}

export function clearWide(sums: usize, count: i32): void {
  for (let at = sums, end = sums + <usize>count * WIDE_BYTES; at < end; at += 16) v128.store(at, i64x2.splat(0));
}

/** Adds an integer below 2^52 of units of 2^-bits. */
export function addUnits(units: i64, bits: i32, wide: usize): void {
  // The units of the digit are 2^-(52 digit - 11): as many as there are below 2^52, the others of the digit above.
  const digit = (bits + 62) / 52;
  const shift = <i64>(52 * digit - 11 - bits);
  const at = wide + (<usize>digit << 4);
  addInteger(units >> (52 - shift), at - 16);
  addInteger((units << shift) & 0xfffffffffffff, at);
}

/** Adds wide sums that stand behind each other to others. */
export function addWide(from: usize, count: i32, to: usize): void {
  for (let at: usize = 0, end: usize = <usize>count * WIDE_BYTES; at < end; at += 16) {
    v128.store(to + at, i64x2.add(v128.load(to + at), v128.load(from + at)));
  }
}

/** Adds `value * count` to a wide sum, in the digits that adding it `count` times would have given. */
export function addTimes(value: f64, count: u64, wide: usize): void {
  if (value == 0.0) return;
  let rest = value;
  for (let digit = firstDigit(value); digit < DIGITS && rest != 0.0; digit++) {
    const constant = magicOf(digit);
    const rounded = rest + constant;
    const units = reinterpret<i64>(rounded) - reinterpret<i64>(constant);
    const at = wide + (<usize>digit << 4);
    if (units >= 0) addProduct(<u64>units, count, at);
    else subtractProduct(<u64>-units, count, at);
    rest -= rounded - constant;
  }
}

/** Adds `term * count`, both below 2^53, to a 128-bit sum (low 32-bit digits, rest). The sum must stay below 2^95. */
// @ts-ignore: decorator
@inline
export function addProduct(term: u64, count: u64, at: usize): void {
  const low = (term & 0xffffffff) * (count & 0xffffffff);
  store<u64>(at, load<u64>(at) + (low & 0xffffffff));
  store<u64>(at, load<u64>(at, 8) + (low >> 32) + restOfProduct(term, count), 8);
}

// @ts-ignore: decorator
@inline
function subtractProduct(term: u64, count: u64, at: usize): void {
  const low = (term & 0xffffffff) * (count & 0xffffffff);
  store<u64>(at, load<u64>(at) - (low & 0xffffffff));
  store<u64>(at, load<u64>(at, 8) - (low >> 32) - restOfProduct(term, count), 8);
}

/** What a product has beyond that of the low halves, in units of 2^32. */
// @ts-ignore: decorator
@inline
function restOfProduct(term: u64, count: u64): u64 {
  const t = term >> 32;
  const c = count >> 32;
  return t * (count & 0xffffffff) + (term & 0xffffffff) * c + ((t * c) << 32);
}
