/** A whole number for each of two sums, and the float64 by which both are weighed. */
export interface WeighedCounts {
  readonly numerator: number;
  readonly denominator: number;
  /** Finite and above 0. */
  readonly weight: number;
}

/**
 * `Σ numerator·weight / Σ denominator·weight`, exact and then rounded once to the nearest float64 (ties to even), so
 * that order cannot matter; null where the lower sum is 0.
 */
export function exactRatio(terms: readonly WeighedCounts[]): number | null {
  const weights = terms.map(({ weight }) => binary(weight));
  const unit = Math.min(...weights.map(({ exponent }) => exponent));
  const sum = (count: (term: WeighedCounts) => number) =>
    terms.reduce((total, term, i) => {
      const { mantissa, exponent } = weights[i]!;
      return total + ((BigInt(count(term)) * mantissa) << BigInt(exponent - unit));
    }, 0n);
  const denominator = sum((term) => term.denominator);
  return denominator === 0n
    ? null
    : quotient(
        sum((term) => term.numerator),
        denominator,
      );
}

/** The value as `mantissa · 2^exponent`. */
function binary(value: number): { mantissa: bigint; exponent: number } {
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0]!;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** The quotient of whole numbers, rounded once; of counts of voxels it is far from the ends of float64's range. */
function quotient(numerator: bigint, denominator: bigint): number {
  const [n, d] = [numerator < 0n ? -numerator : numerator, denominator];
  if (n === 0n) return 0;
  // 64 to 66 bits of the quotient, the last of which tells whether anything is left: it decides a tie and no more.
  const shift = 65 - (bitLength(n) - bitLength(d));
  const [upper, lower] = shift >= 0 ? [n << BigInt(shift), d] : [n, d << BigInt(-shift)];
  const whole = upper / lower;
  const exact = whole * lower === upper;
  const magnitude = Number(exact ? whole : whole | 1n) * 2 ** -shift;
  return numerator < 0n ? -magnitude : magnitude;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}
