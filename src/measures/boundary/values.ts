/**
 * Every boundary value of a class from its distances. All follow from two lists of (distance, weight): elements of the reference
 * and of the prediction, each with its distance to the other mask. A voxel weighs 1, a surfel its area in mm^2.
 */
import { areaPercentile, directedPercentile, indexPercentile, pooledPercentile } from './percentiles.ts';
import type { WeightedDistances } from './weighted-distances.ts';

export interface BoundaryQuestion {
  /** Percentiles of the distances, in (0, 100]. */
  readonly percentiles: readonly number[];
  /** Tolerances in mm. */
  readonly tolerancesMm: readonly number[];
}

/** Distances of a border; null where they are undefined. */
export interface BorderDistances {
  readonly hd: number | null;
  readonly meanReferenceToPrediction: number | null;
  readonly meanPredictionToReference: number | null;
  readonly masd: number | null;
  readonly assd: number | null;
}

export interface SurfaceDice {
  readonly nsd: number | null;
  readonly referenceWithin: number | null;
  readonly predictionWithin: number | null;
}

export type EmptyMask = 'reference empty' | 'prediction empty' | 'both empty';

export interface BorderValues extends BorderDistances {
  readonly elementsReference: number;
  readonly elementsPrediction: number;
  /** Sums of the weights. */
  readonly sizeReference: number;
  readonly sizePrediction: number;
  /** By percentile, as `hd95`: each definition by its name. */
  readonly percentiles: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** By tolerance in mm. */
  readonly nsd: Readonly<Record<string, SurfaceDice>>;
  /** Why distances are undefined. */
  readonly undefined?: EmptyMask;
}

/** Definitions of a percentile for each border, by name. */
export const percentileDefinitions = {
  voxel: { directed: directedPercentile, pooled: pooledPercentile, index: indexPercentile },
  surfel: { area: areaPercentile },
} as const;

/**
 * Values of one border. `emptyDistanceMm` takes the place of distances where exactly one mask has no element; null leaves
 * them undefined.
 */
export function borderValues(
  border: keyof typeof percentileDefinitions,
  reference: WeightedDistances,
  prediction: WeightedDistances,
  question: BoundaryQuestion,
  emptyDistanceMm: number | null,
): BorderValues {
  const definitions = Object.entries(percentileDefinitions[border]);
  const sizes = {
    elementsReference: reference.elements,
    elementsPrediction: prediction.elements,
    sizeReference: reference.weight,
    sizePrediction: prediction.weight,
  };
  const percentiles = (
    value: (definition: (typeof definitions)[number][1], percentile: number) => number | null,
  ) =>
    Object.fromEntries(
      question.percentiles.map((percentile) => [
        `hd${percentile}`,
        Object.fromEntries(definitions.map(([name, definition]) => [name, value(definition, percentile)])),
      ]),
    );
  const nsd = (value: (toleranceMm: number) => SurfaceDice) =>
    Object.fromEntries(question.tolerancesMm.map((toleranceMm) => [String(toleranceMm), value(toleranceMm)]));
  const empty = emptyMask(reference, prediction);
  if (empty !== undefined) {
    const one = empty !== 'both empty';
    const distance = one ? emptyDistanceMm : null;
    const share = one ? 0 : null;
    return {
      ...sizes,
      hd: distance,
      meanReferenceToPrediction: distance,
      meanPredictionToReference: distance,
      masd: distance,
      assd: distance,
      percentiles: percentiles(() => distance),
      nsd: nsd(() => ({
        nsd: share,
        referenceWithin: reference.elements > 0 ? 0 : null,
        predictionWithin: prediction.elements > 0 ? 0 : null,
      })),
      undefined: empty,
    };
  }
  const [meanReference, meanPrediction] = [
    reference.weightedSum / reference.weight,
    prediction.weightedSum / prediction.weight,
  ];
  const both = reference.weight + prediction.weight;
  return {
    ...sizes,
    hd: Math.max(reference.largest, prediction.largest),
    meanReferenceToPrediction: meanReference,
    meanPredictionToReference: meanPrediction,
    masd: (meanReference + meanPrediction) / 2,
    assd: (reference.weightedSum + prediction.weightedSum) / both,
    percentiles: percentiles((definition, percentile) => definition(reference, prediction, percentile)),
    nsd: nsd((toleranceMm) => {
      const [r, p] = [reference.weightWithin(toleranceMm), prediction.weightWithin(toleranceMm)];
      return {
        nsd: (r + p) / both,
        referenceWithin: r / reference.weight,
        predictionWithin: p / prediction.weight,
      };
    }),
  };
}

function emptyMask(reference: WeightedDistances, prediction: WeightedDistances): EmptyMask | undefined {
  if (reference.elements === 0) return prediction.elements === 0 ? 'both empty' : 'reference empty';
  return prediction.elements === 0 ? 'prediction empty' : undefined;
}
