import type { ClassSums } from '../base/class-sums.ts';
import { quotient } from './arithmetic.ts';
import { anyScores, defineLoss, smooth } from './definition.ts';

/**
 * Soft Dice loss, `1 - (2I + s) / (P + T + s)` in [0, 1] with `I = Σ p·t`, `P = Σ p`, `T = Σ t`; `null` without voxels.
 * Computed as `(FP + FN) / (2·TP + FP + FN + s)`, the same number without the cancellation of `1 - x`.
 * Milletari et al., V-Net, 2016 (with plain, not squared, sums).
 */
export function diceLoss(m: ClassSums, smooth: number): number | null {
  if (m.voxels === 0) return null;
  return quotient(m.fp + m.fn, 2 * m.tp + m.fp + m.fn + smooth);
}

/** Soft Dice coefficient `(2I + s) / (P + T + s)` in [0, 1]; `null` without voxels. */
export function diceCoefficient(m: ClassSums, smooth: number): number | null {
  if (m.voxels === 0) return null;
  return quotient(2 * m.tp + smooth, 2 * m.tp + m.fp + m.fn + smooth);
}

export const dice = defineLoss({
  name: 'dice',
  parameters: { smooth },
  refusal: anyScores,
  calculations: ({ smooth }) => [{ scope: 'class', terms: [], value: (m) => diceLoss(m, smooth) }],
});
