/** The lists of errors by tile are those of the embedded engine, byte for byte. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { RunFolder } from '../../src/run/run-folder.ts';
import { recorder } from '../cli/recorder.ts';
import { RedisServer } from './redis-server.ts';
import { Ward } from './ward.ts';

let server: RedisServer;
let ward: Ward;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(() => ward.remove());
afterAll(() => server.remove());

test('two workers leave the lists of one machine', async () => {
  ward = await Ward.make(server, { cases: 4, shape: [32, 32, 24], tileZ: 3, gzip: (index) => index === 3 });
  await ward.expected();
  await Promise.all([ward.worker(), ward.worker()]);
  await ward.score('out');
  const embedded = new RunFolder(join(ward.folder, 'embedded', 'work'));
  const queued = ward.runFolder(ward.runIn('out'));
  for (const index of ward.cases.keys()) {
    const list = readFileSync(queued.caseErrors(index), 'utf8');
    expect(list).toMatch(/"boxShape":\[32,32,1\]/);
    expect(list).toBe(readFileSync(embedded.caseErrors(index), 'utf8'));
  }
  // Asked by the folder of the results, which knows where the run stands.
  const answers = [];
  for (const out of ['out', 'embedded']) {
    const { terminal, written } = recorder();
    expect(await runProgram(['errors', join(ward.folder, out), '--format', 'json'], terminal)).toBe(0);
    answers.push(written.out);
  }
  expect(answers[0]).toBe(answers[1]);
}, 60_000);
