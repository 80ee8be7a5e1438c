import type { ClassSpec } from '../base/scored.ts';
import { exactSum } from '../base/statistics/exact-sum.ts';
import { summarise } from '../base/statistics/summary.ts';
import { hardMetricNames } from '../losses/metrics/hard.ts';
import type { LossSpec } from '../losses/spec.ts';
import type {
  CaseResult,
  CaseSummary,
  ClassesMean,
  ClassResult,
  Means,
  ScoredCaseResult,
} from './document.ts';

/** Statistics over cases for each class and each loss and metric, and the means of those over classes. */
export function buildMeans(
  cases: readonly CaseResult[],
  specs: readonly ClassSpec[],
  losses: readonly LossSpec[],
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
    };
  });
  const overClasses = (held: typeof classes) => ({
    metrics: record(hardMetricNames, (metric) =>
      meanOfMeans(held.map(({ name, metrics }) => [name, metrics[metric].mean])),
    ),
    losses: record(classIds, (id) => meanOfMeans(held.map(({ name, losses }) => [name, losses[id]!.mean]))),
  });
  return {
    classes: Object.fromEntries(classes.map(({ name, metrics, losses }) => [name, { metrics, losses }])),
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
