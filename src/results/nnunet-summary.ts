import type { HardCounts } from '../base/class-sums.ts';
import type { ClassSpec, RunOutcome, ScoredCase } from '../base/scored.ts';
import { numpyMean, numpyNanmean } from '../base/statistics/numpy-sum.ts';
import { compareCodePoints, PythonFloat, type PythonValue, pythonJson } from './python-json.ts';

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
export function nnunetSummary(outcome: RunOutcome): string | undefined {
  const cases = outcome.cases.filter((entry) => entry.status === 'ok').sort(byFileName);
  if (cases.length === 0) return undefined;
  const metrics = cases.map((entry) =>
    outcome.classes.map(({ name }) => metricsOf(entry.classes[name]!.hard)),
  );
  const means = outcome.classes.map((_, k) =>
    metricsRecord((metric) => numpyNanmean(metrics.map((ofCase) => ofCase[k]![metric]))),
  );
  const foreground = means.filter((_, k) => !isBackground(outcome.classes[k]!));
  const byKey = (values: readonly PythonValue[]) =>
    Object.fromEntries(outcome.classes.map((entry, k) => [keyOf(entry), values[k]!]));
  return pythonJson({
    foreground_mean: floats(metricsRecord((metric) => numpyMean(foreground.map((mean) => mean[metric])))),
    mean: byKey(means.map(floats)),
    metric_per_case: cases.map((entry, i) => ({
      metrics: byKey(metrics[i]!.map(countsAndRatios)),
      prediction_file: entry.predictionFile,
      reference_file: entry.referenceFile,
    })),
  });
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

function byFileName(a: ScoredCase, b: ScoredCase): number {
  const name = (entry: ScoredCase) => entry.predictionFile.replace(/^.*[/\\]/, '');
  return compareCodePoints(name(a), name(b));
}
