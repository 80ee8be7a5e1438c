/** Counts of classes, each a set of labels, from the pairs of labels that occur: one pass, however many classes there are. */
import type { HardCounts, LabelPair } from '../../base/class-sums.ts';
import { compareLabels, type Label } from '../../base/label.ts';

/** In the order of the classes, whose labels may overlap. */
export function countsOfClasses(
  pairs: readonly LabelPair[],
  classes: readonly (readonly Label[])[],
): HardCounts[] {
  const classesOf = new Map<Label, number[]>();
  for (const [index, labels] of classes.entries()) {
    for (const label of labels) {
      const known = classesOf.get(label);
      if (known) known.push(index);
      else classesOf.set(label, [index]);
    }
  }
  const none: readonly number[] = [];
  const counts = classes.map(() => ({ tp: 0, fp: 0, fn: 0, tn: 0 }));
  let all = 0;
  for (const [reference, prediction, voxels] of pairs) {
    all += voxels;
    const actual = classesOf.get(reference) ?? none;
    const predicted = reference === prediction ? actual : (classesOf.get(prediction) ?? none);
    for (const index of actual) counts[index]![predicted.includes(index) ? 'tp' : 'fn'] += voxels;
    for (const index of predicted) if (!actual.includes(index)) counts[index]!.fp += voxels;
  }
  for (const of of counts) of.tn = all - of.tp - of.fp - of.fn;
  return counts;
}

/** Counts of one class. */
export function countsOfLabels(pairs: readonly LabelPair[], labels: readonly Label[]): HardCounts {
  return countsOfClasses(pairs, [labels])[0]!;
}

/** The labels of either side, ascending. */
export function labelsOf(pairs: readonly LabelPair[]): Label[] {
  const labels = new Set<Label>();
  for (const [reference, prediction] of pairs) labels.add(reference).add(prediction);
  return [...labels].sort(compareLabels);
}
