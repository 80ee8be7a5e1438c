import type { ClassSums } from '../base/class-sums.ts';
import { power } from './arithmetic.ts';
import { anyScores, defineLoss, number, smooth } from './definition.ts';
import { type TverskyParameters, tverskyLoss } from './tversky.ts';

/**
 * Focal Tversky loss, `tversky^γ` in [0, 1]; `null` without voxels. The listings have γ = 2, the authors' code
 * (Abraham and Khan, 2018) has 0.75.
 */
export function focalTverskyLoss(m: ClassSums, tversky: TverskyParameters, gamma: number): number | null {
  const loss = tverskyLoss(m, tversky);
  return loss === null ? null : power(loss, gamma);
}

export const focalTversky = defineLoss({
  name: 'focal-tversky',
  parameters: { alpha: number(0.5), beta: number(0.5), gamma: number(2), smooth },
  refusal: anyScores,
  calculations: (values) => [
    { scope: 'class', terms: [], value: (m) => focalTverskyLoss(m, values, values.gamma) },
  ],
});
