/** Distance lists of ranges add to the list of all elements. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addLists,
  DistanceCounts,
  type DistanceList,
  noDistances,
} from '../../../src/measures/boundary/distance-list.ts';

const element = fc.record({
  distance: fc.constantFrom(0, 0.5, 1, Math.SQRT2, 3, Number.POSITIVE_INFINITY),
  code: fc.integer({ min: 0, max: 3 }),
  count: fc.integer({ min: 1, max: 5 }),
});
type Element = { distance: number; code: number; count: number };

function listOf(elements: readonly Element[]): DistanceList {
  const counts = new DistanceCounts();
  for (const { distance, code, count } of elements) counts.add(distance, code, count);
  return counts.list();
}

test('lists add to the list of all their elements', () => {
  fc.assert(
    fc.property(fc.array(fc.array(element, { maxLength: 12 }), { maxLength: 5 }), (parts) => {
      expect(addLists(parts.map(listOf))).toEqual(listOf(parts.flat()));
    }),
  );
});

test('nothing adds to nothing', () => {
  expect(addLists([])).toBe(noDistances);
  expect(addLists([noDistances, noDistances])).toBe(noDistances);
});
