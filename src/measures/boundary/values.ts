/**
 * Every boundary value of a class from its distances. All follow from two lists of (distance, weight): elements of the reference
 * and of the prediction, each with its distance to the other mask. A voxel weighs 1, a surfel its area in mm^2.
 */
import type { Border } from './measure-distances.ts';
import {
  areaPercentile,
  directedPercentile,
  indexPercentile,
  type Percentile,
  pooledPercentile,
} from './percentiles.ts';
import type { WeightedDistances } from './weighted-distances.ts';

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
const roundedTolerance = 1 + 1e-6;

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
  const { reference, prediction } = lists;
  const within = question.tolerancesMm.map((toleranceMm) => ({
    toleranceMm,
    reference: reference.weightWithin(toleranceMm),
    prediction: prediction.weightWithin(toleranceMm),
    nearly: nearlyWithin(lists, toleranceMm),
  }));
  return {
    elementsReference: reference.elements,
    elementsPrediction: prediction.elements,
    sizeReference: reference.weight,
    sizePrediction: prediction.weight,
    ...(empty === undefined
      ? definedDistances(border, lists, question)
      : sameDistances(border, question, empty === 'both empty' ? null : emptyDistanceMm)),
    nsd: surfaceDice(reference.weight, prediction.weight, within),
    ...(empty === undefined ? {} : { undefined: empty }),
  };
}

/** Values of distances where both lists have some. */
export function definedDistances(border: Border, lists: BothLists, question: BoundaryQuestion) {
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
    percentiles: percentilesOf(
      border,
      question,
      (definition, percentile) => definition(reference, prediction, percentile).value,
    ),
  };
}

/** The same distance in place of all. */
export function sameDistances(border: Border, question: BoundaryQuestion, distanceMm: number | null) {
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

/** Weights within a tolerance, and what of both is beyond it by a rounding alone. */
export interface Within {
  readonly toleranceMm: number;
  readonly reference: number;
  readonly prediction: number;
  readonly nearly: number;
}

export function surfaceDice(
  reference: number,
  prediction: number,
  tolerances: readonly Within[],
): Record<string, SurfaceDice> {
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : null);
  return Object.fromEntries(
    tolerances.map((within) => [
      String(within.toleranceMm),
      {
        nsd: share(within.reference + within.prediction, reference + prediction),
        referenceWithin: share(within.reference, reference),
        predictionWithin: share(within.prediction, prediction),
        ...(within.nearly > 0 ? { nearlyWithin: within.nearly / (reference + prediction) } : {}),
      },
    ]),
  );
}

/** Weight of both lists that is beyond a tolerance by less than a rounding of the affine. */
export function nearlyWithin({ reference, prediction }: BothLists, toleranceMm: number): number {
  return [reference, prediction].reduce(
    (sum, list) => sum + (list.weightWithin(toleranceMm * roundedTolerance) - list.weightWithin(toleranceMm)),
    0,
  );
}

export function emptyMask({ reference, prediction }: BothLists): EmptyMask | undefined {
  if (reference.elements === 0) return prediction.elements === 0 ? 'both empty' : 'reference empty';
  return prediction.elements === 0 ? 'prediction empty' : undefined;
}
