/** Faults of inputs, storage and kernels: one case at most, with its reason, and never a wrong number. */
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

function errorOf(report: Awaited<ReturnType<TestCluster['score']>>, index: number) {
  const entry = report.results.cases[index]!;
  return entry.status === 'ok' ? undefined : { status: entry.status, code: entry.error.code };
}

test('a broken input costs its case, at once, and the others score', async () => {
  cluster = await redis.cluster({
    cases: 5,
    broken: (index) => index === 2,
    gzip: (index) => index === 3,
  });
  const expected = await cluster.expected();
  await cluster.worker();
  const report = await cluster.score('out');
  expect(report.exitStatus).toBe(1);
  expect(errorOf(report, 2)).toEqual({ status: 'failed', code: 'data-short' });
  expect(cluster.results('out')).toBe(expected);
  expect((await cluster.monitor.run(cluster.runIn('out')))!.retries).toBe(0);
  const page = await cluster.monitor.cases(cluster.runIn('out'), { status: 'failed', page: 0, pageSize: 10 });
  expect(page).toMatchObject({ total: 1, cases: [{ index: 2, name: 'patient-002', status: 'failed' }] });
});

test('a kernel that crashes its thread: tried again, then the case is incomplete and the run ends', async () => {
  cluster = await redis.cluster({ cases: 3 });
  await cluster.worker({ fault: 'crash-thread.mjs' });
  const report = await cluster.score('out');
  expect(errorOf(report, 1)).toEqual({ status: 'incomplete', code: 'thread-lost' });
  expect(report.results.cases.filter(({ status }) => status === 'ok')).toHaveLength(2);
  expect((await cluster.monitor.run(cluster.runIn('out')))!.retries).toBeGreaterThan(3);
});

test('a tile that kills its worker again and again is set aside, and retry heals the case', async () => {
  cluster = await redis.cluster({ cases: 3 });
  const expected = await cluster.expected();
  let over = false;
  const supervise = async () => {
    while (!over) await cluster.startWorker({ fault: 'kill-process.mjs' }).ended;
  };
  const supervised = Promise.all([supervise(), supervise()]);
  const report = await cluster.score('out');
  over = true;
  for (const worker of cluster.workers) await worker.kill();
  await supervised;
  expect(errorOf(report, 1)).toEqual({ status: 'incomplete', code: 'worker-lost' });
  expect(report.results.cases.filter(({ status }) => status === 'ok')).toHaveLength(2);
  await cluster.worker();
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
});

test('a disk that is full while a shard is written: the reason is told, and it goes on when there is room', async () => {
  cluster = await redis.cluster({ cases: 3 });
  const expected = await cluster.expected();
  const full = join(cluster.folder, 'full');
  writeFileSync(full, '');
  const worker = await cluster.worker({ fault: 'disk-full.mjs' });
  const report = await cluster.score('out');
  expect(errorOf(report, 0)).toEqual({ status: 'incomplete', code: 'disk-full' });
  expect(worker.log).toContain('"code":"disk-full"');
  rmSync(full);
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
});

test('a real disk that is full: the reason is told, and the run goes on when there is room', async () => {
  cluster = await redis.cluster({ cases: 3 });
  const expected = await cluster.expected();
  const run = await cluster.submit('out');
  const room = join(cluster.folder, 'room');
  const worker = cluster.startWorker({ inside: smallDisk(cluster.runFolder(run).path, room) });
  await worker.ready.catch(() => {
    throw new Error(
      `this test mounts a small disk: run it as root, or where users may make namespaces (unshare --map-root-user --mount)\n${worker.log}`,
    );
  });
  const report = await cluster.score('out', { resume: true });
  for (const index of [0, 1, 2]) {
    expect(errorOf(report, index)).toEqual({ status: 'incomplete', code: 'disk-full' });
  }
  writeFileSync(room, '');
  await cluster.until(async () => worker.log.includes('there is room'));
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
});

/** A command in whose eyes, and only in its own, the tiles of a run lie on a disk with 32 KiB left; more once `room` is there. */
function smallDisk(runFolder: string, room: string): string[] {
  const script = `
    mkdir -p "$0/tiles" && mount -t tmpfs -o size=2m none "$0/tiles" && head -c 2016k /dev/zero > "$0/tiles/ballast" || exit 1
    (while [ ! -e '${room}' ] && [ -d /proc/$$ ]; do sleep 0.05; done
     rm -f "$0/tiles/ballast" && echo 'there is room' >&2) &
    exec "$@"`;
  const root = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return ['unshare', ...root, '--mount', 'sh', '-c', script, runFolder];
}

test('torn and missing shards are found and made again', async () => {
  cluster = await redis.cluster({ cases: 4 });
  const expected = await cluster.expected();
  const run = await cluster.submit('out');
  const folder = cluster.runFolder(run);
  // As of a tile that an earlier start left torn.
  folder.store.put(folder.bundle(0, 3), [Buffer.from('torn')]);
  await cluster.worker();
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
  // A shard of a case cut off, one gone, after all cases were done.
  const shard = folder.store.pathOf(folder.caseShard(1, 0));
  truncateSync(shard, Math.floor(readFileSync(shard).length / 2));
  for (const name of [folder.caseShard(2, 0), 'finished.json', 'pool.json']) folder.store.remove(name);
  rmSync(join(cluster.folder, 'out', 'results.json'));
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
});

test('a file outside the data folders is not read, whatever its name and whatever a plan says', async () => {
  cluster = await redis.cluster({ cases: 3 });
  const [first, second] = cluster.cases;
  const inside = join(cluster.folder, 'inside');
  mkdirSync(inside);
  const link = join(inside, 'link.nii');
  symlinkSync(first!.predictions[0]!, link);
  cluster.cases.splice(0, 3, { ...first!, predictions: [link] }, second!);
  const run = await cluster.submit('out');
  // A plan that somebody put into the folder names the file as well; the case's own files decide first.
  await cluster.worker({ dataRoot: inside });
  const report = await cluster.score('out', { resume: true });
  expect(errorOf(report, 0)).toEqual({ status: 'failed', code: 'outside-data-roots' });
  expect(errorOf(report, 1)).toEqual({ status: 'failed', code: 'outside-data-roots' });
  expect((await cluster.monitor.run(run))!.tilesDone).toBe(0);
});

test('a file that takes the place of another between its check and its opening is not read', async () => {
  cluster = await redis.cluster({ cases: 2, gzip: (index) => index === 1 });
  for (const { id, predictions, reference } of cluster.cases.splice(0, 2)) {
    const [file] = predictions;
    const folder = join(cluster.dataRoot, id);
    mkdirSync(folder);
    copyFileSync(file!, join(cluster.folder, 'secret.nii'));
    renameSync(file!, join(folder, 'link.nii'));
    cluster.cases.push({ id, predictions: [join(folder, 'link.nii')], reference });
  }
  await cluster.worker({ fault: 'swap-link.mjs' });
  const report = await cluster.score('out');
  for (const index of [0, 1]) {
    expect(errorOf(report, index)).toEqual({ status: 'failed', code: 'outside-data-roots' });
  }
});

test('nothing private is in Redis or in the logs', async () => {
  cluster = await redis.cluster({ cases: 3, broken: (index) => index === 1 });
  const worker = await cluster.worker();
  await cluster.score('out');
  const keys = await redis.client.keys(`${cluster.config.redis.prefix}*`);
  expect(keys.length).toBeGreaterThan(10);
  const dumps = await Promise.all(
    keys.map(async (key) => `${key} ${(await redis.client.dumpBuffer(key))?.toString('latin1')}`),
  );
  expect(dumps.join('\n')).not.toMatch(/patient|\.nii/);
  expect(worker.log).toContain('data-short');
  expect(worker.log).not.toMatch(/patient|\.nii/);
});

test('two runs share the workers; the more urgent one ends first', async () => {
  cluster = await redis.cluster({ cases: 6, shape: [24, 24, 24], tileZ: 1 });
  const expected = await cluster.expected();
  const later = await cluster.submit('later', { priority: 200 });
  const sooner = await cluster.submit('sooner', { priority: 1 });
  await cluster.worker();
  await Promise.all([cluster.score('later', { resume: true }), cluster.score('sooner', { resume: true })]);
  const [a, b] = await Promise.all([cluster.monitor.run(sooner), cluster.monitor.run(later)]);
  expect(a!.finishedAt!).toBeLessThan(b!.finishedAt!);
  for (const out of ['later', 'sooner']) expect(cluster.results(out)).toBe(expected);
});
