/** When the heap of a thread is collected. */
import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { HeapTrimmer } from '../../src/threads/heap-trimmer.ts';

const mebi = 2 ** 20;

test('once the heap has grown by 8 MiB over its smallest since the last time', () => {
  let used = 30 * mebi;
  const collected: number[] = [];
  const trimmer = new HeapTrimmer(
    () => used,
    () => {
      collected.push(used / mebi);
      used = 12 * mebi;
    },
  );
  for (const heap of [30, 34, 20, 28, 29, 19, 20, 21]) {
    // The engine itself collects young objects meanwhile.
    used = heap * mebi;
    trimmer.trim();
  }
  expect(collected).toEqual([29, 21]);
});

test('what is held by nothing any more is gone', () => {
  const trimmer = new HeapTrimmer();
  trimmer.trim();
  const before = getHeapStatistics().used_heap_size;
  let held: unknown[] | undefined = Array.from({ length: 400_000 }, (_, i) => ({ i, text: `${i}` }));
  expect(getHeapStatistics().used_heap_size).toBeGreaterThan(before + 12 * mebi);
  expect(held.length).toBe(400_000);
  held = undefined;
  trimmer.trim();
  expect(getHeapStatistics().used_heap_size).toBeLessThan(before + 8 * mebi);
  expect('gc' in globalThis).toBe(false);
});
