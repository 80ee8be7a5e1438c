import type { ClassSums } from '../base/class-sums.ts';
import { binaryCrossEntropy } from './bce.ts';
import { clip, defineLoss, notLabels, smooth } from './definition.ts';
import { diceLoss } from './dice.ts';

/** Sum of binary cross-entropy and Dice loss; `null` without voxels. */
export function bceDiceLoss(m: ClassSums, smooth: number, clip: number): number | null {
  const entropy = binaryCrossEntropy(m, clip);
  const overlap = diceLoss(m, smooth);
  return entropy === null || overlap === null ? null : entropy + overlap;
}

export const bceDice = defineLoss({
  name: 'bce-dice',
  parameters: { smooth, clip },
  refusal: notLabels,
  calculations: ({ smooth, clip }) => [
    { scope: 'class', terms: [{ gamma: 0, clip }], value: (m) => bceDiceLoss(m, smooth, clip) },
  ],
});
