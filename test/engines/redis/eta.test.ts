import { expect, test } from 'vitest';
import { Board } from '../../../src/engines/redis/board.ts';
import { secondsLeft } from '../../../src/engines/redis/eta.ts';
import { redisForTests } from './redis-for-tests.ts';

const redis = redisForTests();

test('the time left is that of the pace since the first tile', () => {
  const left = (startedAt: number | undefined, doneBefore: number, done: number) =>
    secondsLeft({ startedAt, doneBefore }, done, 100, 60_000);
  expect(left(50_000, 0, 20)).toBe(40);
  expect(left(50_000, 15, 20)).toBe(160);
  expect(left(50_000, 20, 20)).toBeUndefined();
  expect(left(undefined, 0, 0)).toBeUndefined();
});

test('it counts from the first work after a planner began', async () => {
  const board = new Board(redis.client, 'eta');
  const work = { tiles: 1, voxels: 8, bytes: 9, seconds: 0.2, tileTimes: [0, 0, 1] };
  await board.setStatuses('r', 'ofx.i..');
  expect(await board.read('r')).toMatchObject({ startedAt: undefined, doneBefore: 3 });
  const before = Date.now();
  await board.addWork('r', work);
  const { startedAt } = (await board.read('r'))!;
  expect(startedAt).toBeGreaterThanOrEqual(before);
  await board.addWork('r', work);
  expect(await board.read('r')).toMatchObject({ startedAt });
  await board.setStatuses('r', 'ofxo...');
  expect(await board.read('r')).toMatchObject({ startedAt: undefined, doneBefore: 4 });
});
