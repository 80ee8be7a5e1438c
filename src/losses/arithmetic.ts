import { type ClassSums, type SidedSum, type TermSpec, termText } from '../base/class-sums.ts';

/** `numerator / denominator`, or `null` where that is not a finite number. */
export function quotient(numerator: number, denominator: number): number | null {
  const value = numerator / denominator;
  return Number.isFinite(value) ? value : null;
}

/**
 * `base^exponent` for `exponent >= 0`; a base below 0, which scores tolerated outside [0, 1] may give, counts as 0.
 * Exponents that are multiples of 1/4 up to 16 use only
 * multiplications and square roots, which IEEE 754 rounds alike on every machine; others use `Math.pow`, whose
 * last bit is the engine's.
 */
export function power(base: number, exponent: number): number {
  const x = Math.max(base, 0);
  const quarters = exponent * 4;
  if (!Number.isInteger(quarters) || quarters > 64) return x ** exponent;
  let value = 1;
  for (let i = 0; i < Math.floor(exponent); i++) value *= x;
  const rest = quarters % 4;
  const root = rest === 0 ? 1 : Math.sqrt(x);
  if (rest >= 2) value *= root;
  if (rest % 2 === 1) value *= Math.sqrt(root);
  return value;
}

/** The sided sums of a term. A loss names its terms beforehand, so a missing one is a fault of the program. */
export function sidedSum(measures: ClassSums, spec: TermSpec): SidedSum {
  const sum = measures.term(spec);
  if (sum === undefined) {
    throw new Error(`the term ${termText(spec)} was not tallied in this run`);
  }
  return sum;
}

/** Mean of a term over all voxels; `null` without voxels. */
export function meanTerm(measures: ClassSums, spec: TermSpec): number | null {
  const { foreground, background } = sidedSum(measures, spec);
  return quotient(foreground + background, measures.voxels);
}
