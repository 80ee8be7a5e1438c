/** Whatever becomes of workers, the result files are those of the embedded engine, byte for byte. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RedisServer } from './redis-server.ts';
import { Ward } from './ward.ts';

let server: RedisServer;
let ward: Ward;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(() => ward.remove());
afterAll(() => server.remove());

test('20 workers killed in one run', async () => {
  ward = await Ward.make(server, {
    cases: 24,
    shape: [32, 32, 40],
    tileZ: 1,
    gzip: (index) => index % 6 === 5,
  });
  const expected = await ward.expected();
  const slow = { fault: 'slow.mjs' };
  await Promise.all([ward.worker(slow), ward.worker(slow)]);
  const run = await ward.submit('out');
  let seed = 7;
  for (let kills = 0; kills < 20; kills++) {
    const { tilesDone } = (await ward.monitor.run(run))!;
    await ward.until(async () => (await ward.monitor.run(run))!.tilesDone > tilesDone);
    expect((await ward.monitor.run(run))!.state, `before kill ${kills}`).not.toBe('done');
    const alive = ward.workers.filter(({ isAlive }) => isAlive);
    seed = (seed * 48271) % 2147483647;
    await alive[seed % alive.length]!.kill();
    await ward.worker(slow);
  }
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
  expect(ward.runIn('out')).toBe(run);
}, 120_000);

test('a worker frozen past its lock and woken up again', async () => {
  ward = await Ward.make(server, { cases: 6, shape: [32, 32, 40], tileZ: 1 });
  const expected = await ward.expected();
  const frozen = await ward.worker();
  const run = await ward.submit('out');
  await ward.until(async () => (await ward.monitor.run(run))!.tilesDone > 3);
  await frozen.kill('SIGSTOP');
  await ward.worker();
  await ward.until(async () => (await ward.monitor.run(run))!.stalls > 0);
  await frozen.kill('SIGCONT');
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
  // What the woken one still had at hand is over when it has drained; it has changed nothing.
  await frozen.kill('SIGTERM');
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
}, 60_000);

test('SIGTERM hands the work over and ends well', async () => {
  ward = await Ward.make(server, { cases: 6, shape: [32, 32, 40], tileZ: 1 });
  const expected = await ward.expected();
  const first = await ward.worker({ arguments: ['--grace', '0'] });
  const run = await ward.submit('out');
  await ward.until(async () => (await ward.monitor.run(run))!.tilesDone > 3);
  await first.kill('SIGTERM');
  expect(first.child.exitCode).toBe(0);
  await ward.worker();
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
  expect((await ward.monitor.run(run))!.stalls).toBe(0);
}, 60_000);
