/** Distances in ascending order with the number of elements and the weight at each, and what was cumulated so far. */
import { exactSum } from '../../base/statistics/exact-sum.ts';
import type { DistanceList } from './distance-list.ts';

/** One row a distance, ascending. */
interface Rows {
  readonly distances: Float64Array;
  readonly elements: Float64Array;
  readonly weights: Float64Array;
}

export class WeightedDistances {
  readonly distances: Float64Array;
  /** Elements up to and with each distance. */
  readonly cumulatedElements: Float64Array;
  readonly cumulatedWeight: Float64Array;
  /** Sum of weight times distance. */
  readonly weightedSum: number;
  readonly rows: Rows;

  constructor(rows: Rows) {
    const { distances, elements, weights } = rows;
    this.rows = rows;
    this.distances = distances;
    this.cumulatedElements = new Float64Array(distances.length);
    this.cumulatedWeight = new Float64Array(distances.length);
    let [allElements, allWeight, sum] = [0, 0, 0];
    for (let i = 0; i < distances.length; i++) {
      allElements += elements[i]!;
      allWeight += weights[i]!;
      sum += weights[i]! * distances[i]!;
      this.cumulatedElements[i] = allElements;
      this.cumulatedWeight[i] = allWeight;
    }
    this.weightedSum = sum;
  }

  /** `weightOf`: of each facet code; a voxel weighs 1. */
  static of({ distances, codes, counts }: DistanceList, weightOf: Float64Array | null): WeightedDistances {
    const at: number[] = [];
    const elements: number[] = [];
    const weights: number[] = [];
    for (let i = 0; i < counts.length; ) {
      const distance = distances[i]!;
      let [count, weight] = [0, 0];
      for (; i < counts.length && distances[i] === distance; i++) {
        count += counts[i]!;
        weight += counts[i]! * (weightOf ? weightOf[codes[i]!]! : 1);
      }
      at.push(distance);
      elements.push(count);
      weights.push(weight);
    }
    return new WeightedDistances({
      distances: Float64Array.from(at),
      elements: Float64Array.from(elements),
      weights: Float64Array.from(weights),
    });
  }

  /** The elements of all lists as one, whatever their order. */
  static pool(lists: readonly WeightedDistances[]): WeightedDistances {
    if (lists.length === 1) return lists[0]!;
    const length = lists.reduce((sum, { distances }) => sum + distances.length, 0);
    const distances = new Float64Array(length);
    const elements = new Float64Array(length);
    const weights = new Float64Array(length);
    let at = 0;
    for (const { rows } of lists) {
      distances.set(rows.distances, at);
      elements.set(rows.elements, at);
      weights.set(rows.weights, at);
      at += rows.distances.length;
    }
    const order = Uint32Array.from(distances.keys()).sort((a, b) => distances[a]! - distances[b]!);
    let kept = 0;
    const rows = {
      distances: new Float64Array(length),
      elements: new Float64Array(length),
      weights: new Float64Array(length),
    };
    for (let i = 0; i < length; ) {
      const distance = distances[order[i]!]!;
      const here: number[] = [];
      let count = 0;
      for (; i < length && distances[order[i]!] === distance; i++) {
        count += elements[order[i]!]!;
        here.push(weights[order[i]!]!);
      }
      rows.distances[kept] = distance;
      rows.elements[kept] = count;
      rows.weights[kept++] = exactSum(here);
    }
    return new WeightedDistances({
      distances: rows.distances.slice(0, kept),
      elements: rows.elements.slice(0, kept),
      weights: rows.weights.slice(0, kept),
    });
  }

  /** The same elements, all at one distance. */
  allAt(distanceMm: number): WeightedDistances {
    return new WeightedDistances({
      distances: Float64Array.of(distanceMm),
      elements: Float64Array.of(this.elements),
      weights: Float64Array.of(this.weight),
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
