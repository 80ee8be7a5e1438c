/** What an operator sees of runs and workers, and moves: names, reasons, hosts, priorities. */
import { hostname, userInfo } from 'node:os';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connect } from '../../../src/engines/redis/connection.ts';
import { Control } from '../../../src/engines/redis/control.ts';
import { SharedFolders } from '../../../src/engines/redis/places.ts';
import { openQueues } from '../../../src/engines/redis/queues.ts';
import { RedisServer } from './redis-server.ts';
import { TestCluster } from './test-cluster.ts';

let redis: RedisServer;
let cluster: TestCluster;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterEach(() => cluster.remove());
afterAll(() => redis.remove());

test('a run tells its name, who started it and why its cases failed; a worker its host and memory', async () => {
  cluster = await TestCluster.make(redis, {
    cases: 3,
    broken: (index) => index > 0,
    flags: { name: 'night of May' },
  });
  await cluster.worker();
  await cluster.score('out');
  const run = cluster.runIn('out');
  expect(await cluster.monitor.run(run)).toMatchObject({
    name: 'night of May',
    startedBy: `${userInfo().username} on ${hostname()}`,
    cases: { ok: 1, failed: 2 },
  });
  const [reason, ...others] = await cluster.monitor.reasons(run);
  expect(others).toEqual([]);
  expect(reason).toMatchObject({ code: 'data-short', cases: 2, example: { index: 1, name: 'patient-001' } });
  expect(await cluster.monitor.reasons('20260101-000000-abcdef')).toEqual([]);

  const told = () => cluster.monitor.workers();
  await expect
    .poll(async () => (await told())[0]?.megavoxelsPerSecond, { timeout: 20_000 })
    .toBeGreaterThan(0);
  const [worker] = await told();
  expect(worker).toMatchObject({ host: hostname(), threads: 1 });
  expect(worker!.memoryBytes).toBeGreaterThan(10e6);
  expect(worker!.processId).toBeGreaterThan(0);
}, 60_000);

test('a run that waits is moved before another one', async () => {
  cluster = await TestCluster.make(redis, { cases: 1 });
  const [first, second] = [await cluster.submit('a'), await cluster.submit('b')];
  const { url, prefix, workRoot } = cluster.config.redis;
  const connection = connect(url);
  const control = new Control(connection, prefix, new SharedFolders(workRoot));
  const queues = openQueues(connection, prefix);
  try {
    const order = async () => (await queues.runs.getPrioritized()).map(({ id }) => id);
    expect(await order()).toEqual([first, second]);
    await control.prioritise(second, 5);
    expect(await order()).toEqual([second, first]);
    expect((await cluster.monitor.run(second))!.priority).toBe(5);
    await expect(control.prioritise(second, 0)).rejects.toMatchObject({ code: 'option-value' });
    await expect(control.prioritise('20260101-000000-abcdef', 5)).rejects.toMatchObject({
      code: 'run-unknown',
    });
  } finally {
    await control.close();
    await queues.close();
    connection.disconnect();
  }
}, 60_000);
