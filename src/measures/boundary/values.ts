/**
 * Every boundary value of a class from its distances. All follow from two lists of (distance, weight): elements of the reference
 * and of the prediction, each with its distance to the other mask. A voxel weighs 1, a surfel its area in mm^2.
 */
import { exactSum } from '../../base/statistics/exact-sum.ts';
import type { Border } from './measure-distances.ts';
import { areaPercentile, directedPercentile, indexPercentile, pooledPercentile } from './percentiles.ts';
import { WeightedDistances } from './weighted-distances.ts';

export interface BoundaryQuestion {
  /** Percentiles of the distances, in (0, 100]. */
  readonly percentiles: readonly number[];
  /** Tolerances in mm. */
  readonly tolerancesMm: readonly number[];
}

/** Both lists of a border. */
export interface BothLists {
  readonly reference: WeightedDistances;
  readonly prediction: WeightedDistances;
}

export interface SurfaceDice {
  readonly nsd: number | null;
  readonly referenceWithin: number | null;
  readonly predictionWithin: number | null;
  /**
   * Share of both that is beyond the tolerance by less than a millionth: affines are stored in 24 bits, so a distance of one
   * voxel of 1 mm may be 1.00000002. Absent where there is none.
   */
  readonly nearlyWithin?: number;
}

/** A tolerance and what a rounding of the affine may add to a distance. */
export const roundedTolerance = 1 + 1e-6;

export type EmptyMask = 'reference empty' | 'prediction empty' | 'both empty';

/** Values of a border; null where undefined. Sizes are sums of weights. */
export interface BorderValues {
  readonly elementsReference: number;
  readonly elementsPrediction: number;
  readonly sizeReference: number;
  readonly sizePrediction: number;
  readonly hd: number | null;
  readonly meanReferenceToPrediction: number | null;
  readonly meanPredictionToReference: number | null;
  readonly masd: number | null;
  readonly assd: number | null;
  /** By percentile as `hd95`: each definition by its name. */
  readonly percentiles: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** By tolerance in mm. */
  readonly nsd: Readonly<Record<string, SurfaceDice>>;
  /** Why distances are undefined, or were put in place of undefined ones. */
  readonly undefined?: EmptyMask;
}

type Percentile = typeof directedPercentile;

/** Definitions of a percentile for each border, by name. */
export const percentileDefinitions: Readonly<Record<Border, Readonly<Record<string, Percentile>>>> = {
  voxel: { directed: directedPercentile, pooled: pooledPercentile, index: indexPercentile },
  surfel: { area: areaPercentile },
};

/**
 * Values of one border. `emptyDistanceMm` takes the place of distances where exactly one mask has no element; null leaves
 * them undefined.
 */
export function borderValues(
  border: Border,
  lists: BothLists,
  question: BoundaryQuestion,
  emptyDistanceMm: number | null,
): BorderValues {
  const empty = emptyMask(lists);
  const distances =
    empty === undefined
      ? definedDistances(border, lists, question)
      : sameDistances(border, question, empty === 'both empty' ? null : emptyDistanceMm);
  return {
    ...sizesOf([lists]),
    ...distances,
    nsd: surfaceDice([lists], question),
    ...(empty === undefined ? {} : { undefined: empty }),
  };
}

export interface PooledBorderValues extends Omit<BorderValues, 'undefined'> {
  /** Cases without distances of their own: those with one mask empty, and with both. */
  readonly undefinedCases: { readonly oneEmpty: number; readonly bothEmpty: number };
}

/**
 * Values over the elements of all cases as one list. Elements without a distance, because the other mask of their case is empty,
 * count in surface Dice as not within, and in distances only with the case's `emptyDistanceMm`.
 */
export function pooledBorderValues(
  border: Border,
  cases: readonly { readonly lists: BothLists; readonly emptyDistanceMm: number | null }[],
  question: BoundaryQuestion,
): PooledBorderValues {
  const all = cases.map(({ lists }) => lists);
  const oneEmpty = cases.filter(({ lists }) => {
    const empty = emptyMask(lists);
    return empty !== undefined && empty !== 'both empty';
  });
  const replaced = oneEmpty.flatMap(({ lists, emptyDistanceMm }) =>
    emptyDistanceMm === null
      ? []
      : [
          {
            reference: lists.reference.allAt(emptyDistanceMm),
            prediction: lists.prediction.allAt(emptyDistanceMm),
          },
        ],
  );
  const measured = [...all.filter((lists) => emptyMask(lists) === undefined), ...replaced];
  const side = (name: keyof BothLists) =>
    WeightedDistances.pool(measured.map((lists) => lists[name]).filter(({ elements }) => elements > 0));
  const pool = { reference: side('reference'), prediction: side('prediction') };
  const distances =
    emptyMask(pool) === undefined
      ? definedDistances(border, pool, question)
      : sameDistances(border, question, null);
  const bothEmpty = all.filter((lists) => emptyMask(lists) === 'both empty').length;
  return {
    ...sizesOf(all),
    ...distances,
    nsd: surfaceDice(all, question),
    undefinedCases: { oneEmpty: oneEmpty.length, bothEmpty },
  };
}

function sizesOf(all: readonly BothLists[]) {
  const sum = (value: (lists: BothLists) => number) => exactSum(all.map(value));
  return {
    elementsReference: sum(({ reference }) => reference.elements),
    elementsPrediction: sum(({ prediction }) => prediction.elements),
    sizeReference: sum(({ reference }) => reference.weight),
    sizePrediction: sum(({ prediction }) => prediction.weight),
  };
}

function definedDistances(border: Border, lists: BothLists, question: BoundaryQuestion) {
  const { reference, prediction } = lists;
  const [meanReference, meanPrediction] = [
    reference.weightedSum / reference.weight,
    prediction.weightedSum / prediction.weight,
  ];
  return {
    hd: Math.max(reference.largest, prediction.largest),
    meanReferenceToPrediction: meanReference,
    meanPredictionToReference: meanPrediction,
    masd: (meanReference + meanPrediction) / 2,
    assd: (reference.weightedSum + prediction.weightedSum) / (reference.weight + prediction.weight),
    percentiles: percentilesOf(border, question, (definition, percentile) =>
      definition(reference, prediction, percentile),
    ),
  };
}

function sameDistances(border: Border, question: BoundaryQuestion, distanceMm: number | null) {
  return {
    hd: distanceMm,
    meanReferenceToPrediction: distanceMm,
    meanPredictionToReference: distanceMm,
    masd: distanceMm,
    assd: distanceMm,
    percentiles: percentilesOf(border, question, () => distanceMm),
  };
}

function percentilesOf(
  border: Border,
  { percentiles }: BoundaryQuestion,
  value: (definition: Percentile, percentile: number) => number | null,
): Record<string, Record<string, number | null>> {
  return Object.fromEntries(
    percentiles.map((percentile) => [
      `hd${percentile}`,
      Object.fromEntries(
        Object.entries(percentileDefinitions[border]).map(([name, definition]) => [
          name,
          value(definition, percentile),
        ]),
      ),
    ]),
  );
}

function surfaceDice(
  all: readonly BothLists[],
  { tolerancesMm }: BoundaryQuestion,
): Record<string, SurfaceDice> {
  const sum = (value: (lists: BothLists) => number) => exactSum(all.map(value));
  const [r, p] = [sum(({ reference }) => reference.weight), sum(({ prediction }) => prediction.weight)];
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : null);
  return Object.fromEntries(
    tolerancesMm.map((toleranceMm) => {
      const rWithin = sum(({ reference }) => reference.weightWithin(toleranceMm));
      const pWithin = sum(({ prediction }) => prediction.weightWithin(toleranceMm));
      const nearly = sum(({ reference, prediction }) =>
        [reference, prediction].reduce(
          (weight, list) =>
            weight + (list.weightWithin(toleranceMm * roundedTolerance) - list.weightWithin(toleranceMm)),
          0,
        ),
      );
      const dice = {
        nsd: share(rWithin + pWithin, r + p),
        referenceWithin: share(rWithin, r),
        predictionWithin: share(pWithin, p),
        ...(nearly > 0 ? { nearlyWithin: nearly / (r + p) } : {}),
      };
      return [String(toleranceMm), dice];
    }),
  );
}

function emptyMask({ reference, prediction }: BothLists): EmptyMask | undefined {
  if (reference.elements === 0) return prediction.elements === 0 ? 'both empty' : 'reference empty';
  return prediction.elements === 0 ? 'prediction empty' : undefined;
}
