import { expect, test } from 'vitest';
import { allDone } from '../../src/base/all-done.ts';

test('waits for all, and rejects as the first in order', async () => {
  expect(await allDone([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
  let ended = false;
  let reject = (_: Error) => {};
  const late = new Promise<number>((_, fail) => {
    reject = fail;
  });
  const waiting = allDone([late, Promise.reject(new Error('second'))]).finally(() => {
    ended = true;
  });
  await Promise.resolve();
  expect(ended).toBe(false);
  reject(new Error('first'));
  await expect(waiting).rejects.toThrow('first');
});
