/** The end of a job is heard, also where it ends before the connection that listens is made. */
import { Worker } from 'bullmq';
import { expect, test } from 'vitest';
import { versionedPrefix } from '../../../src/engines/redis/queue-version.ts';
import { openQueues } from '../../../src/engines/redis/queues.ts';
import { TileEnds } from '../../../src/engines/redis/tile-ends.ts';
import { redisForTests } from './redis-for-tests.ts';

const redis = redisForTests();

test('a job that ends at once is heard', async () => {
  const prefix = 'ends';
  const queues = openQueues(redis.client, prefix);
  const connection = { url: redis.server.url, maxRetriesPerRequest: null };
  const worker = new Worker(queues.tiles.name, async () => {}, {
    connection,
    prefix: versionedPrefix(prefix),
  });
  await worker.waitUntilReady();
  const ends = new TileEnds(redis.client, queues.tiles, () => {});
  const { signal } = new AbortController();
  // The second finds events of the first in the stream.
  for (const jobId of ['first', 'second']) {
    const state = await ends.listen(jobId, async (bell) => {
      const job = await queues.tiles.add('merge', {} as never, { jobId });
      while ((await job.getState()) !== 'completed') await new Promise(setImmediate);
      await bell.heard(2 ** 30, signal);
      return job.getState();
    });
    expect(state).toBe('completed');
  }
  ends.close();
  await worker.close();
  await queues.close();
});
