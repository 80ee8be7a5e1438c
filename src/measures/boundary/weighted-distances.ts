/** Distances in ascending order with the number of elements and the weight at each, and what was cumulated so far. */
import type { DistanceList } from './distance-list.ts';

export class WeightedDistances {
  readonly distances: Float64Array;
  /** Elements up to and with each distance. */
  readonly cumulatedElements: Float64Array;
  readonly cumulatedWeight: Float64Array;
  readonly weightedSum: number;

  /** `weights`: of each facet code; a voxel weighs 1. */
  constructor({ distances, codes, counts }: DistanceList, weights: Float64Array | null) {
    const at: number[] = [];
    const elements: number[] = [];
    const weight: number[] = [];
    let [allElements, allWeight, sum] = [0, 0, 0];
    for (let i = 0; i < counts.length; ) {
      const distance = distances[i]!;
      let here = 0;
      for (; i < counts.length && distances[i] === distance; i++) {
        allElements += counts[i]!;
        here += counts[i]! * (weights ? weights[codes[i]!]! : 1);
      }
      allWeight += here;
      sum += here * distance;
      at.push(distance);
      elements.push(allElements);
      weight.push(allWeight);
    }
    this.distances = Float64Array.from(at);
    this.cumulatedElements = Float64Array.from(elements);
    this.cumulatedWeight = Float64Array.from(weight);
    this.weightedSum = sum;
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
