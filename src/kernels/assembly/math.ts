/**
 * log and exp of two float64 lanes, in operations that IEEE 754 fixes to the last bit: unlike Math.log they give the
 * same bits on every machine. Both follow FreeBSD's msun (e_log.c, e_exp.c; error below 1 ulp).
 */

/**
 * The constants of logarithms, in memory: a load is cheaper than what compilers make of a 128-bit literal in a loop that
 * has more of them than there are registers.
 */
const logConstants = memory.data<f64>([
  // 0 to 2: magic number, 1, 2
  6755399441055744.0, 1.0, 2.0,
  // 3 to 9: coefficients Lg4, Lg6, Lg2 of one half, Lg5, Lg7, Lg3, Lg1 of the other (e_log.c)
  2.222219843214978396e-1, 1.531383769920937332e-1, 3.999999999940941908e-1, 1.818357216161805012e-1,
  1.479819860511658591e-1, 2.857142874366239149e-1, 6.666666666666735130e-1,
  // 10 to 12: 1/2, low and high part of ln 2
  0.5, 1.90821492927058770002e-10, 6.93147180369123816490e-1,
], 16);
const logBits = memory.data<u64>([
  // offset that moves the exponent's step to sqrt(2), mantissa, bits of sqrt(1/2), of the magic number less the exponent's bias
  0x3ff0000000000000 - 0x3fe6a09e00000000, 0x000fffffffffffff, 0x3fe6a09e00000000, 0x4338000000000000 - 1023,
], 16);

// @ts-ignore: decorator
@inline
function constant(index: i32): v128 {
  return v128.load64_splat(logConstants + (<usize>index << 3));
}

// @ts-ignore: decorator
@inline
function bits(index: i32): v128 {
  return v128.load64_splat(logBits + (<usize>index << 3));
}

/*
 * A number is 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); its logarithm is a series in s = f / (2 + f). The parts take
 * their constants as arguments, so that loops can hold them in registers.
 */

/** k, of the bits of a number plus the offset: the magic number turns it into a float64 without a scalar conversion. */
// @ts-ignore: decorator
@inline
function exponentOf(shifted: v128, magicLessBias: v128, magic: v128): v128 {
  return f64x2.sub(i64x2.add(i64x2.shr_u(shifted, 52), magicLessBias), magic);
}

/** f, of the same. */
// @ts-ignore: decorator
@inline
function fractionOf(shifted: v128, mantissa: v128, lowest: v128, one: v128): v128 {
  return f64x2.sub(i64x2.add(v128.and(shifted, mantissa), lowest), one);
}

// @ts-ignore: decorator
@inline
function seriesOf(s: v128, lg1: v128, lg2: v128, lg3: v128, lg4: v128, lg5: v128, lg6: v128, lg7: v128): v128 {
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  let even = f64x2.add(lg4, f64x2.mul(w, lg6));
  even = f64x2.mul(w, f64x2.add(lg2, f64x2.mul(w, even)));
  let odd = f64x2.add(lg5, f64x2.mul(w, lg7));
  odd = f64x2.add(lg3, f64x2.mul(w, odd));
  odd = f64x2.mul(z, f64x2.add(lg1, f64x2.mul(w, odd)));
  return f64x2.add(odd, even);
}

// @ts-ignore: decorator
@inline
function logOf(k: v128, f: v128, s: v128, series: v128, oneHalf: v128, ln2Low: v128, ln2High: v128): v128 {
  const half = f64x2.mul(oneHalf, f64x2.mul(f, f));
  const low = f64x2.add(f64x2.mul(s, f64x2.add(half, series)), f64x2.mul(k, ln2Low));
  return f64x2.sub(f64x2.mul(k, ln2High), f64x2.sub(f64x2.sub(half, low), f));
}

/** Natural logarithm of two lanes in [0, 2^1023]; log(0) comes out near -709 (a finite stand-in that callers clamp). */
// @ts-ignore: decorator
@inline
export function logPair(q: v128): v128 {
  const shifted = i64x2.add(q, bits(0));
  const k = exponentOf(shifted, bits(3), constant(0));
  const f = fractionOf(shifted, bits(1), bits(2), constant(1));
  const s = f64x2.div(f, f64x2.add(constant(2), f));
  const series = seriesOf(
    s, constant(9), constant(5), constant(8), constant(3), constant(6), constant(4), constant(7),
  );
  return logOf(k, f, s, series, constant(10), constant(11), constant(12));
}

/** Numbers whose logarithms `minusLogs` takes at once. */
export const LOGS: i32 = 512;
/** k, f and s of each. */
const exponents = memory.data(LOGS * 8, 16);
const fractions = memory.data(LOGS * 8, 16);
const quotients = memory.data(LOGS * 8, 16);

/**
 * Puts addend - log(value) for each of two to 512 values in the place of its addend, in the operations of `logPair`. In two loops,
 * since a processor looks only so far ahead: in one, most of a logarithm is waiting for the one step after the other.
 */
export function minusLogs(values: usize, addends: usize, end: usize): void {
  splitValues(values, end);
  const lg1 = constant(9);
  const lg2 = constant(5);
  const lg3 = constant(8);
  const lg4 = constant(3);
  const lg5 = constant(6);
  const lg6 = constant(4);
  const lg7 = constant(7);
  const oneHalf = constant(10);
  const ln2Low = constant(11);
  const ln2High = constant(12);
  for (let i: usize = 0; i < end; i += 16) {
    const s = v128.load(quotients + i);
    const series = seriesOf(s, lg1, lg2, lg3, lg4, lg5, lg6, lg7);
    const log = logOf(v128.load(exponents + i), v128.load(fractions + i), s, series, oneHalf, ln2Low, ln2High);
    v128.store(addends + i, f64x2.sub(v128.load(addends + i), log));
  }
}

function splitValues(values: usize, end: usize): void {
  const offset = bits(0);
  const mantissa = bits(1);
  const lowest = bits(2);
  const magicLessBias = bits(3);
  const magic = constant(0);
  const one = constant(1);
  const two = constant(2);
  for (let i: usize = 0; i < end; i += 16) {
    const shifted = i64x2.add(v128.load(values + i), offset);
    const f = fractionOf(shifted, mantissa, lowest, one);
    v128.store(exponents + i, exponentOf(shifted, magicLessBias, magic));
    v128.store(fractions + i, f);
    v128.store(quotients + i, f64x2.div(f, f64x2.add(two, f)));
  }
}

/** The constants of `expPair`, in memory for the same reason. */
const expConstants = memory.data<f64>([
  // 0 to 3: bounds of the argument, magic number, 1 / ln 2
  700.0, -708.0, 6755399441055744.0, 1.44269504088896338700,
  // 4 and 5: high and low part of ln 2
  6.93147180369123816490e-1, 1.90821492927058770002e-10,
  // 6 to 10: P5 to P1 (e_exp.c)
  4.13813679705723846039e-8, -1.65339022054652515390e-6, 6.61375632143793436117e-5, -2.77777777770155933842e-3,
  1.66666666666666019037e-1,
  // 11 and 12
  1.0, 2.0,
], 16);

// @ts-ignore: decorator
@inline
function expConstant(index: i32): v128 {
  return v128.load64_splat(expConstants + (<usize>index << 3));
}

/** exp of two lanes; 0 below -708, where it would leave the normal float64, and as of 700 above that. */
// @ts-ignore: decorator
@inline
export function expPair(argument: v128): v128 {
  const x = f64x2.pmax(f64x2.pmin(argument, expConstant(0)), expConstant(1));
  const kMagic = f64x2.add(f64x2.mul(x, expConstant(3)), expConstant(2));
  const k = f64x2.sub(kMagic, expConstant(2));
  const hi = f64x2.sub(x, f64x2.mul(k, expConstant(4)));
  const lo = f64x2.mul(k, expConstant(5));
  const r = f64x2.sub(hi, lo);
  const t = f64x2.mul(r, r);
  let p = f64x2.add(expConstant(7), f64x2.mul(t, expConstant(6)));
  p = f64x2.add(expConstant(8), f64x2.mul(t, p));
  p = f64x2.add(expConstant(9), f64x2.mul(t, p));
  p = f64x2.add(expConstant(10), f64x2.mul(t, p));
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(expConstant(12), c));
  const y = f64x2.sub(expConstant(11), f64x2.sub(f64x2.sub(lo, quotient), hi));
  // 2^k: the magic number left k in the low bits; shifting drops the rest.
  return v128.and(i64x2.add(y, i64x2.shl(kMagic, 52)), f64x2.ge(argument, expConstant(1)));
}

/** Natural logarithm of one number, in the operations of `logPair`. */
export function naturalLog(value: f64): f64 {
  return f64x2.extract_lane(logPair(f64x2.splat(value)), 0);
}

/** log(1 + x) for x of at least 0: what 1 + x has lost of x is put back. */
export function logOfMore(x: f64): f64 {
  const sum = 1.0 + x;
  // Beyond 2^10 nothing that counts is lost, and x - (sum - 1) is less than half a unit of the last place of x.
  return naturalLog(sum) + (x - (sum - 1.0)) / sum;
}

/** log(1 - x) for x in [0, 1/2]. */
export function logOfRest(x: f64): f64 {
  const rest = 1.0 - x;
  return naturalLog(rest) - (x - (1.0 - rest)) / rest;
}
