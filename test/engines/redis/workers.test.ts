/** Whatever becomes of workers, the result files are those of the embedded engine, byte for byte. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

test('20 workers killed in one run', async () => {
  cluster = await redis.cluster({
    cases: 10,
    shape: [32, 32, 40],
    tileZ: 1,
    gzip: (index) => index % 4 === 3,
  });
  const expected = await cluster.expected();
  // So slow that the last one is killed before the end on a machine where a worker takes three seconds to start.
  const slow = { fault: 'slow.mjs', env: { SLOW_MS: '160' } };
  await Promise.all([cluster.worker(slow), cluster.worker(slow)]);
  const run = await cluster.submit('out');
  let seed = 7;
  for (let kills = 0; kills < 20; kills++) {
    const { tilesDone } = (await cluster.monitor.run(run))!;
    await cluster.until(async () => (await cluster.monitor.run(run))!.tilesDone > tilesDone);
    expect((await cluster.monitor.run(run))!.state, `before kill ${kills}`).not.toBe('done');
    const alive = cluster.workers.filter(({ isAlive }) => isAlive);
    seed = (seed * 48271) % 2147483647;
    await alive[seed % alive.length]!.kill();
    await cluster.worker(slow);
  }
  writeFileSync(join(cluster.folder, 'hurry'), '');
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
  expect(cluster.runIn('out')).toBe(run);
});

test('a worker frozen past its lock and woken up again', async () => {
  cluster = await redis.cluster({ cases: 6, shape: [32, 32, 40], tileZ: 1 });
  const expected = await cluster.expected();
  const frozen = await cluster.worker();
  const run = await cluster.submit('out');
  await cluster.until(async () => (await cluster.monitor.run(run))!.tilesDone > 3);
  await frozen.kill('SIGSTOP');
  await cluster.worker();
  await cluster.until(async () => (await cluster.monitor.run(run))!.stalls > 0);
  await frozen.kill('SIGCONT');
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
  // What the woken one still had at hand is over when it has drained; it has changed nothing.
  await frozen.kill('SIGTERM');
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
});

test('SIGTERM hands the work over and ends well', async () => {
  cluster = await redis.cluster({ cases: 6, shape: [32, 32, 40], tileZ: 1 });
  const expected = await cluster.expected();
  const first = await cluster.worker({ arguments: ['--grace', '0'] });
  const run = await cluster.submit('out');
  await cluster.until(async () => (await cluster.monitor.run(run))!.tilesDone > 3);
  await first.kill('SIGTERM');
  expect(first.child.exitCode).toBe(0);
  await cluster.worker();
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
  expect((await cluster.monitor.run(run))!.stalls).toBe(0);
});

test('borders and lesions by several workers, of which one is killed', async () => {
  cluster = await redis.cluster({
    cases: 5,
    shape: [20, 20, 24],
    tileZ: 2,
    gzip: (index) => index === 3,
    flags: { measures: 'overlap,boundary,lesions', lesionPreset: 'brats-met', threshold: '0.96' },
  });
  const expected = await cluster.expected();
  expect(expected).toContain(',reference,1,found,');
  const [first] = await Promise.all([cluster.worker(), cluster.worker()]);
  const run = await cluster.submit('out');
  await cluster.until(async () => (await cluster.monitor.run(run))!.tilesDone > 8);
  await first.kill('SIGKILL');
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
});

test('a pool of many ranges leaves no warning of Node in the log', async () => {
  const classes = Array.from({ length: 12 }, (_, i) => `class${i}=1`).join(';');
  cluster = await redis.cluster({ cases: 2, flags: { classes, channels: 'independent' } });
  for (const [i, { predictions, ...rest }] of cluster.cases.entries()) {
    cluster.cases[i] = { ...rest, predictions: Array.from({ length: 12 }, () => predictions[0]!) };
  }
  const expected = await cluster.expected();
  const worker = await cluster.worker();
  await cluster.score('out');
  expect(cluster.results('out')).toBe(expected);
  await worker.kill('SIGTERM');
  expect(worker.log).toContain('run done');
  expect(worker.log).not.toContain('Warning');
});
