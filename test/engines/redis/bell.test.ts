/** Whoever waits is woken by what happens, not by the next look. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bell } from '../../../src/engines/redis/bell.ts';
import { followRun } from '../../../src/engines/redis/follow-run.ts';
import type { RedisMonitor } from '../../../src/engines/redis/redis-monitor.ts';
import { writeFinished } from '../../../src/engines/redis/run-record.ts';
import { localStore } from '../../../src/run/open-store.ts';
import { nothingDone } from '../../../src/run/run-events.ts';
import { RunFolder } from '../../../src/run/run-folder.ts';

const never = 2 ** 30;
const { signal } = new AbortController();

test('a ring wakes who waits, and the next one where nobody does; a signal ends the wait', async () => {
  const bell = new Bell();
  const waits = bell.heard(never, signal);
  bell.ring();
  await waits;
  bell.ring();
  await bell.heard(never, signal);
  let isOver = false;
  const again = bell.heard(never, signal).then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  expect(isOver, 'a ring is heard once').toBe(false);
  bell.ring();
  await again;
  await bell.heard(1, signal);

  const abort = new AbortController();
  const aborted = bell.heard(never, abort.signal);
  abort.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  await expect(bell.heard(never, abort.signal)).rejects.toThrow('enough');
});

test('a submitter that is told of the end does not look again', async () => {
  const path = mkdtempSync(join(tmpdir(), 'voxtally-follow-'));
  const folder = new RunFolder(localStore(path));
  const run = '20261122-205600-3fa9c1';
  let looks = 0;
  let tell = (_: string) => {};
  const monitor: Pick<RedisMonitor, 'run' | 'workers' | 'watchClosely'> = {
    run: async () => {
      looks++;
      return undefined;
    },
    workers: async () => [],
    watchClosely: (onChange) => {
      tell = onChange;
      return { stop: () => {} } as ReturnType<RedisMonitor['watchClosely']>;
    },
  };
  const following = followRun({
    monitor: monitor as RedisMonitor,
    ...{ run, folder, signal, redisPlace: 'nowhere', patienceMs: never, start: nothingDone(1) },
    emit: () => {
      const end = { state: 'done', finishedAt: 1, notes: [], seconds: 1, statuses: 'o' } as const;
      writeFinished(folder, { ...end, live: {}, results: [] });
      tell(run);
    },
  });
  expect((await following).state).toBe('done');
  expect(looks).toBe(1);
  rmSync(path, { recursive: true });
});
