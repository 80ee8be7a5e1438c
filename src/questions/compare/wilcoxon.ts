/** The Wilcoxon signed-rank test of paired differences against symmetry about 0 (Wilcoxon 1945), two-sided. */
import { normalTails } from './normal.ts';

export interface WilcoxonResult {
  /** Differences that are not 0; zeros are left out, as Wilcoxon did. */
  readonly count: number;
  readonly zeros: number;
  /** Rank sums of the positive and of the negative differences; equal sizes share their mean rank. */
  readonly positiveRanks: number;
  readonly negativeRanks: number;
  readonly method: 'exact' | 'normal';
  readonly pValue: number;
}

/** Up to this many differences the distribution is exact, with ties or without. */
const exactLimit = 50;

/**
 * `null` when every difference is 0. Exact: all 2^n signs of the ranks that occur are counted, so ties need no
 * correction. Else the normal approximation, its variance corrected for ties, without correction for continuity
 * (`scipy.stats.wilcoxon(method='asymptotic')`).
 */
export function wilcoxonSignedRank(differences: readonly number[]): WilcoxonResult | null {
  const nonzero = differences.filter((difference) => difference !== 0);
  const count = nonzero.length;
  if (count === 0) return null;
  const { ranks, tieSizes } = rankSizes(nonzero);
  const positiveRanks = ranks.reduce((sum, rank, i) => (nonzero[i]! > 0 ? sum + rank : sum), 0);
  const negativeRanks = (count * (count + 1)) / 2 - positiveRanks;
  const smaller = Math.min(positiveRanks, negativeRanks);
  const method = count <= exactLimit ? 'exact' : 'normal';
  const pValue = method === 'exact' ? exactTails(ranks, smaller) : approximateTails(count, tieSizes, smaller);
  return { count, zeros: differences.length - count, positiveRanks, negativeRanks, method, pValue };
}

/** Ranks of the absolute values from 1; equal ones share their mean rank. */
function rankSizes(values: readonly number[]): { ranks: number[]; tieSizes: number[] } {
  const order = values.map((_, i) => i).sort((i, j) => Math.abs(values[i]!) - Math.abs(values[j]!));
  const ranks = new Array<number>(values.length);
  const tieSizes: number[] = [];
  for (let start = 0; start < order.length; ) {
    const size = Math.abs(values[order[start]!]!);
    let end = start;
    while (end < order.length && Math.abs(values[order[end]!]!) === size) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    tieSizes.push(end - start);
    start = end;
  }
  return { ranks, tieSizes };
}

/** Twice the chance of a rank sum of at most `smaller` over all signs. Counts stay below 2^50, so they are exact. */
function exactTails(ranks: readonly number[], smaller: number): number {
  // Twice the ranks are integers.
  const total = ranks.length * (ranks.length + 1);
  const ways = new Float64Array(total + 1);
  ways[0] = 1;
  for (const rank of ranks) {
    const step = 2 * rank;
    for (let sum = total; sum >= step; sum--) ways[sum]! += ways[sum - step]!;
  }
  let below = 0;
  for (let sum = 0; sum <= 2 * smaller; sum++) below += ways[sum]!;
  return Math.min(1, (2 * below) / 2 ** ranks.length);
}

function approximateTails(count: number, tieSizes: readonly number[], smaller: number): number {
  const mean = (count * (count + 1)) / 4;
  const ties = tieSizes.reduce((sum, size) => sum + size ** 3 - size, 0);
  const variance = (count * (count + 1) * (2 * count + 1)) / 24 - ties / 48;
  return normalTails((mean - smaller) / Math.sqrt(variance));
}
