import type { ClassSums } from '../base/class-sums.ts';
import { meanOverClasses } from './class-mean.ts';
import { defineLoss } from './definition.ts';
import type { ClassCalculation, LossContext } from './spec.ts';

/** Voxels of equal error: the error, how many of them are background and how many foreground. */
export type ErrorGroup = readonly [error: number, background: number, foreground: number];

/**
 * The Lovász extension of the Jaccard loss, `Σ max(e, 0)·(J_after - J_before)` over groups of equal error, sorted by
 * error, largest first. `J = (F + B) / (T + B)` with F and B the foreground and background voxels so far and T all
 * `foreground` voxels; J = 0 before the first. The differences are taken as one fraction, since J next to J cancels. Without any foreground the value is the largest error. Sums are
 * Neumaier-compensated. The kernel over shards does the same operations in the same order; this is its reference.
 * Berman et al., 2018.
 * @throws RangeError when the groups are not sorted.
 */
export function lovaszFromGroups(groups: Iterable<ErrorGroup>, foreground: number): number {
  let seenForeground = 0;
  let seenBackground = 0;
  let sum = 0;
  let compensation = 0;
  let last = Number.POSITIVE_INFINITY;
  for (const [error, backgroundHere, foregroundHere] of groups) {
    if (!(error <= last))
      throw new RangeError(`error ${error} comes after ${last}: sort them, largest first`);
    last = error;
    if (error <= 0) break;
    const before = foreground + seenBackground;
    const missed = foreground - seenForeground;
    const step =
      before > 0
        ? (foregroundHere * before + backgroundHere * missed) / (before * (before + backgroundHere))
        : 1;
    seenBackground += backgroundHere;
    seenForeground += foregroundHere;
    const term = error * step;
    const next = sum + term;
    compensation += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
  }
  return sum + compensation;
}

/** A sorted loss of the shards. It was asked for beforehand, so a missing one is a fault of the program. */
function fromShards(m: ClassSums, kind: 'lovaszHinge' | 'lovaszSoftmax'): number | null {
  const value = m[kind];
  if (value === undefined) throw new Error(`${kind} was not computed in this run`);
  return m.voxels === 0 ? null : value;
}

/** Lovász-softmax of a label map: every error is 0 or 1, so the counts alone give it. */
export function lovaszOfLabels(m: ClassSums): number | null {
  if (m.voxels === 0) return null;
  const { fp, fn } = m.hard;
  return fp + fn === 0 ? 0 : lovaszFromGroups([[1, fp, fn]], m.foreground);
}

/** Errors `1 - x·(2t - 1)` on logits x. */
export const lovaszHinge = defineLoss({
  name: 'lovasz-hinge',
  parameters: {},
  refusal(context: LossContext) {
    if (context.scores !== 'logit')
      return `it is made of logits, and the scores are of kind ${context.scores}`;
    if (context.channels === 'exclusive') return 'it is a binary loss, and the channels are exclusive';
    return undefined;
  },
  calculations: () => [
    { scope: 'class', terms: [], lovasz: 'hinge', value: (m) => fromShards(m, 'lovaszHinge') },
  ],
});

/**
 * Errors `|[label = c] - p_c|` on probabilities. A class that the reference does not hold has a value (its largest
 * error); the mean over the classes that are `present`, the default, leaves it out and is `null` if none is present.
 */
export const lovaszSoftmax = defineLoss({
  name: 'lovasz-softmax',
  parameters: { classes: { kind: 'classes', default: 'present' } },
  refusal: () => undefined,
  calculations({ classes }, _form, context) {
    const value: ClassCalculation['value'] =
      context.scores === 'label' ? lovaszOfLabels : (m) => fromShards(m, 'lovaszSoftmax');
    const needs = context.scores === 'label' ? { terms: [] } : { terms: [], lovasz: 'softmax' as const };
    return [
      { scope: 'class', ...needs, value },
      { scope: 'multiclass', ...needs, ...meanOverClasses(classes, value) },
    ];
  },
});
