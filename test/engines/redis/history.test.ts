/** What was done when: counted in Redis, in bounded memory, and gone after a day. */
import { beforeEach, expect, test } from 'vitest';
import { countIn, readHistory } from '../../../src/engines/redis/history.ts';
import { redisForTests } from './redis-for-tests.ts';

const minute = 60_000;
const hour = 60 * minute;
/** 2026-05-04, 00:00 UTC. */
const midnight = Date.UTC(2026, 4, 4);
const redis = redisForTests();
beforeEach(() => redis.client.flushall());

async function add(counter: Parameters<typeof countIn>[2], by: number, atMs: number): Promise<void> {
  const pipeline = redis.client.pipeline();
  countIn(pipeline, ['h'], counter, by, atMs);
  await pipeline.exec();
}

test('what is counted comes back in the interval in which it was counted', async () => {
  await add('voxels', 5, midnight);
  await add('voxels', 7, midnight + 59_000);
  await add('cases', 1, midnight + 3 * minute);
  await add('failures', 1, midnight + 3 * minute);
  expect(await readHistory(redis.client, 'h', midnight + 1000, midnight + 4 * minute)).toEqual({
    ...{ startedAt: midnight, stepSeconds: 60, voxels: [12, 0, 0, 0, 0] },
    ...{ cases: [0, 0, 0, 1, 0], failures: [0, 0, 0, 1, 0], stalls: [0, 0, 0, 0, 0] },
  });
});

test.each([
  [90 * minute, 60],
  [3 * hour, 120],
  [7 * hour, 300],
  [15 * hour, 600],
  [23 * hour, 900],
  [24 * 9 * hour, 900],
])(
  'over %i ms in steps of %i s, at most the last day, and nothing is lost between steps',
  async (length, step) => {
    const end = midnight + 17 * minute;
    const begin = Math.max(end - length, end - 24 * hour + minute);
    for (let at = begin; at <= end; at += 7 * minute) await add('cases', 1, at);
    const { stepSeconds, startedAt, cases } = await readHistory(redis.client, 'h', end - length, end);
    expect(stepSeconds).toBe(step);
    expect(startedAt % (1000 * step)).toBe(0);
    expect(cases.length).toBeLessThanOrEqual(97);
    expect(startedAt + 1000 * step * cases.length).toBeGreaterThan(end);
    expect(cases.reduce((sum, count) => sum + count, 0)).toBe(Math.floor((end - begin) / (7 * minute)) + 1);
  },
);

test('a day of every minute takes less than 150 kB, and every key goes by itself', async () => {
  const pipeline = redis.client.pipeline();
  for (let at = 0; at < 24 * 60; at++) {
    countIn(pipeline, ['h'], 'voxels', 1e9 + at, midnight + at * minute);
    countIn(pipeline, ['h'], 'cases', 100 + at, midnight + at * minute);
    countIn(pipeline, ['h'], 'failures', at, midnight + at * minute);
  }
  await pipeline.exec();
  const keys = await redis.client.keys('*');
  let bytes = 0;
  for (const key of keys) {
    bytes += Number(await redis.client.memory('USAGE', key));
    expect(await redis.client.ttl(key)).toBeGreaterThan(24 * 3600);
    expect(await redis.client.ttl(key)).toBeLessThanOrEqual(25 * 3600);
  }
  expect(bytes).toBeLessThan(150_000);
});

test('what others write there is no number', async () => {
  await add('voxels', 5, midnight);
  const [key] = await redis.client.keys('*');
  await redis.client.hset(key!, '1', 'many', '-3', '1', 'x', '2', '2', '-7');
  await redis.client.set(key!.replace('voxels', 'cases'), 'a text');
  const { voxels, cases } = await readHistory(redis.client, 'h', midnight, midnight + 3 * minute);
  expect(voxels).toEqual([5, 0, 0, 0]);
  expect(cases).toEqual([0, 0, 0, 0]);
});
