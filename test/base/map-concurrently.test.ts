import { lastValueFrom, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { mapConcurrently } from '../../src/base/map-concurrently.ts';

/** Counts what is pulled and what is under way. */
function watched(length: number) {
  const seen = { pulled: 0, running: 0, mostRunning: 0, mostAhead: 0, done: 0 };
  function* items() {
    for (let i = 0; i < length; i++) {
      seen.pulled++;
      seen.mostAhead = Math.max(seen.mostAhead, seen.pulled - seen.done);
      yield i;
    }
  }
  const work = async (item: number) => {
    seen.mostRunning = Math.max(seen.mostRunning, ++seen.running);
    await new Promise((resolve) => setTimeout(resolve, (item * 7) % 4));
    seen.running--;
    seen.done++;
    return item * 10;
  };
  return { seen, items, work };
}

test.each([1, 2, 5])('%i lanes: no more is pulled or worked on at a time', async (lanes) => {
  const { seen, items, work } = watched(23);
  const results = await lastValueFrom(mapConcurrently(items(), lanes, work).pipe(toArray()));
  expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, i) => i * 10));
  expect(seen).toMatchObject({ pulled: 23, done: 23, mostRunning: lanes, mostAhead: lanes });
});

test('asynchronous items, and none at all', async () => {
  async function* items() {
    yield 1;
    yield 2;
  }
  const double = async (item: number) => 2 * item;
  expect(await lastValueFrom(mapConcurrently(items(), 3, double).pipe(toArray()))).toEqual([2, 4]);
  expect(await lastValueFrom(mapConcurrently([], 3, double).pipe(toArray()))).toEqual([]);
});

test('an error stops the pulling, aborts the rest and waits for it', async () => {
  const { seen, items, work } = watched(50);
  let abortedBeforeEnd = false;
  const results = mapConcurrently(items(), 3, async (item, signal) => {
    if (item === 4) throw new Error('item 4');
    await work(item);
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (item > 1) abortedBeforeEnd ||= signal.aborted;
    return item;
  });
  await expect(lastValueFrom(results)).rejects.toThrow('item 4');
  expect(seen.running).toBe(0);
  expect(seen.pulled).toBeLessThan(9);
  expect(abortedBeforeEnd).toBe(true);
});

test('nothing is pulled any more after an unsubscription', async () => {
  const { seen, items, work } = watched(50);
  const subscription = mapConcurrently(items(), 2, work).subscribe();
  await new Promise((resolve) => setTimeout(resolve, 10));
  subscription.unsubscribe();
  const { pulled } = seen;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen.pulled).toBe(pulled);
  expect(pulled).toBeLessThan(50);
});
