import type { ClassSpec } from '../base/scored.ts';
import { exactSum } from '../base/statistics/exact-sum.ts';
import { summarise } from '../base/statistics/summary.ts';
import { hardMetricNames } from '../losses/metrics/hard.ts';
import type { LossSpec } from '../losses/spec.ts';
import type { ShapeSettings } from '../settings/shape-settings.ts';
import type {
  CaseResult,
  CaseSummary,
  ClassesMean,
  ClassResult,
  Means,
  ScoredCaseResult,
} from './document.ts';
import { shapeMeasures, shapeValues } from './shapes/measures.ts';

/** Statistics over cases for each class and each loss and metric, and the means of those over classes. */
export function buildMeans(
  cases: readonly CaseResult[],
  specs: readonly ClassSpec[],
  losses: readonly LossSpec[],
  shapes?: ShapeSettings,
): Means {
  const scored = cases.filter((entry): entry is ScoredCaseResult => entry.status === 'ok');
  const failed = cases.length - scored.length;
  const over = (value: (entry: ScoredCaseResult) => number | null): CaseSummary => {
    const values = scored.map(value);
    const defined = values.filter((entry) => entry !== null);
    return { ...summarise(defined), undefined: values.length - defined.length, failed };
  };
  const ids = (scope: LossSpec['scope']) =>
    losses.filter((loss) => loss.scope === scope).map((loss) => loss.id);
  const classIds = ids('class');

  const classes = specs.map(({ name, labels }) => {
    const overClass = (value: (result: ClassResult) => number | null) =>
      over((entry) => value(entry.classes[name]!));
    return {
      name,
      isBackground: labels.length === 1 && labels[0] === 0,
      metrics: record(hardMetricNames, (metric) => overClass((result) => result.metrics[metric])),
      losses: record(classIds, (id) => overClass((result) => result.losses[id]!)),
      ...(shapes && shapeMeans(name, shapes)),
    };
  });
  function shapeMeans(name: string, settings: ShapeSettings) {
    const results = scored.map((entry) => entry.classes[name]!);
    const values = results.map((result) => shapeValues(settings, result));
    const names = shapeMeasures(settings)
      .map((measure) => measure.name)
      .filter((measure) => values.some((own) => own.has(measure)));
    const summaries = record(names, (measure): CaseSummary => {
      const all = values.map((own) => own.get(measure) ?? null);
      const defined = all.filter((value) => value !== null);
      return { ...summarise(defined), undefined: all.length - defined.length, failed };
    });
    const empty = (which: string) =>
      results.filter(({ boundary }) => {
        return boundary && 'voxel' in boundary && boundary.voxel.undefined === which;
      }).length;
    const emptyCases = {
      reference: empty('reference empty'),
      prediction: empty('prediction empty'),
      both: empty('both empty'),
    };
    return { shapes: summaries, ...(settings.boundary ? { emptyCases } : {}) };
  }
  const overClasses = (held: typeof classes) => ({
    metrics: record(hardMetricNames, (metric) =>
      meanOfMeans(held.map(({ name, metrics }) => [name, metrics[metric].mean])),
    ),
    losses: record(classIds, (id) => meanOfMeans(held.map(({ name, losses }) => [name, losses[id]!.mean]))),
    ...(shapes && {
      shapes: record(
        shapeMeasures(shapes).map(({ name }) => name),
        (measure) => meanOfMeans(held.map((own) => [own.name, own.shapes?.[measure]?.mean ?? null])),
      ),
    }),
  });
  return {
    classes: Object.fromEntries(classes.map(({ name, isBackground: _, ...own }) => [name, own])),
    losses: record(ids('multiclass'), (id) => over((entry) => entry.losses[id]!)),
    overClasses: overClasses(classes),
    foreground: overClasses(classes.filter(({ isBackground }) => !isBackground)),
  };
}

function meanOfMeans(means: readonly (readonly [name: string, mean: number | null])[]): ClassesMean {
  const held = means.filter((entry): entry is [string, number] => entry[1] !== null);
  const sum = exactSum(held.map(([, mean]) => mean));
  return { mean: held.length === 0 ? null : sum / held.length, classes: held.map(([name]) => name) };
}

function record<Key extends string, Value>(
  keys: readonly Key[],
  value: (key: Key) => Value,
): Record<Key, Value> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<Key, Value>;
}
