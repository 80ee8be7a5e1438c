/** Faults of inputs, storage and kernels: one case at most, with its reason, and never a wrong number. */
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
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

function errorOf(report: Awaited<ReturnType<Ward['score']>>, index: number) {
  const entry = report.results.cases[index]!;
  return entry.status === 'ok' ? undefined : { status: entry.status, code: entry.error.code };
}

test('a broken input costs its case, at once, and the others score', async () => {
  ward = await Ward.make(server, { cases: 5, broken: (index) => index === 2, gzip: (index) => index === 3 });
  const expected = await ward.expected();
  await ward.worker();
  const report = await ward.score('out');
  expect(report.exitStatus).toBe(1);
  expect(errorOf(report, 2)).toEqual({ status: 'failed', code: 'data-short' });
  expect(ward.results('out')).toBe(expected);
  expect((await ward.monitor.run(ward.runIn('out')))!.retries).toBe(0);
  const page = await ward.monitor.cases(ward.runIn('out'), { status: 'failed', page: 0, pageSize: 10 });
  expect(page).toMatchObject({ total: 1, cases: [{ index: 2, name: 'patient-002', status: 'failed' }] });
});

test('a kernel that crashes its thread: tried again, then the case is incomplete and the run ends', async () => {
  ward = await Ward.make(server, { cases: 3 });
  await ward.worker({ fault: 'crash-thread.mjs' });
  const report = await ward.score('out');
  expect(errorOf(report, 1)).toEqual({ status: 'incomplete', code: 'thread-lost' });
  expect(report.results.cases.filter(({ status }) => status === 'ok')).toHaveLength(2);
  expect((await ward.monitor.run(ward.runIn('out')))!.retries).toBeGreaterThan(3);
});

test('a tile that kills its worker again and again is set aside, and retry heals the case', async () => {
  ward = await Ward.make(server, { cases: 3 });
  const expected = await ward.expected();
  let over = false;
  const supervise = async () => {
    while (!over) await ward.startWorker({ fault: 'kill-process.mjs' }).ended;
  };
  const supervised = Promise.all([supervise(), supervise()]);
  const report = await ward.score('out');
  over = true;
  for (const worker of ward.workers) await worker.kill();
  await supervised;
  expect(errorOf(report, 1)).toEqual({ status: 'incomplete', code: 'worker-lost' });
  expect(report.results.cases.filter(({ status }) => status === 'ok')).toHaveLength(2);
  await ward.worker();
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
}, 90_000);

test('a disk that is full while a shard is written: the reason is told, and it goes on when there is room', async () => {
  ward = await Ward.make(server, { cases: 3 });
  const expected = await ward.expected();
  const full = join(ward.folder, 'full');
  writeFileSync(full, '');
  const worker = await ward.worker({ fault: 'disk-full.mjs' });
  const report = await ward.score('out');
  expect(errorOf(report, 0)).toEqual({ status: 'incomplete', code: 'disk-full' });
  expect(worker.log).toContain('"code":"disk-full"');
  rmSync(full);
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
});

test('a real disk that is full: the reason is told, and the run goes on when there is room', async () => {
  ward = await Ward.make(server, { cases: 3 });
  const expected = await ward.expected();
  const run = await ward.submit('out');
  const room = join(ward.folder, 'room');
  const worker = ward.startWorker({ inside: smallDisk(ward.runFolder(run).root, room) });
  await worker.ready.catch(() => {
    throw new Error(
      `this test mounts a small disk: run it as root, or where users may make namespaces (unshare --map-root-user --mount)\n${worker.log}`,
    );
  });
  const report = await ward.score('out', { resume: true });
  for (const index of [0, 1, 2]) {
    expect(errorOf(report, index)).toEqual({ status: 'incomplete', code: 'disk-full' });
  }
  writeFileSync(room, '');
  await ward.until(async () => worker.log.includes('there is room'));
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
});

/** A command in whose eyes, and only in its own, the tiles of a run lie on a disk with 32 KiB left; more once `room` is there. */
function smallDisk(runFolder: string, room: string): string[] {
  const script = `
    mount -t tmpfs -o size=2m none "$0/tiles" && head -c 2016k /dev/zero > "$0/tiles/ballast" || exit 1
    (while [ ! -e '${room}' ] && [ -d /proc/$$ ]; do sleep 0.05; done
     rm "$0/tiles/ballast" && echo 'there is room' >&2) &
    exec "$@"`;
  const root = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return ['unshare', ...root, '--mount', 'sh', '-c', script, runFolder];
}

test('torn and missing shards are found and made again', async () => {
  ward = await Ward.make(server, { cases: 4 });
  const expected = await ward.expected();
  const run = await ward.submit('out');
  const folder = ward.runFolder(run);
  // As of a tile that an earlier start left torn.
  mkdirSync(folder.tiles(0), { recursive: true });
  writeFileSync(folder.bundle(0, 3), 'torn');
  await ward.worker();
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
  // A shard of a case cut off, one gone, after all cases were done.
  const shard = folder.caseShard(1, 0);
  truncateSync(shard, Math.floor(readFileSync(shard).length / 2));
  rmSync(folder.caseShard(2, 0));
  for (const name of ['finished.json', 'pool.json']) rmSync(join(folder.root, name));
  rmSync(join(ward.folder, 'out', 'results.json'));
  await ward.score('out', { resume: true });
  expect(ward.results('out')).toBe(expected);
});

test('a file outside the data folders is not read, whatever its name and whatever a plan says', async () => {
  ward = await Ward.make(server, { cases: 3 });
  const [first, second] = ward.cases;
  const inside = join(ward.folder, 'inside');
  mkdirSync(inside);
  const link = join(inside, 'link.nii');
  symlinkSync(first!.predictions[0]!, link);
  ward.cases.splice(0, 3, { ...first!, predictions: [link] }, second!);
  const run = await ward.submit('out');
  // A plan that somebody put into the folder names the file as well; the case's own files decide first.
  await ward.worker({ dataRoot: inside });
  const report = await ward.score('out', { resume: true });
  expect(errorOf(report, 0)).toEqual({ status: 'failed', code: 'outside-data-roots' });
  expect(errorOf(report, 1)).toEqual({ status: 'failed', code: 'outside-data-roots' });
  expect((await ward.monitor.run(run))!.tilesDone).toBe(0);
});

test('nothing private stands in Redis or in the logs', async () => {
  ward = await Ward.make(server, { cases: 3, broken: (index) => index === 1 });
  const worker = await ward.worker();
  await ward.score('out');
  const redis = new Redis(server.url);
  const keys = await redis.keys(`${ward.config.redis.prefix}*`);
  expect(keys.length).toBeGreaterThan(10);
  const dumps = await Promise.all(
    keys.map(async (key) => `${key} ${(await redis.dumpBuffer(key))?.toString('latin1')}`),
  );
  redis.disconnect();
  expect(dumps.join('\n')).not.toMatch(/patient|\.nii/);
  expect(worker.log).toContain('data-short');
  expect(worker.log).not.toMatch(/patient|\.nii/);
});

test('two runs share the workers; the more urgent one ends first', async () => {
  ward = await Ward.make(server, { cases: 6, shape: [24, 24, 24], tileZ: 1 });
  const expected = await ward.expected();
  const later = await ward.submit('later', { priority: 200 });
  const sooner = await ward.submit('sooner', { priority: 1 });
  await ward.worker();
  await Promise.all([ward.score('later', { resume: true }), ward.score('sooner', { resume: true })]);
  const [a, b] = await Promise.all([ward.monitor.run(sooner), ward.monitor.run(later)]);
  expect(a!.finishedAt!).toBeLessThan(b!.finishedAt!);
  for (const out of ['later', 'sooner']) expect(ward.results(out)).toBe(expected);
});
