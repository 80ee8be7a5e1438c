/** The errors by slab as they are in a tile's partial. */
import { expect, test } from 'vitest';
import { boxSumsSchema, encodeBoxSums } from '../../../src/measures/box-errors/box-sums.ts';

const sums = {
  keys: [3, 7],
  values: Float64Array.of(...[20, 4, 1, 2, 0.125, 2 ** -50], ...[5, 0, 3, 1e300, 0.1]),
};

test('they are read back as they were', () => {
  const text = JSON.stringify(encodeBoxSums(sums));
  expect(boxSumsSchema.parse(JSON.parse(text))).toEqual(sums);
  const none = { keys: [], values: Float64Array.of(4, 0, 9) };
  expect(boxSumsSchema.parse(JSON.parse(JSON.stringify(encodeBoxSums(none))))).toEqual(none);
});

test.each([
  ['a value too few', [...sums.values].slice(1)],
  ['a negative value', [...sums.values].with(4, -1)],
  ['no number', [...sums.values].with(4, Number.NaN)],
  ['no finite number', [...sums.values].with(4, Number.POSITIVE_INFINITY)],
])('%s is refused', (_, values) => {
  const stored = encodeBoxSums({ keys: sums.keys, values: Float64Array.from(values) });
  expect(boxSumsSchema.safeParse(stored).success).toBe(false);
});

test.each([
  ['a key of no class', { keys: [-1, 2] }],
  ['values that are no text', { values: [1, 2] }],
  ['bytes that are no whole numbers', { values: Buffer.alloc(11 * 8 + 1).toString('base64') }],
])('%s is refused', (_, change) => {
  expect(boxSumsSchema.safeParse({ ...encodeBoxSums(sums), ...change }).success).toBe(false);
});
