/** Metrics of one class from whole voxels: what is predicted at the decision against the reference. */
import * as z from 'zod';
import type { HardCounts } from '../../base/class-sums.ts';
import { exactRatio, type WeighedCounts } from '../../base/statistics/exact-ratio.ts';
import { exactSum } from '../../base/statistics/exact-sum.ts';

/** Which end is better; `zero`: the nearer to 0 the better; `none`: neither. */
export type Better = 'higher' | 'lower' | 'zero' | 'none';

const count = z.int().min(0);
const share = (meaning: string) => z.number().min(0).max(1).nullable().describe(meaning);

/** `null` wherever a denominator is 0. */
export const hardMetricsSchema = z
  .strictObject({
    dice: share('2·tp / (2·tp + fp + fn)'),
    jaccard: share('tp / (tp + fp + fn)'),
    precision: share('tp / (tp + fp)'),
    recall: share('tp / (tp + fn)'),
    specificity: share('tn / (tn + fp)'),
    fbeta: share('(1 + β²)·tp / ((1 + β²)·tp + β²·fn + fp); with β = 1 it is Dice.'),
    relativeVolumeDifference: z
      .number()
      .nullable()
      .describe('(predicted volume - reference volume) / reference volume, a fraction; 0 is best.'),
    predictedVolumeMl: z.number().min(0).describe('Volume of the predicted foreground in millilitres.'),
    referenceVolumeMl: z.number().min(0).describe('Volume of the reference foreground in millilitres.'),
    tp: count.describe('Voxels that are foreground in the prediction and in the reference.'),
    fp: count.describe('Voxels that are foreground in the prediction alone.'),
    fn: count.describe('Voxels that are foreground in the reference alone.'),
    tn: count.describe('Voxels that are foreground in neither.'),
  })
  .meta({
    id: 'metrics',
    description: 'From counts of voxels at the decision; null where a denominator is 0.',
  });

export type HardMetrics = Readonly<z.infer<typeof hardMetricsSchema>>;

/** Metrics that have a mean over cases, in the order of `HardMetrics`. The counts have none. */
export const hardMetricFacts = {
  dice: { label: 'Dice', better: 'higher', unit: 'fraction' },
  jaccard: { label: 'Jaccard', better: 'higher', unit: 'fraction' },
  precision: { label: 'Precision', better: 'higher', unit: 'fraction' },
  recall: { label: 'Recall', better: 'higher', unit: 'fraction' },
  specificity: { label: 'Specificity', better: 'higher', unit: 'fraction' },
  fbeta: { label: 'F-beta', better: 'higher', unit: 'fraction' },
  relativeVolumeDifference: { label: 'Relative volume difference', better: 'zero', unit: 'fraction' },
  predictedVolumeMl: { label: 'Predicted volume, ml', better: 'none', unit: 'ml' },
  referenceVolumeMl: { label: 'Reference volume, ml', better: 'none', unit: 'ml' },
} as const satisfies Partial<Record<keyof HardMetrics, { label: string; better: Better; unit: string }>>;

export type HardMetricName = keyof typeof hardMetricFacts;
export const hardMetricNames = Object.keys(hardMetricFacts) as readonly HardMetricName[];

/** Volumes of the foreground of a case or of the pool. */
export interface Volumes {
  readonly predictedMl: number;
  readonly referenceMl: number;
  /** (predicted - reference) / reference; null without a reference. */
  readonly relativeDifference: number | null;
}

/** Counts of a case whose voxels have a volume of `voxelMm3` each. */
export interface CaseCounts {
  readonly counts: HardCounts;
  readonly voxelMm3: number;
}

/** Of one case: the size of a voxel cancels in the relative difference, so that it is a quotient of counts. */
export function caseVolumes({ counts: { tp, fp, fn }, voxelMm3 }: CaseCounts): Volumes {
  return {
    predictedMl: ((tp + fp) * voxelMm3) / 1000,
    referenceMl: ((tp + fn) * voxelMm3) / 1000,
    relativeDifference: ratio(fp - fn, tp + fn),
  };
}

/** Of several cases together, whose voxels may differ in size; exact sums, so order cannot matter. */
export function pooledVolumes(cases: readonly CaseCounts[]): Volumes {
  const volumes = cases.map(caseVolumes);
  return {
    predictedMl: exactSum(volumes.map(({ predictedMl }) => predictedMl)),
    referenceMl: exactSum(volumes.map(({ referenceMl }) => referenceMl)),
    relativeDifference: weighed(cases, ({ tp, fp, fn }) => [fp - fn, tp + fn]),
  };
}

/**
 * Dice of several cases pooled by volume: twice the common mm³ over the mm³ of both sides. The Dice of the pooled counts
 * weighs each voxel the same, whatever its size.
 */
export function diceByMm3(cases: readonly CaseCounts[]): number | null {
  return weighed(cases, ({ tp, fp, fn }) => [2 * tp, 2 * tp + fp + fn]);
}

function weighed(
  cases: readonly CaseCounts[],
  sides: (counts: HardCounts) => readonly [numerator: number, denominator: number],
): number | null {
  return exactRatio(
    cases.map(({ counts, voxelMm3 }): WeighedCounts => {
      const [numerator, denominator] = sides(counts);
      return { numerator, denominator, weight: voxelMm3 };
    }),
  );
}

/** Hard metrics from counts and volumes. `beta` > 0 weighs recall against precision in `fbeta`. */
export function hardMetrics(counts: HardCounts, volumes: Volumes, beta = 1): HardMetrics {
  const { tp, fp, fn, tn } = counts;
  const beta2 = beta * beta;
  return {
    dice: ratio(2 * tp, 2 * tp + fp + fn),
    jaccard: ratio(tp, tp + fp + fn),
    precision: ratio(tp, tp + fp),
    recall: ratio(tp, tp + fn),
    specificity: ratio(tn, tn + fp),
    fbeta: ratio((1 + beta2) * tp, (1 + beta2) * tp + beta2 * fn + fp),
    relativeVolumeDifference: volumes.relativeDifference,
    predictedVolumeMl: volumes.predictedMl,
    referenceVolumeMl: volumes.referenceMl,
    tp,
    fp,
    fn,
    tn,
  };
}

function ratio(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator;
}
