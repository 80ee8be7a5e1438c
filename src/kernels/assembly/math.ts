/**
 * log and exp of two float64 lanes, in operations that IEEE 754 fixes to the last bit: unlike Math.log they give the
 * same bits on every machine. Both follow FreeBSD's msun (e_log.c, e_exp.c; error below 1 ulp).
 */

/**
 * The constants of `logPair`, in memory: a load is cheaper than what compilers make of a 128-bit literal in a loop that
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
  // offset that moves the exponent's step to sqrt(2), exponent bias, mantissa, bits of sqrt(1/2), of the magic number
  0x3ff0000000000000 - 0x3fe6a09e00000000, 1023, 0x000fffffffffffff, 0x3fe6a09e00000000, 0x4338000000000000,
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

/** Natural logarithm of two lanes in [0, 2^1023]; log(0) comes out near -709 (a finite stand-in that callers clamp). */
// @ts-ignore: decorator
@inline
export function logPair(q: v128): v128 {
  // q = 2^k * m with m in [sqrt(1/2), sqrt(2)): adding the offset moves the exponent's step from 1 to sqrt(2).
  const shifted = i64x2.add(q, bits(0));
  const exponent = i64x2.sub(i64x2.shr_s(shifted, 52), bits(1));
  const mantissaBits = i64x2.add(
    v128.and(shifted, bits(2)),
    bits(3),
  );
  // The exponent fits 11 bits, so the magic number turns it into a float64 without a scalar conversion.
  const k = f64x2.sub(
    i64x2.add(exponent, bits(4)),
    constant(0),
  );
  const f = f64x2.sub(mantissaBits, constant(1));
  const s = f64x2.div(f, f64x2.add(constant(2), f));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  let t1 = f64x2.add(constant(3), f64x2.mul(w, constant(4)));
  t1 = f64x2.mul(w, f64x2.add(constant(5), f64x2.mul(w, t1)));
  let t2 = f64x2.add(constant(6), f64x2.mul(w, constant(7)));
  t2 = f64x2.add(constant(8), f64x2.mul(w, t2));
  t2 = f64x2.mul(z, f64x2.add(constant(9), f64x2.mul(w, t2)));
  const r = f64x2.add(t2, t1);
  const half = f64x2.mul(constant(10), f64x2.mul(f, f));
  // k*LN2_HI - ((half - (s*(half + r) + k*LN2_LO)) - f)
  const low = f64x2.add(f64x2.mul(s, f64x2.add(half, r)), f64x2.mul(k, constant(11)));
  return f64x2.sub(f64x2.mul(k, constant(12)), f64x2.sub(f64x2.sub(half, low), f));
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
