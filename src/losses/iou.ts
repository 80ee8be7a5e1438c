import { meanOverClasses } from './class-mean.ts';
import { anyScores, defineLoss } from './definition.ts';
import type { ClassMeasures } from './measures.ts';
import type { LossContext } from './spec.ts';

/**
 * Hard intersection over union in percent, 0 to 100, a score (higher is better). 100 where neither side holds any
 * voxel (`EMPTY = 1` in the code of Berman et al., 2018); `null` without voxels.
 */
export function iouPercent({ voxels, hard }: ClassMeasures): number | null {
  if (voxels === 0) return null;
  const either = hard.tp + hard.fp + hard.fn;
  return either === 0 ? 100 : (100 * hard.tp) / either;
}

export const iouBinary = defineLoss({
  name: 'iou-binary',
  parameters: {},
  refusal: anyScores,
  calculations: () => [{ scope: 'class', terms: [], value: iouPercent }],
});

/** The same for competing classes: each class, and the mean over all of them. */
export const iou = defineLoss({
  name: 'iou',
  parameters: {},
  refusal: (context: LossContext) =>
    context.channels === 'independent'
      ? 'it needs competing classes, and the channels are independent (iou-binary scores each channel)'
      : undefined,
  calculations: () => [
    { scope: 'class', terms: [], value: iouPercent },
    { scope: 'multiclass', terms: [], ...meanOverClasses('all', iouPercent) },
  ],
});
