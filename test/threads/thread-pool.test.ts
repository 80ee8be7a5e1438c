import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { ThreadPool } from '../../src/threads/thread-pool.ts';

test('a pool can be closed at any moment of its start', async () => {
  const closed: number[] = [];
  for (let waitMs = 0; waitMs < 120; waitMs += 6) {
    const pool = new ThreadPool(2);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    await pool.close();
    closed.push(waitMs);
  }
  expect(closed).toHaveLength(20);
});

test('a step that fails keeps the class, code and place of its error', async () => {
  const pool = new ThreadPool(1);
  try {
    const step = pool.run({
      kind: 'open-case',
      store: { kind: 'local', root: '/nowhere', fence: null },
      case: 0,
      plan: '',
    });
    await expect(step).rejects.toMatchObject({
      name: 'PartialError',
      code: 'record-missing',
      place: { file: '/nowhere/settings.json' },
    });
  } finally {
    await pool.close();
  }
});

test('a pool that rests has no threads; the next step starts them, and after its close none does', async () => {
  const threads = new Set<Worker>();
  const started = (thread: Worker) => {
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
  };
  process.on('worker', started);
  const pool = new ThreadPool(1);
  const step = () => pool.run({ kind: 'open-case', store, case: 0, plan: '' });
  const store = { kind: 'local', root: '/nowhere', fence: null } as const;
  try {
    await expect(step()).rejects.toMatchObject({ code: 'record-missing' });
    expect(threads.size).toBe(1);
    await pool.rest();
    expect(threads.size).toBe(0);
    await expect(step()).rejects.toMatchObject({ code: 'record-missing' });
    expect(threads.size).toBe(1);
  } finally {
    await pool.close();
    process.off('worker', started);
  }
  expect(threads.size).toBe(0);
  await expect(step()).rejects.toMatchObject({ code: 'thread-lost' });
});
