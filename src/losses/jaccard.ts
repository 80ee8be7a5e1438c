import type { ClassSums } from '../base/class-sums.ts';
import { quotient } from './arithmetic.ts';
import { anyScores, defineLoss, smooth } from './definition.ts';

/**
 * Soft Jaccard (IoU) loss, `1 - (I + s) / (P + T - I + s)` in [0, 1]; `null` without voxels.
 * Computed as `(FP + FN) / (TP + FP + FN + s)`, the same number without the cancellation of `1 - x`.
 * Rahman and Wang, 2016.
 */
export function jaccardLoss(m: ClassSums, smooth: number): number | null {
  if (m.voxels === 0) return null;
  return quotient(m.fp + m.fn, m.tp + m.fp + m.fn + smooth);
}

export const jaccard = defineLoss({
  name: 'jaccard',
  parameters: { smooth },
  refusal: anyScores,
  calculations: ({ smooth }) => [{ scope: 'class', terms: [], value: (m) => jaccardLoss(m, smooth) }],
});
