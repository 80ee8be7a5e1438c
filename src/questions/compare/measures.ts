/** What of two runs is compared: the measures that they share, by name. */
import { UsageError } from '../../base/errors.ts';
import type { ClassSpec } from '../../base/scored.ts';
import { type HardMetricName, hardMetricNames } from '../../losses/metrics/hard.ts';
import type { LossSpec } from '../../losses/spec.ts';
import type { PooledResult, ScoreResult } from '../../results/document.ts';
import { type ShapesOfClass, shapeValues } from '../../results/shapes/measures.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import { common, type Side } from './sides.ts';

/** A value of a class, or over the classes (`class` null). */
export interface MeasureName {
  readonly class: string | null;
  /** `shape`: of borders and lesions. */
  readonly kind: 'loss' | 'metric' | 'shape';
  /** A loss's id, a metric's name, or that of a measure of shapes. */
  readonly measure: string;
}

/** The metric that only a pool has: Dice by mm³. */
export const pooledOnly = 'diceByMm3';

export function measureKey({ class: name, kind, measure }: MeasureName): string {
  return JSON.stringify([name, kind, measure]);
}

/** Measures of borders and lesions that both runs have, by the same definition. */
export function sharedShapes(sides: readonly [Side, Side]): string[] {
  const of = ({ results }: Side) => results.shapes?.measures ?? [];
  return common(
    sides,
    of,
    ({ name }) => name,
    ({ definition }) => definition,
  ).shared.map(({ name }) => name);
}

/** What to do about a measure of borders or lesions: to name one definition, or to score with them; undefined for other names. */
function shapeAdvice(names: readonly MeasureName[], measure: string): string | undefined {
  const all = [...new Set(names.map((name) => name.measure))];
  if (all.some((name) => name.startsWith(`${measure}.`) || name.includes(`.${measure}.`))) {
    const definitions = all.filter((name) => `.${name}.`.includes(`.${measure}.`));
    return `--measure: ${measure} has several definitions; say which: ${definitions.join(', ')}`;
  }
  const asked = /^(voxel\.|surfel\.)?(hd[\d.]*|assd|masd|nsd)(\.|$)/.test(measure)
    ? 'boundary'
    : /^(lesions\.|sensitivity|f1|rq|sq|pq|brats)/.test(measure)
      ? 'lesions'
      : undefined;
  if (
    asked === undefined ||
    names.some((name) => name.measure.startsWith(asked === 'lesions' ? 'lesions.' : 'voxel.'))
  ) {
    return undefined;
  }
  return `--measure: ${measure} is not in both runs; score both with --measures overlap,${asked}`;
}

/** @throws UsageError for a measure that the runs do not share, naming those that they do */
export function chosen(names: readonly MeasureName[], measure: string | undefined): readonly MeasureName[] {
  if (measure === undefined) return names;
  const exact = names.filter((name) => name.measure === measure);
  if (exact.length > 0) return exact;
  const advice = shapeAdvice(names, measure);
  const found = advice === undefined ? names.filter((name) => name.measure.endsWith(`.${measure}`)) : [];
  if (found.length > 0) return found;
  if (advice !== undefined) throw new UsageError('measure-unknown', advice, { field: 'measure' });
  const known = [...new Set(names.map((name) => name.measure))].join(', ');
  throw new UsageError(
    'measure-unknown',
    `--measure: the runs do not share ${measure}; they share ${known}`,
    {
      field: 'measure',
    },
  );
}

export function measureNames(
  classes: readonly ClassSpec[],
  losses: readonly LossSpec[],
  shapes: readonly string[],
): MeasureName[] {
  const ofClasses = classes.flatMap(({ name }): MeasureName[] => [
    ...hardMetricNames.map((metric) => ({ class: name, kind: 'metric' as const, measure: metric })),
    { class: name, kind: 'metric', measure: pooledOnly },
    ...shapes.map((measure) => ({ class: name, kind: 'shape' as const, measure })),
    ...losses
      .filter(({ scope }) => scope === 'class')
      .map(({ id }) => ({ class: name, kind: 'loss' as const, measure: id })),
  ]);
  const overClasses = losses
    .filter(({ scope }) => scope === 'multiclass')
    .map(({ id }): MeasureName => ({ class: null, kind: 'loss', measure: id }));
  return [...ofClasses, ...overClasses];
}

/** The value of a measure in one document. */
export function measured(
  result: ScoreResult | PooledResult | null,
  { class: name, kind, measure }: MeasureName,
  settings: RunSettings,
): number | null {
  if (!result) return null;
  if (name === null) return result.losses[measure] ?? null;
  const ofClass = result.classes[name]!;
  if (kind === 'shape') return shapeValues(settings.shapes!, ofClass as ShapesOfClass).get(measure) ?? null;
  return (kind === 'loss' ? ofClass.losses[measure] : ofClass.metrics[measure as HardMetricName]) ?? null;
}
