/** What an operator sees of runs and workers, and moves: names, reasons, hosts, priorities. */
import { hostname, userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { connect } from '../../../src/engines/redis/connection.ts';
import { Control } from '../../../src/engines/redis/control.ts';
import { SharedFolders } from '../../../src/engines/redis/places.ts';
import { openQueues } from '../../../src/engines/redis/queues.ts';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

test('a run tells its name, who started it and why its cases failed; a worker its host and memory', async () => {
  cluster = await redis.cluster({
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
});

test('a run that waits is moved before another one', async () => {
  cluster = await redis.cluster({ cases: 1 });
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
});

test('a folder without the run is named, so that a forgotten --work-root shows', async () => {
  cluster = await redis.cluster({ cases: 1 });
  const run = await cluster.submit('a');
  const other = `${cluster.config.redis.workRoot}-other`;
  const flags = [...cluster.flags, '--work-root', other];
  const all = cluster.start('status', ...flags);
  expect(await all.ended).toEqual([0, null]);
  expect(all.out).toContain(`no run in ${other} (--work-root)`);
  for (const command of ['status', 'cancel', 'retry']) {
    const one = cluster.start(command, run, ...flags);
    expect(await one.ended, command).toEqual([2, null]);
    expect(one.error).toContain(`there is no run ${run} in ${other} (--work-root)`);
  }
});

test('in flight is what is being computed, and a worker that was killed is gone while one that is frozen is silent', async () => {
  cluster = await redis.cluster({ cases: 30, shape: [32, 32, 40], tileZ: 1 });
  const slow = { fault: 'slow.mjs' };
  const [frozen, killed] = [await cluster.worker(slow), await cluster.worker(slow)];
  const run = await cluster.submit('out');
  const status = async () => (await cluster.monitor.run(run))!;
  await cluster.until(async () => (await status()).tilesDone > 3);
  const { cases } = await status();
  // Many more wait in the queue: two workers of a thread each have two lanes for cases and two for tiles.
  expect(cases.inFlight).toBeGreaterThan(0);
  expect(cases.inFlight).toBeLessThanOrEqual(8);
  const flying = await cluster.monitor.cases(run, { status: 'in-flight', page: 0, pageSize: 100 });
  expect(flying.total).toBeGreaterThan(0);
  const depths = await cluster.monitor.queueDepths();
  expect(depths.map(({ queue }) => queue)).toEqual(['runs', 'cases', 'tiles']);
  expect(depths[1]!.children + depths[1]!.waiting).toBeGreaterThan(cases.inFlight);
  expect(depths[2]!.waiting).toBeGreaterThan(0);

  const stateOf = async ({ child }: typeof frozen) =>
    (await cluster.monitor.workers()).find(({ processId }) => processId === child.pid)?.state;
  expect(await stateOf(frozen)).toMatch(/busy|idle/);
  await frozen.kill('SIGSTOP');
  await killed.kill('SIGKILL');
  const told = { timeout: 60_000, interval: 500 };
  await expect.poll(() => stateOf(killed), told).toBe('gone');
  // Redis still has the connection of the frozen one.
  await expect.poll(() => stateOf(frozen), told).toBe('silent');
  expect((await cluster.monitor.workers()).map(({ state }) => state).sort()).toEqual(['gone', 'silent']);
  await frozen.kill('SIGCONT');
  await expect.poll(() => stateOf(frozen), told).toMatch(/busy|idle/);
});
