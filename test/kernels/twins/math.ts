/** Twins of src/kernels/assembly/math.ts: the same operations in the same order, in plain TypeScript. */
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;
const offset = 0x3ff0000000000000n - 0x3fe6a09e00000000n;
const view = new DataView(new ArrayBuffer(8));

function bitsOf(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigInt64(0);
}

function ofBits(bits: bigint): number {
  view.setBigInt64(0, BigInt.asIntN(64, bits));
  return view.getFloat64(0);
}

export function log(q: number): number {
  const shifted = BigInt.asIntN(64, bitsOf(q) + offset);
  const k = Number((shifted >> 52n) - 1023n);
  const m = ofBits((shifted & 0x000fffffffffffffn) + 0x3fe6a09e00000000n);
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const t1 = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const t2 =
    z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const r = t2 + t1;
  const half = 0.5 * (f * f);
  const low = s * (half + r) + k * ln2Low;
  return k * ln2High - (half - low - f);
}

export function exp(argument: number): number {
  if (argument < -708) return 0;
  const x = Math.min(argument, 700);
  const magic = 6755399441055744;
  const k = x * Math.LOG2E + magic - magic;
  const high = x - k * ln2High;
  const low = k * ln2Low;
  const r = high - low;
  const t = r * r;
  let p = -1.6533902205465252e-6 + t * 4.1381367970572385e-8;
  p = 6.613756321437934e-5 + t * p;
  p = -0.0027777777777015593 + t * p;
  p = 0.16666666666666602 + t * p;
  const c = r - t * p;
  const y = 1 - (low - (r * c) / (2 - c) - high);
  return ofBits(bitsOf(y) + (BigInt(k) << 52n));
}

/** log(1 + x), x at least 0. */
export function logOfMore(x: number): number {
  const sum = 1 + x;
  return log(sum) + (x - (sum - 1)) / sum;
}

/** base^gamma for a base in [0, 1]. */
export function power(base: number, gamma: number): number {
  if (gamma === 2) return base * base;
  if (gamma === 1) return base;
  return base > 0 ? exp(gamma * log(base)) : 0;
}

/** A float64 in units of 2^-1029, to the nearest, halves to the even one. */
export function exactUnits(value: number): bigint {
  const bits = bitsOf(value);
  const field = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xfffffffffffffn) + (field === 0 ? 0n : 1n << 52n);
  // The value is mantissa * 2^(max(field, 1) - 1075).
  const shift = Math.max(field, 1) - 1075 + 1029;
  if (shift >= 0) return mantissa << BigInt(shift);
  const half = 1n << BigInt(-shift - 1);
  const floor = mantissa >> BigInt(-shift);
  const rest = mantissa - (floor << BigInt(-shift));
  return rest > half || (rest === half && floor % 2n === 1n) ? floor + 1n : floor;
}
