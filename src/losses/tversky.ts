import type { ClassSums } from '../base/class-sums.ts';
import { quotient } from './arithmetic.ts';
import { anyScores, defineLoss, number, smooth } from './definition.ts';

/** `alpha` weighs false positives, `beta` false negatives; both at least 0. */
export interface TverskyParameters {
  readonly alpha: number;
  readonly beta: number;
  readonly smooth: number;
}

/**
 * Tversky loss, `1 - (TP + s) / (TP + α·FP + β·FN + s)` in [0, 1]; `null` without voxels.
 * Computed as `(α·FP + β·FN) / (TP + α·FP + β·FN + s)`. α = β = 0.5 is Dice with half the smoothing,
 * α = β = 1 is Jaccard. Salehi et al., 2017.
 */
export function tverskyLoss(m: ClassSums, { alpha, beta, smooth }: TverskyParameters): number | null {
  if (m.voxels === 0) return null;
  const wrong = alpha * m.fp + beta * m.fn;
  return quotient(wrong, m.tp + wrong + smooth);
}

export const tversky = defineLoss({
  name: 'tversky',
  parameters: { alpha: number(0.5), beta: number(0.5), smooth },
  refusal: anyScores,
  calculations: (values) => [{ scope: 'class', terms: [], value: (m) => tverskyLoss(m, values) }],
});
