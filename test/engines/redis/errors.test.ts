/** The lists of errors by tile are those of the embedded engine, byte for byte. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import { localStore } from '../../../src/run/open-store.ts';
import { readText } from '../../../src/run/records.ts';
import { RunFolder } from '../../../src/run/run-folder.ts';
import { recorder } from '../../cli/recorder.ts';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

test('two workers leave the lists of one machine', async () => {
  cluster = await redis.cluster({
    cases: 4,
    shape: [32, 32, 24],
    tileZ: 3,
    gzip: (index) => index === 3,
  });
  await cluster.expected();
  await Promise.all([cluster.worker(), cluster.worker()]);
  await cluster.score('out');
  const embedded = new RunFolder(localStore(join(cluster.folder, 'embedded', 'work')));
  const queued = cluster.runFolder(cluster.runIn('out'));
  for (const index of cluster.cases.keys()) {
    const list = readText(queued.store, queued.caseOutcome(index));
    expect(list).toMatch(/"boxShape":\[32,32,1\]/);
    expect(list).toBe(readText(embedded.store, embedded.caseOutcome(index)));
  }
  // Asked by the folder of the results, which knows where the run stands.
  const answers = [];
  for (const out of ['out', 'embedded']) {
    const { terminal, written } = recorder();
    expect(await runProgram(['errors', join(cluster.folder, out), '--format', 'json'], terminal)).toBe(0);
    answers.push(written.out);
  }
  expect(answers[0]).toBe(answers[1]);
});
