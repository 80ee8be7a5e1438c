/**
 * The distances of the elements of one border to the other mask, counted: for each distance and facet code the number of
 * elements. Whole numbers, so lists add in any order to the same list.
 */

/** Rows in order of distance, then code. A distance is infinite where the other mask has no element. */
export interface DistanceList {
  readonly distances: Float64Array;
  /** Facet codes 1 to 254 of surfels; 0 for voxels. */
  readonly codes: Uint8Array;
  readonly counts: Float64Array;
}

export const noDistances: DistanceList = {
  distances: new Float64Array(0),
  codes: new Uint8Array(0),
  counts: new Float64Array(0),
};

/** Counts elements as they come. */
export class DistanceCounts {
  readonly #rows = new Map<number, Map<number, number>>();

  add(distance: number, code: number, count: number): void {
    let own = this.#rows.get(distance);
    if (own === undefined) {
      own = new Map();
      this.#rows.set(distance, own);
    }
    own.set(code, (own.get(code) ?? 0) + count);
  }

  list(): DistanceList {
    const length = [...this.#rows.values()].reduce((sum, { size }) => sum + size, 0);
    const list = {
      distances: new Float64Array(length),
      codes: new Uint8Array(length),
      counts: new Float64Array(length),
    };
    let at = 0;
    for (const distance of Float64Array.from(this.#rows.keys()).sort()) {
      for (const [code, count] of [...this.#rows.get(distance)!].sort(([a], [b]) => a - b)) {
        list.distances[at] = distance;
        list.codes[at] = code;
        list.counts[at++] = count;
      }
    }
    return list;
  }
}

export function addLists(lists: readonly DistanceList[]): DistanceList {
  // Short ones first: a long one is gone through once then, not once for each of the others.
  const some = lists
    .filter(({ counts }) => counts.length > 0)
    .sort((a, b) => a.counts.length - b.counts.length);
  const [first, ...others] = some;
  return others.reduce(addTwo, first ?? noDistances);
}

/** Merges the rows, which are in order in both: maps of them would take ten times the memory. */
function addTwo(a: DistanceList, b: DistanceList): DistanceList {
  const most = a.counts.length + b.counts.length;
  const sum = {
    distances: new Float64Array(most),
    codes: new Uint8Array(most),
    counts: new Float64Array(most),
  };
  let length = 0;
  for (let [i, j] = [0, 0]; i < a.counts.length || j < b.counts.length; length++) {
    const order = compareRows(a, i, b, j);
    const [list, at] = order <= 0 ? [a, i] : [b, j];
    sum.distances[length] = list.distances[at]!;
    sum.codes[length] = list.codes[at]!;
    sum.counts[length] = (order <= 0 ? a.counts[i]! : 0) + (order >= 0 ? b.counts[j]! : 0);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return {
    distances: sum.distances.slice(0, length),
    codes: sum.codes.slice(0, length),
    counts: sum.counts.slice(0, length),
  };
}

/** Below 0 where the row of `a` comes first, 0 where they are of the same elements; one beyond the end comes last. */
function compareRows(a: DistanceList, i: number, b: DistanceList, j: number): number {
  if (i === a.counts.length) return 1;
  if (j === b.counts.length) return -1;
  const [one, other] = [a.distances[i]!, b.distances[j]!];
  // Infinite distances have no difference.
  if (one !== other) return one < other ? -1 : 1;
  return a.codes[i]! - b.codes[j]!;
}
