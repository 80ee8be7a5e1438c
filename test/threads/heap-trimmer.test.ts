/** When the heap of a thread is collected. */
import { once } from 'node:events';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { packageFile } from '../../src/base/package-files.ts';
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

/** Asks the engine for its collector 60 times; tells how often it got one. */
const asking = `
  import(require('node:worker_threads').workerData).then(({ exposedCollector }) => {
    const found = Array.from({ length: 60 }, exposedCollector);
    require('node:worker_threads').parentPort.postMessage(found.filter(Boolean).length);
  });
`;

test('threads that ask for the collector at the same time may get none, and go on', async () => {
  const workerData = packageFile('dist/src/threads/heap-trimmer.js');
  const threads = Array.from({ length: 4 }, () => new Worker(asking, { eval: true, workerData }));
  const found = await Promise.all(threads.map((thread) => once(thread, 'message')));
  expect(Math.min(...found.map(([count]) => count as number))).toBeGreaterThan(0);
});
