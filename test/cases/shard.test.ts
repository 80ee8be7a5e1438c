import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { takeShard } from '../../src/cases/shard.ts';

test('the parts in order are the whole list, and differ by one case at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 60 }), (parts, more) => {
      const cases = Array.from({ length: parts + more }, (_, i) => i);
      const shards = Array.from({ length: parts }, (_, i) => takeShard(cases, `${i + 1}/${parts}`));
      expect(shards.flat()).toEqual(cases);
      const sizes = shards.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

test.each(['0/4', '5/4', '1/0', '1', '1/x', '-1/2', '1.5/2', ''])('%j is refused', (text) => {
  expect(() => takeShard([1, 2, 3, 4, 5], text)).toThrow(UsageError);
});

test('a part without a case says how many parts there can be', () => {
  expect(() => takeShard([1, 2], '1/3')).toThrow('use at most 2 parts');
});
