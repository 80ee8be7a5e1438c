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
