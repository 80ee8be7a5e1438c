/** Distances in ascending order with the number of elements and the weight at each, and what was cumulated so far. */
import type { DistanceList } from './distance-list.ts';

/** One row a distance, ascending. */
interface Columns {
  readonly distances: Float64Array;
  /** Elements, and their weight, up to and with each distance. */
  readonly cumulatedElements: Float64Array;
  readonly cumulatedWeight: Float64Array;
  /** Weight at each distance. */
  readonly weights: Float64Array;
  /** Sum of weight times distance. */
  readonly weightedSum: number;
}

export class WeightedDistances implements Columns {
  readonly distances: Float64Array;
  readonly cumulatedElements: Float64Array;
  readonly cumulatedWeight: Float64Array;
  readonly weights: Float64Array;
  readonly weightedSum: number;

  constructor({ distances, cumulatedElements, cumulatedWeight, weights, weightedSum }: Columns) {
    this.distances = distances;
    this.cumulatedElements = cumulatedElements;
    this.cumulatedWeight = cumulatedWeight;
    this.weights = weights;
    this.weightedSum = weightedSum;
  }

  /** `weightOf`: of each facet code; a voxel weighs 1. */
  static of({ distances, codes, counts }: DistanceList, weightOf: Float64Array | null): WeightedDistances {
    const column = () => new Float64Array(counts.length);
    const [at, weights, cumulatedElements, cumulatedWeight] = [column(), column(), column(), column()];
    let [rows, elements, allWeight, weightedSum] = [0, 0, 0, 0];
    for (let i = 0; i < counts.length; rows++) {
      const distance = distances[i]!;
      let weight = 0;
      for (; i < counts.length && distances[i] === distance; i++) {
        elements += counts[i]!;
        weight += counts[i]! * (weightOf ? weightOf[codes[i]!]! : 1);
      }
      allWeight += weight;
      weightedSum += weight * distance;
      at[rows] = distance;
      weights[rows] = weight;
      cumulatedElements[rows] = elements;
      cumulatedWeight[rows] = allWeight;
    }
    return new WeightedDistances({
      distances: at.subarray(0, rows),
      cumulatedElements: cumulatedElements.subarray(0, rows),
      cumulatedWeight: cumulatedWeight.subarray(0, rows),
      weights: weights.subarray(0, rows),
      weightedSum,
    });
  }

  /** The same elements, all at one distance. */
  allAt(distanceMm: number): WeightedDistances {
    if (this.elements === 0) return this;
    return new WeightedDistances({
      distances: Float64Array.of(distanceMm),
      cumulatedElements: Float64Array.of(this.elements),
      cumulatedWeight: Float64Array.of(this.weight),
      weights: Float64Array.of(this.weight),
      weightedSum: this.weight * distanceMm,
    });
  }

  get elements(): number {
    return this.cumulatedElements.at(-1) ?? 0;
  }

  get weight(): number {
    return this.cumulatedWeight.at(-1) ?? 0;
  }

  get largest(): number {
    return this.distances.at(-1) ?? Number.NaN;
  }

  /** Weight of the elements whose distance is at most `distanceMm`. */
  weightWithin(distanceMm: number): number {
    const found = firstIndex(this.distances.length, (i) => this.distances[i]! > distanceMm);
    return found === 0 ? 0 : this.cumulatedWeight[found - 1]!;
  }

  /** The distance of the element of a rank, 0 the nearest. */
  ofRank(rank: number): number {
    return this.distances[firstIndex(this.distances.length, (i) => this.cumulatedElements[i]! > rank)]!;
  }
}

/** The first index for which a condition holds that, once it holds, holds for all that follow; `length` if none. */
export function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
