/** From merged tallies to what the formulas read: exact integers to float64, rounded once. */
import { type ClassSums, findTerm, type HardCounts, type MulticlassSums } from '../../base/class-sums.ts';
import { compareLabels, type Label } from '../../base/label.ts';
import type { ClassSpec } from '../../base/scored.ts';
import { sumOfOnes, sumToNumber } from '../../base/statistics/sum-units.ts';
import { countsOfClasses } from '../../losses/metrics/confusion.ts';
import {
  decidesByChannel,
  nameOfLabel,
  predictsLabels,
  type RunSettings,
} from '../../settings/run-settings.ts';
import type { LovaszValues } from '../sorted-errors/lovasz-sum.ts';
import type { Tally } from './tally.ts';

export interface Measures {
  readonly classes: Record<string, ClassSums>;
  readonly multiclass?: MulticlassSums;
}

/** The classes of a run; those of label maps with no classes named are the labels that occur, but 0 and the ignored. */
export function classesOf(settings: RunSettings, tallies: Iterable<Tally>): ClassSpec[] {
  if (settings.classes.length > 0) {
    return settings.classes.map(({ name, labels }) => ({
      name,
      labels: labels === 'positive' ? [1] : labels,
    }));
  }
  const labels = new Set<Label>();
  for (const tally of tallies) {
    for (const [reference, prediction] of tally.confusion) labels.add(reference).add(prediction);
  }
  labels.delete(0);
  if (settings.ignoreLabel !== null) labels.delete(settings.ignoreLabel);
  return [...labels]
    .sort(compareLabels)
    .map((label) => ({ name: nameOfLabel(settings, label), labels: [label] }));
}

export function measuresOf(
  settings: RunSettings,
  classes: readonly ClassSpec[],
  tally: Tally,
  lovasz: readonly LovaszValues[],
): Measures {
  const multiclass = predictsLabels(settings) ? multiclassMeasures(settings, tally) : undefined;
  const competing = multiclass
    ? countsOfClasses(
        multiclass.confusion,
        classes.map(({ labels }) => labels),
      )
    : undefined;
  const measures: Record<string, ClassSums> = {};
  classes.forEach(({ name }, index) => {
    measures[name] =
      settings.scores === 'label'
        ? labelMeasures(competing![index]!, tally.voxels)
        : scoreMeasures(settings, tally, index, lovasz[index], competing?.[index]);
  });
  return { classes: measures, ...(multiclass ? { multiclass } : {}) };
}

function scoreMeasures(
  settings: RunSettings,
  tally: Tally,
  index: number,
  lovasz: LovaszValues | undefined,
  competing: HardCounts | undefined,
): ClassSums {
  const sums = tally.classes[index]!;
  const { foreground, error } = sums;
  return {
    voxels: tally.voxels,
    foreground,
    tp: sumToNumber(sumOfOnes(foreground) - error.foreground),
    fp: sumToNumber(error.all - error.foreground),
    fn: sumToNumber(error.foreground),
    hard: hardCounts(settings, tally, index, competing),
    term(spec) {
      const sum = sums.terms[findTerm(settings.terms, spec)];
      if (!sum) return undefined;
      return {
        foreground: sumToNumber(sum.foreground),
        background: sumToNumber(sum.all - sum.foreground),
      };
    },
    ...(lovasz && settings.lovasz.includes('softmax') ? { lovaszSoftmax: lovasz.softmax } : {}),
    ...(lovasz && settings.lovasz.includes('hinge') ? { lovaszHinge: lovasz.hinge } : {}),
  };
}

/** By the largest channel they are those of the confusion matrix: so in runs of older versions, which tallied them by the threshold. */
function hardCounts(
  settings: RunSettings,
  { voxels, classes }: Tally,
  index: number,
  competing: HardCounts | undefined,
): HardCounts {
  const runClass = settings.classes[index]!;
  if (decidesByChannel(settings, runClass) && runClass.labels !== 'positive') return competing!;
  const { foreground, hardTp, hardFp } = classes[index]!;
  return { tp: hardTp, fp: hardFp, fn: foreground - hardTp, tn: voxels - foreground - hardFp };
}

/** A label map is a prediction of 0 and 1: its soft sums are its counts. */
function labelMeasures(hard: HardCounts, voxels: number): ClassSums {
  return {
    voxels,
    foreground: hard.tp + hard.fn,
    tp: hard.tp,
    fp: hard.fp,
    fn: hard.fn,
    hard,
    term: () => undefined,
  };
}

function multiclassMeasures(settings: RunSettings, tally: Tally): MulticlassSums {
  return {
    voxels: settings.scores === 'label' ? tally.voxels : tally.crossEntropy.voxels,
    ...(settings.scores === 'label' ? {} : { crossEntropySum: sumToNumber(tally.crossEntropy.sum) }),
    confusion: tally.confusion,
  };
}
