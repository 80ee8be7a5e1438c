import type { HardCounts } from '../../base/class-sums.ts';

/** A confusion matrix: `confusion[i][j]` voxels have reference `labels[i]` and prediction `labels[j]`. */
export interface ConfusionMatrix {
  readonly labels: readonly number[];
  readonly confusion: readonly (readonly number[])[];
}

/** Counts of the class whose foreground is a set of labels. */
export function countsOfLabels(matrix: ConfusionMatrix, foreground: readonly number[]): HardCounts {
  const inside = matrix.labels.map((label) => foreground.includes(label));
  const voxels = (reference: boolean, prediction: boolean) =>
    matrix.confusion
      .filter((_, i) => inside[i] === reference)
      .flatMap((row) => row.filter((_, j) => inside[j] === prediction))
      .reduce((sum, count) => sum + count, 0);
  return {
    tp: voxels(true, true),
    fp: voxels(false, true),
    fn: voxels(true, false),
    tn: voxels(false, false),
  };
}
