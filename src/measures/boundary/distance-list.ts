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
  const some = lists.filter(({ counts }) => counts.length > 0);
  if (some.length <= 1) return some[0] ?? noDistances;
  const sum = new DistanceCounts();
  for (const { distances, codes, counts } of some) {
    for (let i = 0; i < counts.length; i++) sum.add(distances[i]!, codes[i]!, counts[i]!);
  }
  return sum.list();
}
