import type { ClassSums, HardCounts } from '../base/class-sums.ts';
import { meanOverClasses } from './class-mean.ts';
import { anyScores, defineLoss } from './definition.ts';
import type { LossContext } from './spec.ts';

/**
 * Hard intersection over union in percent, 0 to 100, a score (higher is better). 100 where neither side holds any
 * voxel (`EMPTY = 1` in the code of Berman et al., 2018); `null` without voxels.
 */
export function iouPercent({ tp, fp, fn, tn }: HardCounts): number | null {
  const either = tp + fp + fn;
  if (either + tn === 0) return null;
  return either === 0 ? 100 : (100 * tp) / either;
}

export const iouBinary = defineLoss({
  name: 'iou-binary',
  parameters: {},
  refusal: anyScores,
  calculations: () => [{ scope: 'class', terms: [], value: (m) => iouPercent(m.hard) }],
});

/** The same of competing classes, by the channel that wins: each class, and the mean over all of them. */
function iouOfWinners(m: ClassSums, competing?: HardCounts): number | null {
  return iouPercent(competing ?? m.hard);
}

export const iou = defineLoss({
  name: 'iou',
  parameters: {},
  refusal: (context: LossContext) =>
    context.channels === 'independent'
      ? 'it needs competing classes, and the channels are independent (iou-binary scores each channel)'
      : undefined,
  calculations: () => [
    { scope: 'class', terms: [], value: iouOfWinners },
    { scope: 'multiclass', terms: [], ...meanOverClasses('all', iouOfWinners) },
  ],
});
