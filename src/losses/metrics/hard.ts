import type { HardCounts } from '../../base/class-sums.ts';
import { exactSum } from '../../base/statistics/exact-sum.ts';

/** Volumes of the foreground in millilitres. */
export interface VolumesMl {
  readonly predicted: number;
  readonly reference: number;
}

/** What counts of voxels say of one class. `null` wherever a denominator is 0. All but the volumes are ratios. */
export interface HardMetrics extends HardCounts {
  readonly dice: number | null;
  readonly jaccard: number | null;
  /** tp / (tp + fp) */
  readonly precision: number | null;
  /** tp / (tp + fn) */
  readonly recall: number | null;
  /** tn / (tn + fp) */
  readonly specificity: number | null;
  /** (1 + β²)·tp / ((1 + β²)·tp + β²·fn + fp); with β = 1 it is Dice. */
  readonly fbeta: number | null;
  readonly predictedVolumeMl: number;
  readonly referenceVolumeMl: number;
  /** (Vp - Vr) / Vr */
  readonly relativeVolumeDifference: number | null;
}

/** Metrics that have a mean over cases, in the order of `HardMetrics`. The counts have none. */
export const hardMetricNames = [
  'dice',
  'jaccard',
  'precision',
  'recall',
  'specificity',
  'fbeta',
  'predictedVolumeMl',
  'referenceVolumeMl',
  'relativeVolumeDifference',
] as const satisfies readonly (keyof HardMetrics)[];

export type HardMetricName = (typeof hardMetricNames)[number];

/** Volumes of a case whose voxels have a volume of `voxelMm3` each. */
export function volumesMl({ tp, fp, fn }: HardCounts, voxelMm3: number): VolumesMl {
  return { predicted: ((tp + fp) * voxelMm3) / 1000, reference: ((tp + fn) * voxelMm3) / 1000 };
}

/** Volumes of several cases together, whose spacings may differ; exact sums, so order cannot matter. */
export function addVolumesMl(volumes: readonly VolumesMl[]): VolumesMl {
  return {
    predicted: exactSum(volumes.map((volume) => volume.predicted)),
    reference: exactSum(volumes.map((volume) => volume.reference)),
  };
}

/** Hard metrics from counts and volumes. `beta` > 0 weighs recall against precision in `fbeta`. */
export function hardMetrics(counts: HardCounts, volumes: VolumesMl, beta = 1): HardMetrics {
  const { tp, fp, fn, tn } = counts;
  const beta2 = beta * beta;
  return {
    tp,
    fp,
    fn,
    tn,
    dice: ratio(2 * tp, 2 * tp + fp + fn),
    jaccard: ratio(tp, tp + fp + fn),
    precision: ratio(tp, tp + fp),
    recall: ratio(tp, tp + fn),
    specificity: ratio(tn, tn + fp),
    fbeta: ratio((1 + beta2) * tp, (1 + beta2) * tp + beta2 * fn + fp),
    predictedVolumeMl: volumes.predicted,
    referenceVolumeMl: volumes.reference,
    relativeVolumeDifference: ratio(volumes.predicted - volumes.reference, volumes.reference),
  };
}

function ratio(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator;
}
