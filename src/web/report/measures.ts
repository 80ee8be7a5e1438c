/** What a report shows of a class in a case: hard metrics and the losses of the run, by one key each. */

import type { HardMetricName } from '../../losses/metrics/hard.ts';
import type { ClassResult, LossDescription, ResultsDocument } from '../../results/document.ts';

/** Which end is worse; `zero`: the farther from 0 the worse; `none`: neither. */
export type Better = 'higher' | 'lower' | 'zero' | 'none';

export interface Measure {
  /** The key of `cases.csv`: a loss id, or `hard_` and the metric. */
  readonly key: string;
  readonly label: string;
  readonly better: Better;
}

const hardMeasures: readonly (Measure & { readonly metric: HardMetricName })[] = [
  { metric: 'dice', key: 'hard_dice', label: 'Dice (hard)', better: 'higher' },
  { metric: 'jaccard', key: 'hard_jaccard', label: 'Jaccard (hard)', better: 'higher' },
  { metric: 'precision', key: 'hard_precision', label: 'Precision', better: 'higher' },
  { metric: 'recall', key: 'hard_recall', label: 'Recall', better: 'higher' },
  {
    metric: 'relativeVolumeDifference',
    key: 'hard_relativeVolumeDifference',
    label: 'Relative volume difference',
    better: 'zero',
  },
  {
    metric: 'referenceVolumeMl',
    key: 'hard_referenceVolumeMl',
    label: 'Reference volume, ml',
    better: 'none',
  },
  {
    metric: 'predictedVolumeMl',
    key: 'hard_predictedVolumeMl',
    label: 'Predicted volume, ml',
    better: 'none',
  },
];

/** These are printed in the listings of their sources as scores: the higher the better. */
const scoreNames = new Set(['iou', 'iou-binary']);

export function lossMeasure({ id, name, form }: LossDescription): Measure {
  const higher = scoreNames.has(name) || (name === 'combo' && form === 'article');
  return { key: id, label: higher ? `${id} (score)` : id, better: higher ? 'higher' : 'lower' };
}

/** The measures of a class: hard metrics first. */
export function classMeasures(document: ResultsDocument): Measure[] {
  const losses = document.losses.filter((loss) => loss.scope === 'class').map(lossMeasure);
  return [...hardMeasures.map(({ key, label, better }) => ({ key, label, better })), ...losses];
}

export function multiclassMeasures(document: ResultsDocument): Measure[] {
  return document.losses.filter((loss) => loss.scope === 'multiclass').map(lossMeasure);
}

/** The metric that a key is of; undefined for a loss. */
export function hardMetricOf(key: string): HardMetricName | undefined {
  return hardMeasures.find((measure) => measure.key === key)?.metric;
}

export function measureValue(result: ClassResult, key: string): number | null {
  const metric = hardMetricOf(key);
  return metric === undefined ? (result.losses[key] ?? null) : result.hard[metric];
}
