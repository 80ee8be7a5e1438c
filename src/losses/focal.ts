import type { ClassSums } from '../base/class-sums.ts';
import { meanTerm, power, quotient, sidedSum } from './arithmetic.ts';
import { binaryCrossEntropy } from './bce.ts';
import { clip, defineLoss, notLabels, number } from './definition.ts';

interface FocalParameters {
  /** Weight in [0, 1]. */
  readonly alpha: number;
  /** Focusing exponent, at least 0. */
  readonly gamma: number;
  readonly clip: number;
}

/**
 * Focal loss of the mean, `α·(1 - exp(-bce))^γ·bce` (the PyTorch listing); `null` without voxels.
 * `expm1` is the one function here whose last bit is the engine's.
 */
export function focalOfMeanBce(m: ClassSums, { alpha, gamma, clip }: FocalParameters): number | null {
  const entropy = binaryCrossEntropy(m, clip);
  return entropy === null ? null : alpha * power(-Math.expm1(-entropy), gamma) * entropy;
}

/**
 * Mean of each voxel's focal loss, `mean(α·(1 - exp(-b))^γ·b)` with b the voxel's cross-entropy (the Keras
 * listing); `null` without voxels. `exp(-b)` is the score of the truth, so this is α times the mean term.
 */
export function focalOfVoxels(m: ClassSums, { alpha, gamma, clip }: FocalParameters): number | null {
  const mean = meanTerm(m, { gamma, clip });
  return mean === null ? null : alpha * mean;
}

/**
 * Balanced focal loss, `mean(-α_t·(1-p_t)^γ·log p_t)` with `α_t` = α on foreground and 1 - α on background;
 * `null` without voxels. Lin et al., 2017.
 */
export function balancedFocal(m: ClassSums, { alpha, gamma, clip }: FocalParameters): number | null {
  const sum = sidedSum(m, { gamma, clip });
  return quotient(alpha * sum.foreground + (1 - alpha) * sum.background, m.voxels);
}

const formulas = { 'mean-bce': focalOfMeanBce, voxel: focalOfVoxels, lin: balancedFocal };

export const focal = defineLoss({
  name: 'focal',
  forms: Object.keys(formulas),
  parameters: { alpha: number(0.8, 1), gamma: number(2), clip },
  refusal: notLabels,
  calculations: (values, form) => {
    const formula = formulas[form as keyof typeof formulas];
    const gamma = form === 'mean-bce' ? 0 : values.gamma;
    return [{ scope: 'class', terms: [{ gamma, clip: values.clip }], value: (m) => formula(m, values) }];
  },
});
