/** Machines that see less than others, or may not write: their workers leave the work to the others, and cost no case. */
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Fleet } from '../../../src/engines/redis/fleet.ts';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

const handedOver = 'left to other workers';

/** Runs a worker where this was mounted first; `$0` is the folder. */
const mounted = (folder: string, mount: string) => ({
  inside: [
    ...['unshare', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--mount', 'sh', '-c'],
    ...[`${mount} && exec "$@"`, folder],
  ],
});

/** What a worker is started with so that it sees less. */
const blind = {
  'has other folders of data': () => {
    const dataRoot = join(cluster.folder, 'elsewhere');
    mkdirSync(dataRoot);
    return { dataRoot };
  },
  'has not mounted the data': () => mounted(cluster.dataRoot, 'mount -t tmpfs none "$0"'),
  'may only read the folder of runs': () => {
    const { workRoot } = cluster.config.redis;
    mkdirSync(workRoot, { recursive: true });
    return mounted(workRoot, 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"');
  },
  'has another folder of runs': () => ({
    arguments: ['--work-root', join(cluster.folder, 'other-runs')],
  }),
};

test.each(Object.entries(blind))('a worker that %s: another one scores every case', async (_, options) => {
  cluster = await redis.cluster({ cases: 5 });
  const expected = await cluster.expected();
  const [worker] = await Promise.all([cluster.worker(options()), cluster.worker({ fault: 'slow.mjs' })]);
  const { exitStatus } = await cluster.score('out');
  expect(exitStatus).toBe(0);
  expect(cluster.results('out')).toBe(expected);
  expect(worker.log).toContain(handedOver);
});

test('what no worker sees fails with its reason, once all have tried', async () => {
  cluster = await redis.cluster({ cases: 3 });
  const workers = await Promise.all([cluster.worker(), cluster.worker()]);
  const folder = join(cluster.dataRoot, 'gone');
  mkdirSync(folder);
  const [entry] = cluster.cases;
  const moved = join(folder, 'p.nii');
  renameSync(entry!.predictions[0]!, moved);
  cluster.cases[0] = { ...entry!, predictions: [moved] };
  const run = await cluster.submit('out');
  renameSync(folder, join(cluster.dataRoot, 'elsewhere'));
  await cluster.until(async () => (await cluster.monitor.run(run))!.state === 'done');
  const { cases } = await cluster.monitor.cases(run, { page: 0, pageSize: 9 });
  expect(cases.map(({ status }) => status)).toEqual(['failed', 'ok', 'ok']);
  expect(cases[0]!.error!.code).toBe('file-missing');
  expect(workers.map(({ log }) => log).join()).toContain(handedOver);
});

test('workers are heard of whatever their clocks say', async () => {
  cluster = await redis.cluster({ cases: 1 });
  const { prefix } = cluster.config.redis;
  const fleet = new Fleet(redis.client, prefix);
  const now = Date.now;
  const facts = { threads: 3, threadBytes: 1e9, tilesDone: 0, busy: false };
  try {
    Date.now = () => now() - 7_200_000;
    await fleet.heartbeat('worker-of-the-past', { ...facts, lastSeenAt: Date.now() });
  } finally {
    Date.now = now;
  }
  const alive = await fleet.alive(2000);
  expect([...alive.keys()]).toEqual(['worker-of-the-past']);
});
