/** Who owns a run and its results on the queue, what an earlier start may still do, and damage between two starts. */
import { existsSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SharedFolders } from '../../../src/engines/redis/places.ts';
import { writeNifti } from '../../../src/volumes/nifti/write.ts';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

/** Other scores under the name of a case's prediction, by another file that is renamed over it. */
async function replacePrediction(index: number): Promise<void> {
  const [file] = cluster.cases[index]!.predictions;
  const other = join(cluster.folder, 'other.nii');
  const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const shape = [24, 24, 24] as const;
  const data = Float32Array.from({ length: 24 ** 3 }, (_, i) => ((i * 104_729) % 4096) / 4096);
  await writeNifti(other, { shape, spacingMm: [1, 1, 1], affine, gzip: false, datatype: 'float32', data });
  renameSync(other, file!);
}

test('a living worker scores the file that was renamed over the old one, not the one that it has open', async () => {
  cluster = await redis.cluster({ cases: 1 });
  const before = await cluster.expected();
  await cluster.worker({ arguments: ['--threads', '2'] });
  await cluster.score('out');
  expect(cluster.results('out')).toBe(before);
  for (let round = 0; round < 2; round++) {
    await replacePrediction(0);
    const expected = await cluster.expected();
    await cluster.score('out', { resume: true });
    expect(cluster.results('out')).toBe(expected);
    expect(expected).not.toBe(before);
  }
});

test.each(['settings.json', 'cases.json', 'request.json'])(
  'a torn %s between two starts: --resume goes on, and what is stored counts',
  async (name) => {
    cluster = await redis.cluster({ cases: 3 });
    const expected = await cluster.expected();
    const worker = await cluster.worker();
    await cluster.score('out');
    await worker.kill();
    const folder = cluster.runFolder(cluster.runIn('out'));
    writeFileSync(folder.store.pathOf(name), '{"torn');
    folder.store.remove('finished.json');
    const times = () =>
      folder.store.list('cases').map((file) => statSync(folder.store.pathOf(`cases/${file}`)).mtimeMs);
    const before = times();
    await cluster.worker();
    await cluster.score('out', { resume: true });
    expect(cluster.results('out')).toBe(expected);
    expect(times()).toEqual(before);
    expect(before).toHaveLength(3);
  },
);

test('a results.json of zeros in the finished run is written again by --resume', async () => {
  cluster = await redis.cluster({ cases: 2 });
  const expected = await cluster.expected();
  await cluster.worker();
  await cluster.score('out');
  const folder = cluster.runFolder(cluster.runIn('out'));
  writeFileSync(folder.store.pathOf('results/results.json'), Buffer.alloc(1000));
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
});

test('a worker of an earlier start can change nothing, and its jobs are dropped', async () => {
  cluster = await redis.cluster({ cases: 2 });
  const expected = await cluster.expected();
  const run = await cluster.submit('out');
  const places = new SharedFolders(cluster.config.redis.workRoot);
  const late = places.folder(run, places.start(run));
  const runs = cluster.monitor.queues.find(({ name }) => name === 'runs')!;
  // As after a loss of Redis: nobody looks after the run, and it is started again.
  await (await runs.getJob(run))!.remove();
  await cluster.worker();
  await cluster.score('out', { resume: true });
  for (const change of [
    () => late.store.put('results/results.json', [Buffer.from('late')]),
    () => late.store.remove('finished.json'),
    () => late.store.clear('cases'),
  ]) {
    expect(change).toThrow(/another process has taken it over/);
  }
  expect(() => places.folder(run, 1)).toThrow(/another process/);
  await cluster.score('out', { resume: true });
  expect(cluster.results('out')).toBe(expected);
});

test('a second submitter is refused while the first waits; one that takes over leaves results and work of one run', async () => {
  cluster = await redis.cluster({ cases: 2 });
  const expected = await cluster.expected();
  const first = cluster.score('out');
  first.catch(() => {});
  await cluster.until(async () => existsSync(join(cluster.folder, 'out', 'run-id.txt')));
  const run = cluster.runIn('out');
  await expect(cluster.score('out')).rejects.toThrow(/belongs to the run of process .*--take-over/);
  const second = cluster.score('out', { takeOver: true });
  await cluster.until(async () => cluster.runIn('out') !== run);
  await cluster.worker();
  await second;
  await expect(first).rejects.toMatchObject({ code: 'ownership-lost' });
  expect(cluster.results('out')).toBe(expected);
  expect(realpathSync(join(cluster.folder, 'out', 'work'))).toBe(
    realpathSync(cluster.runFolder(cluster.runIn('out')).path),
  );
});
