/** What a report shows of a class in a case: metrics first, then the losses of the run. */
import { type Better, type HardMetricName, hardMetricFacts } from '../../losses/metrics/hard.ts';
import type { LossDescription, ResultsDocument } from '../../results/document.ts';

export interface Measure {
  /** Its column in `cases.csv`: a metric's name, or a loss's with its ending. */
  readonly key: string;
  readonly kind: 'metric' | 'loss';
  /** A metric's name or a loss's id. */
  readonly id: string;
  readonly label: string;
  readonly better: Better;
  readonly unit: 'fraction' | 'ml' | 'mm' | 'none';
}

const shownMetrics = [
  'dice',
  'jaccard',
  'precision',
  'recall',
  'relativeVolumeDifference',
  'referenceVolumeMl',
  'predictedVolumeMl',
] as const satisfies readonly HardMetricName[];

/** What the first table shows. */
const summarised = ['dice', 'precision', 'recall', 'relativeVolumeDifference'] as const;

export function summaryMeasures(_document: ResultsDocument): Measure[] {
  return summarised.map(metricMeasure);
}

function metricMeasure(id: HardMetricName): Measure {
  const { label, better, unit } = hardMetricFacts[id];
  return { key: id, kind: 'metric', id, label, better, unit };
}

function lossMeasure({ id, column, better }: LossDescription): Measure {
  const label = better === 'higher' ? `${column} (higher is better)` : column;
  return { key: column, kind: 'loss', id, label, better, unit: 'none' };
}

export function classMeasures(document: ResultsDocument): Measure[] {
  return [
    ...shownMetrics.map(metricMeasure),
    ...document.losses.filter(({ scope }) => scope === 'class').map(lossMeasure),
  ];
}

export function multiclassMeasures(document: ResultsDocument): Measure[] {
  return document.losses.filter(({ scope }) => scope === 'multiclass').map(lossMeasure);
}

/** Values, summaries or means of metrics and losses. */
interface Measured<Value> {
  readonly metrics: Readonly<Record<HardMetricName, Value>>;
  readonly losses: Readonly<Record<string, Value>>;
}

export function measureValue<Value>(of: Measured<Value>, { kind, id }: Measure): Value | null {
  return (kind === 'metric' ? of.metrics[id as HardMetricName] : of.losses[id]) ?? null;
}
