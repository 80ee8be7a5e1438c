/** Whoever can write to Redis can add any job and any entry of the board: none of it is believed, and no work stops for it. */
import { Queue } from 'bullmq';
import { expect, test } from 'vitest';
import { queueVersion, versionedPrefix } from '../../../src/engines/redis/queue-version.ts';
import { readFinished } from '../../../src/engines/redis/run-record.ts';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

test('jobs for what a run does not have are refused before any work', async () => {
  cluster = await redis.cluster({ cases: 3, shape: [32, 32, 24], tileZ: 3 });
  const expected = await cluster.expected();
  const run = await cluster.submit('out');
  const { prefix } = cluster.config.redis;
  const [tiles, cases] = ['tiles', 'cases'].map(
    (name) => new Queue(name, { connection: redis.client, prefix: versionedPrefix(prefix) }),
  );
  const huge = 2 ** 53 - 2;
  const version = queueVersion;
  const bad = [
    await tiles!.add('tile', { version, run, start: 1, plan: 'x', case: 0, bundle: 0, bundles: huge }),
    await tiles!.add('tile', { version, run, start: 1, plan: 'x', case: 0, bundle: 8, bundles: 1 }),
    await tiles!.add('tile', { version, run, start: 1, plan: 'x', case: 99, bundle: 0, bundles: 1 }),
    await tiles!.add('tile', {
      version,
      run: '../../etc',
      start: 1,
      plan: 'x',
      case: 0,
      bundle: 0,
      bundles: 1,
    }),
    await tiles!.add('tile', 'no object'),
    await tiles!.add('merge', { version, run, start: 1, merge: '../request' }),
    await cases!.add('case', { version, run, start: 1, case: 3, step: 'plan' }),
    await cases!.add('case', { version, run, start: 1, case: 0, step: 'burn' }),
    await cases!.add('case', { version: 1, run, start: 1, case: 0, step: 'plan' }),
  ];
  const worker = await cluster.worker();
  await cluster.score('out', { resume: true });
  await cluster.until(async () => (await Promise.all(bad.map((job) => job.isFailed()))).every(Boolean));
  expect(cluster.results('out')).toBe(expected);
  expect(worker.log).toContain('a job was refused: no run has what it asks for');
  expect(worker.log).toContain('a job was refused: it is of version 1 of the queue');
  const { store } = cluster.runFolder(run);
  expect(store.list('tiles')).toEqual([]);
  expect(store.list('cases')).toHaveLength(3);
  await Promise.all([tiles!.close(), cases!.close()]);
});

test('broken entries of the board are dropped, and nothing of them gets into records', async () => {
  cluster = await redis.cluster({ cases: 2, shape: [32, 32, 24], tileZ: 3 });
  const expected = await cluster.expected();
  const run = await cluster.submit('out');
  const { prefix } = cluster.config.redis;
  const board = `${versionedPrefix(prefix)}:board`;
  const workers = `${prefix}:board:workers`;
  const own = { version: queueVersion, threadBytes: 1e9, tilesDone: 0, busy: false };
  const spoil = async () => {
    await redis.client.hset(workers, {
      'worker-1': '{',
      'worker-2': '{"threads":"many","lastSeenAt":null}',
      'worker-3': JSON.stringify({ ...own, threads: 1e9, lastSeenAt: Date.now() }),
      'worker-4': JSON.stringify({ ...own, threads: 2, lastSeenAt: 8e15 }),
      '<script>': JSON.stringify({ ...own, threads: 2, lastSeenAt: Date.now() }),
    });
    await redis.client.hset(`${board}:run:${run}`, {
      tilesDone: 'NaN',
      retries: '-1',
      state: 'on fire',
      startedAt: 'x',
    });
  };
  await spoil();
  const worker = await cluster.worker();
  expect(await cluster.monitor.workers()).toHaveLength(1);
  expect(await cluster.monitor.run(run)).toMatchObject({ tilesDone: 0, retries: 0 });
  await spoil();
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
  expect(worker.log).toContain('a broken entry was dropped');
  const { live } = readFinished(cluster.runFolder(run))!;
  for (const [name, value] of Object.entries(live)) expect(value, name).toBeGreaterThanOrEqual(0);

  // Keys that are something else altogether.
  for (const key of [workers, `${board}:run:${run}`, `${board}:run:${run}:cases`]) {
    await redis.client.set(key, 'spoiled');
  }
  await redis.client.del(`${board}:run:${run}:cases`);
  await redis.client.hset(`${board}:run:${run}:cases`, 'a', 'b');
  const status = cluster.start('status', ...cluster.flags, '--json');
  expect(await status.ended).toEqual([0, null]);
  expect(JSON.parse(status.out).runs).toMatchObject([{ id: run, state: 'done' }]);
});

test('a job whose text cannot be read stops no other', async () => {
  cluster = await redis.cluster({ cases: 2 });
  const expected = await cluster.expected();
  const { prefix } = cluster.config.redis;
  const tiles = new Queue('tiles', { connection: redis.client, prefix: versionedPrefix(prefix) });
  const job = await tiles.add('tile', {});
  await redis.client.hset(`${versionedPrefix(prefix)}:tiles:${job.id}`, 'data', '{');
  await cluster.worker();
  await cluster.score('out');
  expect(cluster.results('out')).toBe(expected);
  await tiles.close();
});
