/** Rules and notices of runs on the queue. */
import { expect, test } from 'vitest';
import { receiverForTests } from '../../cli/notify/receiver.ts';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
const receiver = receiverForTests();
let cluster: TestCluster;

const flags = () => ['--notify', receiver().url, '--fail-if', 'failed > 0', '--fail-if', 'dice < 2'];
const score = (...more: string[]) => cluster.start(...cluster.scoreArguments('out'), ...flags(), ...more);

test('a run on the queue, and again when its results are collected', async () => {
  cluster = await redis.cluster({ cases: 3, broken: (index) => index === 1 });
  await cluster.worker();
  const first = score();
  expect(await first.ended).toEqual([3, null]);
  expect(first.error).toContain('--fail-if "failed > 0": the value is 1, of 3 cases');
  expect(receiver().notice).toMatchObject({
    ...{ state: 'failures', exitStatus: 3, engine: 'redis', run: cluster.runIn('out') },
    cases: { total: 3, scored: 2, failed: 1 },
    rules: [{ broken: true }, { broken: true }],
  });
  expect(receiver().received[0]!.body).not.toContain('patient');
  receiver().received.length = 0;
  const again = score('--resume');
  expect(await again.ended).toEqual([3, null]);
  expect(receiver().notice).toMatchObject({ state: 'failures', run: cluster.runIn('out') });
});

test('a run that was cancelled; one that is left to the workers has not ended', async () => {
  cluster = await redis.cluster({ cases: 1 });
  const waiting = score();
  await waiting.says('run 2');
  waiting.child.kill('SIGINT');
  expect(await waiting.ended).toEqual([130, null]);
  expect(receiver().received).toEqual([]);
  const cancelled = score('--resume');
  await cancelled.says('run 2');
  const cancel = cluster.start('cancel', cluster.runIn('out'), ...cluster.flags);
  expect(await cancel.ended).toEqual([0, null]);
  expect(await cancelled.ended).toEqual([2, null]);
  expect(receiver().notice).toMatchObject({
    ...{ state: 'cancelled', exitStatus: 2, run: cluster.runIn('out') },
    error: { code: 'run-cancelled' },
  });
});
