/** Redis holds no result: its death, and the loss of all that it knew, cost time only. So does the submitter's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RedisServer } from './redis-server.ts';
import { program, Ward } from './ward.ts';

let server: RedisServer;
let ward: Ward;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(() => ward.remove());
afterAll(() => server.remove());

const half = { cases: 8, shape: [32, 32, 20], tileZ: 1 } as const;

/** When the outcome of each finished case was written. */
function outcomeTimes(run: string): Map<string, number> {
  const folder = join(ward.runFolder(run).root, 'cases');
  return new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => [name, statSync(join(folder, name)).mtimeMs]),
  );
}

test('Redis killed and started again in the middle: the run ends by itself', async () => {
  ward = await Ward.make(server, half);
  const expected = await ward.expected();
  await Promise.all([ward.worker({ fault: 'slow.mjs' }), ward.worker({ fault: 'slow.mjs' })]);
  const collected = ward.score('out');
  await ward.until(async () => (await ward.monitor.runs())[0] !== undefined);
  const run = ward.runIn('out');
  await ward.until(async () => (await ward.monitor.run(run))!.cases.ok >= 2);
  await server.kill();
  await server.start();
  expect((await ward.monitor.run(run))!.state).not.toBe('done');
  await collected;
  expect(ward.results('out')).toBe(expected);
}, 60_000);

test('Redis wiped: --resume goes on from the folder and redoes no finished case', async () => {
  ward = await Ward.make(server, half);
  const expected = await ward.expected();
  await ward.worker({ fault: 'slow.mjs' });
  const run = await ward.submit('out');
  await ward.until(async () => (await ward.monitor.run(run))!.cases.ok >= 3);
  const redis = new Redis(server.url);
  await redis.flushall();
  redis.disconnect();
  await ward.until(async () => (await ward.monitor.run(run))!.state === 'failed');
  const before = outcomeTimes(run);
  expect(before.size).toBeGreaterThanOrEqual(3);
  expect(before.size).toBeLessThan(half.cases);
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
  expect(ward.runIn('out')).toBe(run);
  const after = outcomeTimes(run);
  for (const [name, time] of before) expect(after.get(name), name).toBe(time);
}, 60_000);

test('the submitter killed: status and --resume from other processes', async () => {
  ward = await Ward.make(server, half);
  const expected = await ward.expected();
  await ward.worker({ fault: 'slow.mjs' });
  const manifest = join(ward.folder, 'cases.csv');
  const rows = ward.cases.map(({ id, predictions, reference }) => [id, predictions[0], reference].join(','));
  writeFileSync(manifest, ['case,prediction,reference', ...rows, ''].join('\n'));
  const out = join(ward.folder, 'out');
  const score = [
    ...['score', '--engine', 'redis', ...ward.flags, '--manifest', manifest, '--out', out, '--threads', '1'],
    ...['--scores', 'probability', '--classes', 'lesion=1', '--losses', 'dice,bce,lovasz-softmax'],
    ...['--tile', '32,32,1', '--tile-bundle', '1'],
  ];
  const submitter = spawn(process.execPath, [program, ...score], { stdio: 'ignore' });
  await ward.until(async () => (await ward.monitor.runs())[0]?.cases.ok === 1);
  submitter.kill('SIGKILL');
  await once(submitter, 'exit');
  const run = ward.runIn('out');
  const status = await call('status', run, ...ward.flags, '--json');
  expect(JSON.parse(status.out)).toMatchObject({ id: run, state: 'running', cases: { total: half.cases } });
  const resumed = await call(...score, '--resume', '--quiet');
  expect(resumed.status, resumed.error).toBe(0);
  expect(ward.results('out')).toBe(expected);
  expect(ward.runIn('out')).toBe(run);
}, 60_000);

test('a run that is cancelled ends, and retry goes on with it', async () => {
  ward = await Ward.make(server, half);
  const expected = await ward.expected();
  await ward.worker({ fault: 'slow.mjs' });
  const run = await ward.submit('out');
  await ward.until(async () => (await ward.monitor.run(run))!.cases.ok >= 1);
  expect((await call('retry', run, ...ward.flags)).error).toContain('is not over yet');
  expect((await call('cancel', run, ...ward.flags)).status).toBe(0);
  await ward.until(async () => {
    const counts = await Promise.all(ward.monitor.queues.map((queue) => queue.getJobCountByTypes('active')));
    return counts.every((count) => count === 0);
  });
  expect(await ward.monitor.run(run)).toMatchObject({ state: 'cancelled' });
  expect((await ward.monitor.run(run))!.cases.ok).toBeLessThan(half.cases);
  expect((await call('retry', run, ...ward.flags)).status).toBe(0);
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
}, 60_000);

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
