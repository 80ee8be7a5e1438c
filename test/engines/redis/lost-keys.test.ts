/** Keys that Redis deletes by itself, or an operator by hand: refused where it can be known, and made up for where not. */
import { expect, test } from 'vitest';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

const tilesQueue = () => cluster.monitor.queues.find(({ name }) => name === 'tiles')!;
const waits = async () =>
  (await tilesQueue().getJobCounts('waiting-children', 'prioritized')).prioritized! > 0;

/** Deletes the keys of this cluster's queue that match any of the patterns. @returns how many there were */
async function lose(patterns: readonly string[]): Promise<number> {
  const { prefix } = cluster.config.redis;
  const found = await Promise.all(patterns.map((pattern) => redis.client.keys(`${prefix}:*${pattern}`)));
  const keys = found.flat();
  return keys.length === 0 ? 0 : redis.client.del(...keys);
}

test('a server that deletes any key when it is full is refused, with the command that helps', async () => {
  cluster = await redis.cluster({ cases: 1 });
  await redis.client.config('SET', 'maxmemory', '100mb');
  await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  const worker = cluster.startWorker();
  const submitter = cluster.start(...cluster.scoreArguments('out'));
  try {
    await worker.ended;
    expect(worker.child.exitCode).toBe(2);
    expect(worker.log).toContain('CONFIG SET maxmemory-policy noeviction');
    expect(await submitter.ended).toEqual([2, null]);
    expect(submitter.error).toContain('CONFIG SET maxmemory-policy noeviction');
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    await cluster.worker();
    await cluster.score('out');
  } finally {
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    await redis.client.config('SET', 'maxmemory', '0');
  }
});

test.each([
  ['jobs of tiles and their list', ['tiles:2*', 'tiles:prioritized']],
  ['the list of cases that wait for tiles', ['cases:waiting-children']],
  ['what cases wait for', [':dependencies']],
  ['the lists of cases', ['cases:prioritized', 'cases:active', 'cases:waiting-children']],
])('%s are lost in the middle: the run ends by itself, with the same bytes', async (_, patterns) => {
  cluster = await redis.cluster({ cases: 4, shape: [16, 16, 12], tileZ: 1 });
  const expected = await cluster.expected();
  await cluster.worker({ fault: 'slow.mjs' });
  const collected = cluster.score('out');
  await cluster.until(waits);
  // A list is there while something is in it.
  await cluster.until(async () => (await lose(patterns)) > 0);
  await collected;
  expect(cluster.results('out')).toBe(expected);
});

test('workers that only look after a run do not keep its submitter waiting for ever', async () => {
  cluster = await redis.cluster({ cases: 2 });
  await tilesQueue().pause();
  await cluster.worker();
  const submitter = cluster.start(...cluster.scoreArguments('out'), '--patience', '0.1');
  expect(await submitter.ended).toEqual([2, null]);
  expect(submitter.error).toMatch(/nothing has moved for \d+ s: .*--resume/);
});
