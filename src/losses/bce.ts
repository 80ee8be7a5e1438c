import type { ClassSums } from '../base/class-sums.ts';
import { meanTerm } from './arithmetic.ts';
import { clip, defineLoss, notLabels } from './definition.ts';

/**
 * Binary cross-entropy, `mean(-t·log p - (1-t)·log(1-p))`, at least 0; `null` without voxels.
 * With clip 0 the logarithm is clamped at -100 (PyTorch), else p is clipped to [clip, 1 - clip] (Keras).
 */
export function binaryCrossEntropy(m: ClassSums, clip: number): number | null {
  return meanTerm(m, { gamma: 0, clip });
}

export const bce = defineLoss({
  name: 'bce',
  parameters: { clip },
  refusal: notLabels,
  calculations: ({ clip }) => [
    { scope: 'class', terms: [{ gamma: 0, clip }], value: (m) => binaryCrossEntropy(m, clip) },
  ],
});
