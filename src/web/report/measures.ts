/** What a report shows of a class in a case: metrics first, then the losses of the run. */
import { type Better, type HardMetricName, hardMetricFacts } from '../../losses/metrics/hard.ts';
import type {
  ClassResult,
  LossDescription,
  PooledClassResult,
  ResultsDocument,
} from '../../results/document.ts';

export interface Measure {
  /** Its column in `cases.csv`: a metric's name, or a loss's with its ending. */
  readonly key: string;
  readonly kind: 'metric' | 'shape' | 'loss';
  /** A metric's name, the dotted name of a measure of borders or lesions, or a loss's id. */
  readonly id: string;
  readonly label: string;
  readonly better: Better;
  readonly unit: 'fraction' | 'ml' | 'mm' | 'none';
  /** Of several in use, which one it is: shown wherever the measure is. */
  readonly definition?: string;
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

export function summaryMeasures(document: ResultsDocument): Measure[] {
  const [dice, ...others] = summarised.map(metricMeasure).map(shortened);
  const shapes = shapeMeasures(document).filter(({ id }) => /^(voxel\.hd|surfel\.nsd)/.test(id));
  return [dice!, ...shapes.filter(firstOfKind), ...others];
}

/** The first table is wide enough as it is. */
function shortened(measure: Measure): Measure {
  return measure.id === 'relativeVolumeDifference' ? { ...measure, label: 'Volume diff.' } : measure;
}

/** One distance and one surface Dice: of several percentiles and tolerances the first. */
function firstOfKind({ id }: Measure, at: number, all: readonly Measure[]): boolean {
  const kind = id.split('.')[0];
  return all.findIndex((other) => other.id.split('.')[0] === kind) === at;
}

/** Of the measures of borders and lesions those that papers report, each by its definition. */
function shapeMeasures({ shapes }: ResultsDocument): Measure[] {
  return (shapes?.measures ?? []).flatMap(({ name, better, unit, definition }): Measure[] => {
    const label = shapeLabel(name);
    if (label === undefined) return [];
    const of = { voxel: ', of the centres of border voxels', surfel: ', of borders weighed by their area' };
    const whose = of[name.split('.')[0] as keyof typeof of] ?? '';
    return [{ key: name, kind: 'shape', id: name, label, better, unit, definition: `${definition}${whose}` }];
  });
}

function shapeLabel(name: string): string | undefined {
  const [, percentile] = /^voxel\.hd(.+)\.directed$/.exec(name) ?? [];
  if (percentile !== undefined) return `HD${percentile}, mm`;
  const [, toleranceMm] = /^surfel\.nsd\.(.+)$/.exec(name) ?? [];
  if (toleranceMm !== undefined) return `NSD ${toleranceMm} mm`;
  return {
    'voxel.assd': 'ASSD, mm',
    'lesions.sensitivity': 'Lesion sensitivity',
    'lesions.precision': 'Lesion precision',
    'lesions.f1': 'Lesion F1',
    'lesions.pq': 'Panoptic quality',
    'lesions.brats.dice': 'Lesion-wise Dice',
    'lesions.brats.hd95': 'Lesion-wise HD95, mm',
  }[name];
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
    ...shapeMeasures(document),
    ...document.losses.filter(({ scope }) => scope === 'class').map(lossMeasure),
  ];
}

export function multiclassMeasures(document: ResultsDocument): Measure[] {
  return document.losses.filter(({ scope }) => scope === 'multiclass').map(lossMeasure);
}

/** Summaries or means of metrics, shapes and losses. */
interface Measured<Value> {
  readonly metrics: Readonly<Record<HardMetricName, Value>>;
  readonly losses: Readonly<Record<string, Value>>;
  readonly shapes?: Readonly<Record<string, Value>>;
}

/** The summary of a measure over cases, or its mean over classes. */
export function measureValue<Value>(of: Measured<Value>, { kind, id }: Measure): Value | null {
  const values: Readonly<Record<string, Value>> | undefined =
    kind === 'metric' ? of.metrics : kind === 'loss' ? of.losses : of.shapes;
  return values?.[id] ?? null;
}

type ClassValues = Pick<ClassResult, 'metrics' | 'losses' | 'boundary' | 'lesions'> | PooledClassResult;

function lesionValue(
  { lesions }: Pick<ClassResult, 'lesions'>,
  what: string,
  of: string | undefined,
): number | null {
  if (what === 'pq') return lesions?.panoptic.pq ?? null;
  if (what === 'brats') return lesions?.brats?.[of as 'dice' | 'hd95'] ?? null;
  return lesions?.detection[what as 'sensitivity' | 'precision' | 'f1'] ?? null;
}

/** The value of a measure of a class of a case; the pool has no shapes. */
export function classValue(of: ClassValues, measure: Measure): number | null {
  const { kind, id } = measure;
  if (kind === 'metric') return of.metrics[id as HardMetricName];
  if (kind === 'loss') return of.losses[id] ?? null;
  if (!('boundary' in of || 'lesions' in of)) return null;
  const [where, what, ...rest] = id.split('.');
  if (where === 'lesions') return lesionValue(of, what!, rest[0]);
  if (!of.boundary || !('voxel' in of.boundary)) return null;
  const border = of.boundary[where as 'voxel' | 'surfel'];
  if (what === 'nsd') return border.nsd[rest.join('.')]?.nsd ?? null;
  if (what === 'assd') return border.assd;
  return border[what as `hd${number}`]?.directed ?? null;
}
