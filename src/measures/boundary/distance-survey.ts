/**
 * The distances of one border of many cases as one list, in memory that does not grow with the cases. Distances are counted by
 * buckets of a thousandth; then the few buckets on which percentiles rest are gathered row by row, by reading the cases again.
 *
 * Elements are whole numbers. Weights are summed in pairs of float64 (a sum and what its roundings lost), which is exact for any
 * volumes that there are, so the order of the cases does not matter.
 */
import { ExactSum } from '../../base/statistics/exact-sum.ts';
import { WeightedDistances } from './weighted-distances.ts';

/** Leading bits of a float64 that make a bucket: sign, exponent and 10 bits of the fraction. */
const bucketShift = 10;

/** The sum of some weights is `weight + lost`. */
interface Row {
  elements: number;
  weight: number;
  lost: number;
}

export class DistanceSurvey {
  /** The bucket of index 0 in the columns. */
  #first = 0;
  #elements = new Float64Array(0);
  #weight = new Float64Array(0);
  #lost = new Float64Array(0);
  /** Distance 0 would be far from all others. */
  readonly #zero: Row = { elements: 0, weight: 0, lost: 0 };
  readonly #weightedSum = new ExactSum();
  #largest = 0;
  /** Rows by distance, of the buckets that were chosen. */
  readonly #chosen = new Map<number, Map<number, Row>>();

  /** The largest distance. */
  get largest(): number {
    return this.#largest;
  }

  add({ distances, cumulatedElements, weights, weightedSum }: WeightedDistances): void {
    if (distances.length === 0) return;
    this.#weightedSum.add(weightedSum);
    this.#largest = Math.max(this.#largest, distances.at(-1)!);
    const positive = distances[0] === 0 ? 1 : 0;
    if (positive === 1) addTo(this.#zero, cumulatedElements[0]!, weights[0]!);
    if (distances.length === positive) return;
    this.#cover(bucketOf(distances[positive]!), bucketOf(distances.at(-1)!));
    for (let i = positive; i < distances.length; i++) {
      const at = bucketOf(distances[i]!) - this.#first;
      const [before, weight] = [this.#weight[at]!, weights[i]!];
      this.#elements[at]! += elementsAt(cumulatedElements, i);
      this.#weight[at] = before + weight;
      this.#lost[at]! += lostIn(before, weight);
    }
  }

  /** Has the buckets of these distances gathered row by row: all that was added is to be given to `gather` then. */
  choose(distances: Iterable<number>): void {
    for (const distance of distances) if (distance > 0) this.#chosen.set(bucketOf(distance), new Map());
  }

  gather({ distances, cumulatedElements, weights }: WeightedDistances): void {
    for (let i = distances[0] === 0 ? 1 : 0; i < distances.length; i++) {
      const rows = this.#chosen.get(bucketOf(distances[i]!));
      if (rows === undefined) continue;
      const row = rows.get(distances[i]!) ?? { elements: 0, weight: 0, lost: 0 };
      addTo(row, elementsAt(cumulatedElements, i), weights[i]!);
      rows.set(distances[i]!, row);
    }
  }

  /** All elements: those of chosen buckets at their distances, those of each other bucket together at its lowest. */
  list(): WeightedDistances {
    const most =
      1 + this.#elements.length + [...this.#chosen.values()].reduce((sum, { size }) => sum + size, 0);
    const column = () => new Float64Array(most);
    const [distances, weights, cumulatedElements, cumulatedWeight] = [column(), column(), column(), column()];
    const soFar: Row = { elements: 0, weight: 0, lost: 0 };
    let rows = 0;
    const put = (distance: number, elements: number, weight: number, lost: number) => {
      addTo(soFar, elements, weight);
      soFar.lost += lost;
      distances[rows] = distance;
      weights[rows] = weight + lost;
      cumulatedElements[rows] = soFar.elements;
      cumulatedWeight[rows++] = soFar.weight + soFar.lost;
    };
    const zero = this.#zero;
    if (zero.elements > 0) put(0, zero.elements, zero.weight, zero.lost);
    for (let i = 0; i < this.#elements.length; i++) {
      if (this.#elements[i] === 0) continue;
      const chosen = this.#chosen.get(this.#first + i);
      if (chosen === undefined) {
        put(lowestOf(this.#first + i), this.#elements[i]!, this.#weight[i]!, this.#lost[i]!);
        continue;
      }
      for (const [distance, { elements, weight, lost }] of [...chosen].sort(([a], [b]) => a - b)) {
        put(distance, elements, weight, lost);
      }
    }
    return new WeightedDistances({
      distances: distances.subarray(0, rows),
      cumulatedElements: cumulatedElements.subarray(0, rows),
      cumulatedWeight: cumulatedWeight.subarray(0, rows),
      weights: weights.subarray(0, rows),
      weightedSum: this.#weightedSum.total,
    });
  }

  /** Makes room for buckets from `low` to `high`. */
  #cover(low: number, high: number): void {
    const known = this.#elements.length;
    const first = known === 0 ? low : Math.min(low, this.#first);
    const end = known === 0 ? high + 1 : Math.max(high + 1, this.#first + known);
    if (end - first === known) return;
    const grown = (column: Float64Array) => {
      const larger = new Float64Array(end - first);
      larger.set(column, known === 0 ? 0 : this.#first - first);
      return larger;
    };
    this.#elements = grown(this.#elements);
    this.#weight = grown(this.#weight);
    this.#lost = grown(this.#lost);
    this.#first = first;
  }
}

function elementsAt(cumulated: Float64Array, row: number): number {
  return cumulated[row]! - (row > 0 ? cumulated[row - 1]! : 0);
}

function addTo(row: Row, elements: number, weight: number): void {
  row.elements += elements;
  row.lost += lostIn(row.weight, weight);
  row.weight += weight;
}

/** What the float64 a + b is short of the sum (Knuth). */
function lostIn(a: number, b: number): number {
  const sum = a + b;
  const added = sum - a;
  return a - (sum - added) + (b - added);
}

const double = new Float64Array(1);
/** Low word, high word. */
const words = new Uint32Array(double.buffer);

function bucketOf(distance: number): number {
  double[0] = distance;
  return words[1]! >>> bucketShift;
}

function lowestOf(bucket: number): number {
  words[0] = 0;
  words[1] = bucket << bucketShift;
  return double[0]!;
}
