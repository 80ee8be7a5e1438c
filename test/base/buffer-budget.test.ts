import { expect, test } from 'vitest';
import { BufferBudget } from '../../src/base/buffer-budget.ts';

const never = new AbortController().signal;

test('at most so many buffers are out, and they are used again', async () => {
  const budget = new BufferBudget(2);
  const first = await budget.take(100, never);
  await budget.take(50, never);
  let third: SharedArrayBuffer | undefined;
  const waiting = budget.take(80, never).then((buffer) => {
    third = buffer;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(third).toBeUndefined();
  budget.giveBack(first);
  await waiting;
  expect(third).toBe(first);
});

test('a buffer that is too small is replaced, not kept beside the new one', async () => {
  const budget = new BufferBudget(1);
  const small = await budget.take(10, never);
  budget.giveBack(small);
  const large = await budget.take(1000, never);
  expect(large.byteLength).toBe(1000);
  budget.giveBack(large);
  expect(await budget.take(10, never)).toBe(large);
});

test('whoever waits when the run is aborted is told', async () => {
  const budget = new BufferBudget(1);
  const abort = new AbortController();
  const buffer = await budget.take(10, abort.signal);
  const waiting = [budget.take(10, abort.signal), budget.take(10, abort.signal)];
  abort.abort(new Error('interrupted'));
  budget.giveBack(buffer);
  for (const take of waiting) await expect(take).rejects.toThrow('interrupted');
});
