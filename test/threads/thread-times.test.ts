import { describe, expect, test } from 'vitest';
import { fileMs } from '../../src/base/file-time.ts';
import { openStore } from '../../src/run/open-store.ts';
import { ThreadPool } from '../../src/threads/thread-pool.ts';
import { ThreadClock, timedStep } from '../../src/threads/thread-times.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder()();

const busyFor = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

describe('the times of a step', () => {
  test('tell what it waited for files from the rest', () => {
    const store = openStore({ kind: 'local', root: folder, fence: null });
    const before = fileMs();
    const { times } = timedStep(() => {
      busyFor(20);
      store.put('some', [new Uint8Array(1 << 22)]);
    });
    expect(times!.filesMs).toBeGreaterThan(0);
    expect(times!.filesMs).toBeCloseTo(fileMs() - before, 6);
    expect(times!.wholeMs).toBeGreaterThan(times!.filesMs + 15);
  });

  test('are told of one that fails as well', () => {
    const answer = timedStep(() => {
      busyFor(5);
      throw new Error('no');
    });
    expect(answer).toMatchObject({ error: { type: 'DefectError', message: expect.stringContaining('no') } });
    expect(answer.times!.wholeMs).toBeGreaterThan(4);
  });
});

test('what threads compute, wait for files and wait for jobs is all of their time', async () => {
  const begin = performance.now();
  const clock = new ThreadClock(3);
  busyFor(30);
  clock.add({ wholeMs: 25, filesMs: 10 });
  const { computing, files, jobs } = clock.seconds();
  const allMs = 3 * (performance.now() - begin);
  expect(computing).toBe(0.015);
  expect(files).toBe(0.01);
  expect(jobs).toBeGreaterThan(0.06);
  expect(1000 * (computing + files + jobs)).toBeLessThanOrEqual(allMs + 1);
});

test('a pool adds the times of its steps', async () => {
  for (const ownThread of [false, true]) {
    const pool = new ThreadPool(1, [], { ownThread });
    try {
      const lost = { kind: 'open-case', store: { kind: 'local', root: folder, fence: null } } as const;
      await expect(pool.run({ ...lost, case: 0, plan: '' })).rejects.toThrow(/settings.json/);
      const { computing, files, jobs } = pool.seconds();
      expect(computing + files).toBeGreaterThan(0);
      expect(jobs).toBeGreaterThan(0);
    } finally {
      await pool.close();
    }
  }
});
