/** Programs of several versions share a server in a hospital: none takes work that it could misread, and who waits is told. */
import { expect, test } from 'vitest';
import { Fleet } from '../../../src/engines/redis/fleet.ts';
import { OtherVersions } from '../../../src/engines/redis/other-versions.ts';
import { queueVersion, runsOfVersion1 } from '../../../src/engines/redis/queue-version.ts';
import { readRecord, writeRecord } from '../../../src/engines/redis/run-record.ts';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

const workersKey = () => `${cluster.config.redis.prefix}:board:workers`;
/** Tells of workers as version 1 did, and as a later one may. */
async function addOthers(): Promise<void> {
  const now = Date.now();
  await redis.client.hset(workersKey(), {
    'worker-old': JSON.stringify({ threads: 2, lastSeenAt: now, tilesDone: 7, busy: true, host: 'old' }),
    'worker-new': JSON.stringify({ version: 99, voxtally: '9.0.0', lastSeenAt: now, lanes: [1, 2] }),
  });
}

test('workers of other versions take no work, and whoever waits for them is told', async () => {
  cluster = await redis.cluster({ cases: 2 });
  const expected = await cluster.expected();
  await addOthers();
  const { prefix } = cluster.config.redis;
  expect((await new Fleet(redis.client, prefix).workers()).size).toBe(0);
  expect(await cluster.monitor.workers()).toMatchObject([
    { id: 'worker-new', state: 'other-version', voxtally: '9.0.0', threads: 0 },
    { id: 'worker-old', state: 'other-version', threads: 2, tilesDone: 7 },
  ]);

  const submitter = cluster.start(...cluster.scoreArguments('out'));
  await submitter.says('of another version of voxtally');
  await redis.client.zadd(runsOfVersion1(prefix), 1, 'of-version-1');
  const worker = await cluster.worker();
  expect(await submitter.ended).toEqual([0, null]);
  expect(cluster.results('out')).toBe(expected);
  await cluster.until(async () => worker.log.includes('runs of another version wait'));
  expect(worker.log).toContain('"voxtally":"9.0.0"');

  // Others' entries are theirs to remove.
  expect(await redis.client.hkeys(workersKey())).toEqual(
    expect.arrayContaining(['worker-old', 'worker-new']),
  );
  const status = cluster.start('status', ...cluster.flags);
  expect(await status.ended).toEqual([0, null]);
  expect(status.out).toContain('of another version (9.0.0)');
});

test('a run on the queue of another version is shown as such, and resumed by this one', async () => {
  cluster = await redis.cluster({ cases: 2 });
  const expected = await cluster.expected();
  const run = await cluster.submit('out');
  // As a program of version 1 leaves it: its job is in another queue, and its record says nothing of that.
  const keys = await redis.client.keys(`${cluster.config.redis.prefix}:*`);
  await redis.client.del(...keys);
  const folder = cluster.runFolder(run);
  writeRecord(folder, { ...readRecord(folder), queue: 1 });
  expect(await cluster.monitor.run(run)).toMatchObject({ state: 'running', waitsFor: 'queue-version' });
  const status = cluster.start('status', run, ...cluster.flags);
  await status.ended;
  expect(status.out).toContain('on the queue of another version');

  await cluster.worker();
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
  expect(readRecord(cluster.runFolder(run)).queue).toBe(queueVersion);
  expect(await cluster.monitor.run(run)).toMatchObject({ state: 'done' });
});

test('programs of version 1 had another default prefix: they are seen there too', async () => {
  const { client } = redis;
  const entry = JSON.stringify({ threads: 2, lastSeenAt: Date.now(), tilesDone: 7, busy: false });
  await client.hset('voxtally:board:workers', 'worker-old', entry, 'broken', '{');
  const fleet = new Fleet(client, '{voxtally}');
  expect([...(await fleet.remembered()).keys()]).toEqual(['worker-old']);
  expect((await fleet.workers()).size).toBe(0);
  expect(await client.hlen('voxtally:board:workers')).toBe(2);
  expect((await new Fleet(client, '{other}').remembered()).size).toBe(0);
  await client.zadd(runsOfVersion1('voxtally'), 1, 'of-version-1');
  const told: string[] = [];
  const log = { warn: (_: object, text: string) => told.push(text) };
  const versions = new OtherVersions(client, '{voxtally}', fleet, log);
  await versions.look(60_000);
  await versions.look(120_000);
  expect(told).toEqual([
    expect.stringContaining('workers of another version'),
    expect.stringContaining('runs of another version'),
  ]);
});

test('every key but the list of workers is of one version', async () => {
  cluster = await redis.cluster({ cases: 1 });
  await cluster.worker();
  await cluster.score('out');
  const { prefix } = cluster.config.redis;
  const keys = await redis.client.keys(`${prefix}:*`);
  expect(keys.length).toBeGreaterThan(5);
  for (const key of keys) {
    if (key !== workersKey()) expect(key).toContain(`${prefix}:v${queueVersion}:`);
  }
  const entries = await redis.client.hvals(workersKey());
  expect(entries.map((text) => JSON.parse(text).version)).toEqual([queueVersion]);
});
