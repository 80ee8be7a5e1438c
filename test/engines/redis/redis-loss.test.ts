/** Redis holds no result: its death, and the loss of all that it knew, cost time only. So does the submitter's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redisForTests } from './redis-for-tests.ts';
import { program, type TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

const half = { cases: 8, shape: [32, 32, 20], tileZ: 1 } as const;

/** When the outcome of each finished case was written. */
function outcomeTimes(run: string): Map<string, number> {
  const folder = cluster.runFolder(run).store.pathOf('cases');
  return new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => [name, statSync(join(folder, name)).mtimeMs]),
  );
}

test('Redis killed and started again in the middle: the run ends by itself', async () => {
  cluster = await redis.cluster(half);
  const expected = await cluster.expected();
  await Promise.all([cluster.worker({ fault: 'slow.mjs' }), cluster.worker({ fault: 'slow.mjs' })]);
  const collected = cluster.score('out');
  await cluster.until(async () => (await cluster.monitor.runs())[0] !== undefined);
  const run = cluster.runIn('out');
  await cluster.until(async () => (await cluster.monitor.run(run))!.cases.ok >= 2);
  await redis.server.kill();
  await redis.server.restart();
  expect((await cluster.monitor.run(run))!.state).not.toBe('done');
  await collected;
  expect(cluster.results('out')).toBe(expected);
});

test('Redis wiped: --resume goes on from the folder and redoes no finished case', async () => {
  cluster = await redis.cluster(half);
  const expected = await cluster.expected();
  await cluster.worker({ fault: 'slow.mjs' });
  const run = await cluster.submit('out');
  await cluster.until(async () => (await cluster.monitor.run(run))!.cases.ok >= 3);
  await redis.client.flushall();
  await cluster.until(async () => (await cluster.monitor.run(run))!.state === 'failed');
  const before = outcomeTimes(run);
  expect(before.size).toBeGreaterThanOrEqual(3);
  expect(before.size).toBeLessThan(half.cases);
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
  expect(cluster.runIn('out')).toBe(run);
  const after = outcomeTimes(run);
  for (const [name, time] of before) expect(after.get(name), name).toBe(time);
});

test.each(['cases.json', 'settings.json', 'request.json'])(
  'runs that wait for their %s, gone or torn: --resume writes it anew',
  async (name) => {
    cluster = await redis.cluster({ cases: 2, shape: [16, 16, 4], tileZ: 1 });
    const expected = await cluster.expected();
    const runs = { gone: await cluster.submit('gone'), torn: await cluster.submit('torn') };
    rmSync(cluster.runFolder(runs.gone).store.pathOf(name));
    truncateSync(cluster.runFolder(runs.torn).store.pathOf(name), 100);
    await cluster.worker();
    for (const [out, run] of Object.entries(runs)) {
      await cluster.until(async () => {
        const jobs = await Promise.all(cluster.monitor.queues.map((queue) => queue.getJob(run)));
        return jobs.some((job) => Boolean(job?.failedReason));
      });
      await cluster.score(out, { resume: true });
      expect(cluster.results(out)).toBe(expected);
      expect(cluster.runIn(out)).toBe(run);
    }
  },
);

test('the submitter killed: status and --resume from other processes', async () => {
  cluster = await redis.cluster(half);
  const expected = await cluster.expected();
  await cluster.worker({ fault: 'slow.mjs' });
  const manifest = join(cluster.folder, 'cases.csv');
  const rows = cluster.cases.map(({ id, predictions, reference }) =>
    [id, predictions[0], reference].join(','),
  );
  writeFileSync(manifest, ['case,prediction,reference', ...rows, ''].join('\n'));
  const out = join(cluster.folder, 'out');
  const score = [
    ...[
      'score',
      '--engine',
      'redis',
      ...cluster.flags,
      '--manifest',
      manifest,
      '--out',
      out,
      '--threads',
      '1',
    ],
    ...['--scores', 'probability', '--classes', 'lesion=1', '--losses', 'dice,bce,lovasz-softmax'],
    ...['--tile', '32,32,1', '--tile-bundle', '1'],
  ];
  const submitter = spawn(process.execPath, [program, ...score], { stdio: 'ignore' });
  await cluster.until(async () => (await cluster.monitor.runs())[0]?.cases.ok === 1);
  submitter.kill('SIGKILL');
  await once(submitter, 'exit');
  const run = cluster.runIn('out');
  const status = await call('status', run, ...cluster.flags, '--json');
  expect(JSON.parse(status.out)).toMatchObject({ id: run, state: 'running', cases: { total: half.cases } });
  const resumed = await call(...score, '--resume', '--quiet');
  expect(resumed.status, resumed.error).toBe(0);
  expect(cluster.results('out')).toBe(expected);
  expect(cluster.runIn('out')).toBe(run);
});

test('a run that is cancelled ends, and retry goes on with it', async () => {
  cluster = await redis.cluster(half);
  const expected = await cluster.expected();
  await cluster.worker({ fault: 'slow.mjs' });
  const run = await cluster.submit('out');
  await cluster.until(async () => (await cluster.monitor.run(run))!.cases.ok >= 1);
  expect((await call('retry', run, ...cluster.flags)).error).toContain('is not over yet');
  expect((await call('cancel', run, ...cluster.flags)).status).toBe(0);
  await cluster.until(async () => {
    const counts = await Promise.all(
      cluster.monitor.queues.map((queue) => queue.getJobCountByTypes('active')),
    );
    return counts.every((count) => count === 0);
  });
  expect(await cluster.monitor.run(run)).toMatchObject({ state: 'cancelled' });
  expect((await cluster.monitor.run(run))!.cases.ok).toBeLessThan(half.cases);
  expect((await call('retry', run, ...cluster.flags)).status).toBe(0);
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
});

async function call(...args: string[]): Promise<{ status: number | null; out: string; error: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const told = { out: '', error: '' };
  child.stdout.on('data', (chunk) => {
    told.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    told.error += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, ...told };
}
