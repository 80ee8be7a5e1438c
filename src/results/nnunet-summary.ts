import type { HardCounts } from '../base/class-sums.ts';
import type { CaseOutcome, ClassSpec, RunOutcome, ScoredCase } from '../base/scored.ts';
import { numpyMean, numpyNanmean } from '../base/statistics/numpy-sum.ts';
import { compareCodePoints, PythonFloat, type PythonValue, pythonPieces } from './python-json.ts';

const counted = ['FP', 'TP', 'FN', 'TN', 'n_pred', 'n_ref'] as const;
const metricNames = ['Dice', 'IoU', ...counted] as const;
type Metrics = Readonly<Record<(typeof metricNames)[number], number>>;

/**
 * The text of `summary.json` as the evaluation of nnU-Net v2 writes it, with its values to the last bit: Dice and IoU
 * are NaN (a token that JSON does not have) where neither side holds the class, `mean` is numpy's nanmean over cases,
 * and `foreground_mean` numpy's mean over the classes but the label 0, so that one all-NaN class makes it NaN. Cases
 * are in the order of their prediction's file name, which is the order of nnU-Net's sums. Cases without a score are
 * left out; undefined when no case was scored.
 */
export class NnunetSummary {
  readonly #classes: readonly ClassSpec[];
  readonly #cases: Counted[] = [];

  constructor(classes: readonly ClassSpec[]) {
    this.#classes = classes;
  }

  /** That of a whole run. */
  static of({ classes, cases }: RunOutcome): NnunetSummary {
    const summary = new NnunetSummary(classes);
    for (const entry of cases) summary.add(entry);
    return summary;
  }

  /** Takes a case in: its counts alone are kept. */
  add(entry: CaseOutcome): void {
    if (entry.status !== 'ok') return;
    const { predictionFile, referenceFile, classes } = entry;
    this.#cases.push({
      predictionFile,
      referenceFile,
      counts: this.#classes.map(({ name }) => classes[name]!.hard),
    });
  }

  /** In pieces, a case each; undefined when no case was scored. */
  text(): Iterable<string> | undefined {
    const cases = this.#cases.sort(byFileName);
    if (cases.length === 0) return undefined;
    const means = this.#classes.map((_, k) =>
      metricsRecord((metric) =>
        numpyNanmean(Float64Array.from(cases, ({ counts }) => metricsOf(counts[k]!)[metric])),
      ),
    );
    const foreground = means.filter((_, k) => !isBackground(this.#classes[k]!));
    const byKey = (values: readonly PythonValue[]) =>
      Object.fromEntries(this.#classes.map((entry, k) => [keyOf(entry), values[k]!]));
    return pythonPieces({
      foreground_mean: floats(metricsRecord((metric) => numpyMean(foreground.map((mean) => mean[metric])))),
      mean: byKey(means.map(floats)),
      metric_per_case: lazily(cases, ({ counts, predictionFile, referenceFile }) => ({
        metrics: byKey(counts.map((own) => countsAndRatios(metricsOf(own)))),
        prediction_file: predictionFile,
        reference_file: referenceFile,
      })),
    });
  }
}

/** What is kept of a case. */
interface Counted extends Pick<ScoredCase, 'predictionFile' | 'referenceFile'> {
  /** Of each class. */
  readonly counts: readonly HardCounts[];
}

function* lazily<In, Out>(entries: readonly In[], make: (entry: In) => Out): Generator<Out> {
  for (const entry of entries) yield make(entry);
}

function metricsOf({ tp, fp, fn, tn }: HardCounts): Metrics {
  const union = tp + fp + fn;
  return {
    Dice: union === 0 ? Number.NaN : (2 * tp) / (2 * tp + fp + fn),
    IoU: union === 0 ? Number.NaN : tp / union,
    FP: fp,
    TP: tp,
    FN: fn,
    TN: tn,
    n_pred: fp + tp,
    n_ref: fn + tp,
  };
}

/** A single label is its number, a region the text of a Python tuple. */
function keyOf({ labels }: ClassSpec): string {
  return labels.length === 1 ? String(labels[0]) : `(${labels.join(', ')})`;
}

function isBackground({ labels }: ClassSpec): boolean {
  return labels.length === 1 && labels[0] === 0;
}

function metricsRecord(value: (metric: (typeof metricNames)[number]) => number): Metrics {
  return Object.fromEntries(metricNames.map((metric) => [metric, value(metric)])) as Metrics;
}

/** Means are floats throughout. */
function floats(metrics: Metrics): PythonValue {
  return Object.fromEntries(metricNames.map((metric) => [metric, new PythonFloat(metrics[metric])]));
}

/** A case's counts are ints, its ratios floats. */
function countsAndRatios(metrics: Metrics): PythonValue {
  const counts = Object.fromEntries(counted.map((metric) => [metric, metrics[metric]]));
  return { Dice: new PythonFloat(metrics.Dice), IoU: new PythonFloat(metrics.IoU), ...counts };
}

function byFileName(a: Counted, b: Counted): number {
  const name = (entry: Counted) => entry.predictionFile.replace(/^.*[/\\]/, '');
  return compareCodePoints(name(a), name(b));
}
