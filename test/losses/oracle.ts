import type {
  ClassSums,
  HardCounts,
  LabelPair,
  MulticlassSums,
  TermSpec,
} from '../../src/base/class-sums.ts';
import { exactSum } from '../../src/base/statistics/exact-sum.ts';
import { type ErrorGroup, lovaszFromGroups } from '../../src/losses/lovasz.ts';

/** Measures made directly from arrays: a float64 term a voxel, exact sums, a plain sort. For small volumes. */

/** A voxel's term in forms that do not cancel: p and 1 - p are each kept where it is small. */
function termOf(
  score: number,
  truth: boolean,
  kind: 'probability' | 'logit',
  { gamma, clip }: TermSpec,
): number {
  const highest = 1 - clip;
  let p = kind === 'logit' ? sigmoid(score) : score;
  let rest = kind === 'logit' ? sigmoid(-score) : 1 - score;
  if (p < clip) [p, rest] = [clip, highest];
  if (rest < 1 - highest) [p, rest] = [highest, 1 - highest];
  const [q, error] = truth ? [p, rest] : [rest, p];
  return error ** gamma * Math.min(error < 0.5 ? -Math.log1p(-error) : -Math.log(q), 100);
}

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** Groups of equal error, largest first. */
export function groupsOf(errors: readonly number[], truth: readonly boolean[]): ErrorGroup[] {
  const groups = new Map<number, [number, number, number]>();
  errors.forEach((error, i) => {
    const group = groups.get(error) ?? [error, 0, 0];
    group[truth[i] ? 2 : 1]++;
    groups.set(error, group);
  });
  return [...groups.values()].sort((a, b) => b[0] - a[0]);
}

export function measuresOf(
  scores: readonly number[],
  truth: readonly boolean[],
  kind: 'probability' | 'logit' | 'label',
  decided: readonly boolean[] = scores.map((score) => score > (kind === 'logit' ? 0 : 0.5)),
): ClassSums {
  const p = kind === 'logit' ? scores.map(sigmoid) : scores;
  const side = (foreground: boolean, value: (i: number) => number) =>
    exactSum(truth.flatMap((t, i) => (t === foreground ? [value(i)] : [])));
  const foreground = truth.filter(Boolean).length;
  const softmaxErrors = p.map((value, i) => (truth[i] ? 1 - value : value));
  const hingeErrors = scores.map((x, i) => (truth[i] ? 1 - x : 1 + x));
  const sorted = (errors: readonly number[]) =>
    truth.length === 0 ? null : lovaszFromGroups(groupsOf(errors, truth), foreground);
  return {
    voxels: truth.length,
    foreground,
    tp: side(true, (i) => p[i]!),
    fp: side(false, (i) => p[i]!),
    fn: side(true, (i) => 1 - p[i]!),
    hard: hardCounts(decided, truth),
    term(spec) {
      if (kind === 'label') return undefined;
      const value = (i: number) => termOf(scores[i]!, truth[i]!, kind, spec);
      return { foreground: side(true, value), background: side(false, value) };
    },
    ...(kind !== 'label' && { lovaszSoftmax: sorted(softmaxErrors) }),
    ...(kind === 'logit' && { lovaszHinge: sorted(hingeErrors) }),
  };
}

function hardCounts(predicted: readonly boolean[], truth: readonly boolean[]): HardCounts {
  const count = (p: boolean, t: boolean) =>
    truth.filter((value, i) => value === t && predicted[i] === p).length;
  return { tp: count(true, true), fp: count(true, false), fn: count(false, true), tn: count(false, false) };
}

/** Sums of competing classes: `channels[k][i]` is the probability of label `labels[k]` at voxel i. */
export function multiclassOf(
  channels: readonly (readonly number[])[],
  reference: readonly number[],
  labels: readonly number[],
): { readonly multiclass: MulticlassSums; readonly classes: Record<string, ClassSums> } {
  const winner = reference.map((_, i) =>
    channels.reduce((best, channel, k) => (channel[i]! > channels[best]![i]! ? k : best), 0),
  );
  const confusion = labels.flatMap((row) =>
    labels.flatMap((column, j): LabelPair[] => {
      const voxels = reference.filter((label, i) => label === row && winner[i] === j).length;
      return voxels === 0 ? [] : [[row, column, voxels]];
    }),
  );
  const logs = reference.map((label, i) => -Math.log(channels[labels.indexOf(label)]![i]!));
  const classes = labels.map((label, k) => {
    const truth = reference.map((value) => value === label);
    const hard = hardCounts(
      winner.map((channel) => channel === k),
      truth,
    );
    return [String(label), { ...measuresOf(channels[k]!, truth, 'probability'), hard }];
  });
  return {
    multiclass: { voxels: reference.length, crossEntropySum: exactSum(logs), confusion },
    classes: Object.fromEntries(classes),
  };
}
