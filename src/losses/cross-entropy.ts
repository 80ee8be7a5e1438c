import { quotient } from './arithmetic.ts';
import { defineLoss, notLabels } from './definition.ts';
import type { AllMeasures, LossContext } from './spec.ts';

/**
 * Multi-class cross-entropy, `mean(-log p_label)` over the voxels that are not ignored, at least 0; `null` without
 * voxels or where the sum is not finite.
 */
export function crossEntropyLoss({ multiclass }: AllMeasures): number | null {
  if (multiclass?.crossEntropySum === undefined) return null;
  return quotient(multiclass.crossEntropySum, multiclass.voxels);
}

export const crossEntropy = defineLoss({
  name: 'cross-entropy',
  parameters: {},
  refusal(context: LossContext) {
    if (context.channels === 'independent')
      return 'it needs competing classes, and the channels are independent';
    return notLabels(context);
  },
  calculations: () => [{ scope: 'multiclass', terms: [], value: crossEntropyLoss }],
});
