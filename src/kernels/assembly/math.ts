/**
 * log and exp of two float64 lanes, in operations that IEEE 754 fixes to the last bit: unlike Math.log they give the
 * same bits on every machine. Both follow FreeBSD's msun (e_log.c, e_exp.c; error below 1 ulp).
 */

const LN2_HI: f64 = 6.93147180369123816490e-1;
const LN2_LO: f64 = 1.90821492927058770002e-10;

/** Natural logarithm of two lanes in [0, 2^1023]; log(0) comes out near -709 (a finite stand-in that callers clamp). */
// @ts-ignore: decorator
@inline
export function logPair(q: v128): v128 {
  // q = 2^k * m with m in [sqrt(1/2), sqrt(2)): adding the offset moves the exponent's step from 1 to sqrt(2).
  const shifted = i64x2.add(q, i64x2.splat(0x3ff0000000000000 - 0x3fe6a09e00000000));
  const exponent = i64x2.sub(i64x2.shr_s(shifted, 52), i64x2.splat(1023));
  const mantissaBits = i64x2.add(
    v128.and(shifted, i64x2.splat(0x000fffffffffffff)),
    i64x2.splat(0x3fe6a09e00000000),
  );
  // The exponent fits 11 bits, so the magic number turns it into a float64 without a scalar conversion.
  const k = f64x2.sub(
    i64x2.add(exponent, i64x2.splat(0x4338000000000000)),
    f64x2.splat(6755399441055744.0),
  );
  const f = f64x2.sub(mantissaBits, f64x2.splat(1.0));
  const s = f64x2.div(f, f64x2.add(f64x2.splat(2.0), f));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  let t1 = f64x2.add(f64x2.splat(2.222219843214978396e-1), f64x2.mul(w, f64x2.splat(1.531383769920937332e-1)));
  t1 = f64x2.mul(w, f64x2.add(f64x2.splat(3.999999999940941908e-1), f64x2.mul(w, t1)));
  let t2 = f64x2.add(f64x2.splat(1.818357216161805012e-1), f64x2.mul(w, f64x2.splat(1.479819860511658591e-1)));
  t2 = f64x2.add(f64x2.splat(2.857142874366239149e-1), f64x2.mul(w, t2));
  t2 = f64x2.mul(z, f64x2.add(f64x2.splat(6.666666666666735130e-1), f64x2.mul(w, t2)));
  const r = f64x2.add(t2, t1);
  const half = f64x2.mul(f64x2.splat(0.5), f64x2.mul(f, f));
  // k*LN2_HI - ((half - (s*(half + r) + k*LN2_LO)) - f)
  const low = f64x2.add(f64x2.mul(s, f64x2.add(half, r)), f64x2.mul(k, f64x2.splat(LN2_LO)));
  return f64x2.sub(f64x2.mul(k, f64x2.splat(LN2_HI)), f64x2.sub(f64x2.sub(half, low), f));
}

/** exp of two lanes in [-700, 700]; arguments beyond are clamped to that range. */
// @ts-ignore: decorator
@inline
export function expPair(argument: v128): v128 {
  const x = f64x2.pmax(f64x2.pmin(argument, f64x2.splat(700.0)), f64x2.splat(-700.0));
  const magic = f64x2.splat(6755399441055744.0);
  const kMagic = f64x2.add(f64x2.mul(x, f64x2.splat(1.44269504088896338700)), magic);
  const k = f64x2.sub(kMagic, magic);
  const hi = f64x2.sub(x, f64x2.mul(k, f64x2.splat(LN2_HI)));
  const lo = f64x2.mul(k, f64x2.splat(LN2_LO));
  const r = f64x2.sub(hi, lo);
  const t = f64x2.mul(r, r);
  let p = f64x2.add(f64x2.splat(-1.65339022054652515390e-6), f64x2.mul(t, f64x2.splat(4.13813679705723846039e-8)));
  p = f64x2.add(f64x2.splat(6.61375632143793436117e-5), f64x2.mul(t, p));
  p = f64x2.add(f64x2.splat(-2.77777777770155933842e-3), f64x2.mul(t, p));
  p = f64x2.add(f64x2.splat(1.66666666666666019037e-1), f64x2.mul(t, p));
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const y = f64x2.sub(
    f64x2.splat(1.0),
    f64x2.sub(f64x2.sub(lo, f64x2.div(f64x2.mul(r, c), f64x2.sub(f64x2.splat(2.0), c))), hi),
  );
  // 2^k: the magic number left k in the low bits; shifting drops the rest.
  return i64x2.add(y, i64x2.shl(kMagic, 52));
}

/** Natural logarithm of one number, in the operations of `logPair`. */
export function naturalLog(value: f64): f64 {
  return f64x2.extract_lane(logPair(f64x2.splat(value)), 0);
}
