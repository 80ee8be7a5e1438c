/** Exact sums of float64 numbers as integers in units of 2^-1029: fine enough for a term of any size, exact for all above 2^-976. */

export const sumUnitBits = 1029;
const unit = 2 ** -sumUnitBits;

/** Beyond this an integer may be no float64. */
const widest = 1n << 1000n;
const shift = 200n;

/** A sum as a number, rounded once to the nearest. */
export function sumToNumber(units: bigint): number {
  if (-widest < units && units < widest) return Number(units) * unit;
  const rest = units >> shift;
  // A bit below all that are kept says that something was cut off, so that no tie is taken for one.
  const sticky = rest << shift === units ? rest : rest | 1n;
  return Number(sticky) * 2 ** (Number(shift) - sumUnitBits);
}

/** A count as a sum of so many ones. */
export function sumOfOnes(count: number): bigint {
  return BigInt(count) << BigInt(sumUnitBits);
}

/** A sum that is not negative as text: its significant digits, hexadecimal, and the power of 2 that they are multiples of. */
export function sumToText(units: bigint): string {
  const [, digits = '', zeros = ''] = /^(.*?)(0*)$/.exec(units.toString(16)) as RegExpExecArray;
  return digits === '' ? '0' : `${digits}p${4 * zeros.length - sumUnitBits}`;
}

/** The sum of a text; undefined where it is not one. */
export function sumFromText(text: string): bigint | undefined {
  if (text === '0') return 0n;
  const [, digits, exponent] = /^([0-9a-f]{1,400})p(-?\d{1,4})$/.exec(text) ?? [];
  const places = Number(exponent) + sumUnitBits;
  return digits === undefined || !(places >= 0) ? undefined : BigInt(`0x${digits}`) << BigInt(places);
}
