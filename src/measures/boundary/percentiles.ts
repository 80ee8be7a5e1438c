/** Four meanings of "the 95th percentile of the distances"; SHAPES in the documentation says whose each is. */
import { firstIndex, type WeightedDistances } from './weighted-distances.ts';

export interface FoundPercentile {
  readonly value: number;
  /** The distances of the elements that it rests on. */
  readonly restsOn: readonly number[];
}

export type Percentile = (
  reference: WeightedDistances,
  prediction: WeightedDistances,
  percentile: number,
) => FoundPercentile;

/** The larger of the two lists' percentiles, interpolated linearly between ranks. */
export const directedPercentile: Percentile = (reference, prediction, percentile) =>
  larger(linear(reference, percentile), linear(prediction, percentile));

/** The percentile of both lists together, interpolated linearly between ranks. */
export const pooledPercentile: Percentile = (reference, prediction, percentile) =>
  interpolate(reference.elements + prediction.elements, percentile, (rank) =>
    ofRankInBoth(reference, prediction, rank),
  );

/** The larger of the two elements of rank int((n - 1) percentile / 100). */
export const indexPercentile: Percentile = (reference, prediction, percentile) => {
  const own = (list: WeightedDistances) =>
    at(list.ofRank(Math.floor((list.elements - 1) * (percentile / 100))));
  return larger(own(reference), own(prediction));
};

/** The larger of the two first distances at which the weight so far reaches its share of the whole. */
export const areaPercentile: Percentile = (reference, prediction, percentile) =>
  larger(at(byWeight(reference, percentile)), at(byWeight(prediction, percentile)));

function at(distance: number): FoundPercentile {
  return { value: distance, restsOn: [distance] };
}

function larger(a: FoundPercentile, b: FoundPercentile): FoundPercentile {
  return { value: Math.max(a.value, b.value), restsOn: [...a.restsOn, ...b.restsOn] };
}

function linear(list: WeightedDistances, percentile: number): FoundPercentile {
  return interpolate(list.elements, percentile, (rank) => list.ofRank(rank));
}

/** As numpy's default: between the elements of the ranks around (n - 1) percentile / 100. */
function interpolate(
  elements: number,
  percentile: number,
  ofRank: (rank: number) => number,
): FoundPercentile {
  const rank = (percentile / 100) * (elements - 1);
  const low = Math.min(Math.floor(rank), elements - 1);
  const part = rank - low;
  const a = ofRank(low);
  const b = ofRank(Math.min(low + 1, elements - 1));
  return { value: part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part), restsOn: [a, b] };
}

function byWeight(list: WeightedDistances, percentile: number): number {
  const { distances, cumulatedWeight, weight } = list;
  const found = firstIndex(distances.length, (i) => cumulatedWeight[i]! / weight >= percentile / 100);
  return distances[Math.min(found, distances.length - 1)]!;
}

/** The distance of a rank among the elements of both lists. */
function ofRankInBoth(a: WeightedDistances, b: WeightedDistances, rank: number): number {
  const upTo = (list: WeightedDistances, distance: number) => {
    const behind = firstIndex(list.distances.length, (i) => list.distances[i]! > distance);
    return behind === 0 ? 0 : list.cumulatedElements[behind - 1]!;
  };
  const smallestIn = (list: WeightedDistances) => {
    const found = firstIndex(
      list.distances.length,
      (i) => upTo(a, list.distances[i]!) + upTo(b, list.distances[i]!) > rank,
    );
    return list.distances[found] ?? Number.POSITIVE_INFINITY;
  };
  return Math.min(smallestIn(a), smallestIn(b));
}
