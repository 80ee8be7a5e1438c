/** What nobody can wait for ends with its reason: a server that refuses, a defect of the program, a disk that stays full. */
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { connectNow } from '../../../src/engines/redis/connection.ts';
import { redisFault } from '../../../src/engines/redis/redis-faults.ts';
import { readFinished } from '../../../src/engines/redis/run-record.ts';
import { redisForTests } from './redis-for-tests.ts';
import type { TestCluster } from './test-cluster.ts';

const redis = redisForTests();
let cluster: TestCluster;

test.each([
  ['its user may do little', '~* &* +@all -eval', 'NOPERM', 'ACL SETUSER'],
  ['its user may not write streams', '~* &* +@all -xadd', 'NOPERM', 'ACL SETUSER'],
  ['its user has other keys', '~other* &* +@all', 'NOPERM', 'ACL SETUSER'],
])('a server where %s: a worker ends with a status and says why', async (_name, rules, word, remedy) => {
  cluster = await redis.cluster({ cases: 1 });
  await redis.client.call('ACL', 'SETUSER', 'poor', 'reset', 'on', '>secret-word', ...rules.split(' '));
  const worker = cluster.startWorker({ url: redis.server.url.replace('//', '//poor:secret-word@') });
  await worker.ended;
  expect(worker.child.exitCode).toBe(2);
  expect(worker.log).toContain(word);
  expect(worker.log).toContain(remedy);
  expect(worker.log).not.toContain('secret-word');
});

test('a busy server: a worker does not start, and ends', async () => {
  cluster = await redis.cluster({ cases: 1 });
  const other = new Redis(redis.server.url, { maxRetriesPerRequest: null });
  await redis.client.config('SET', 'busy-reply-threshold', '50');
  const script = other.eval('while true do end', 0).catch(() => {});
  await expect.poll(() => redis.client.ping().catch((error: Error) => error.message)).toContain('BUSY');
  const worker = cluster.startWorker();
  await worker.ended;
  await redis.client.call('SCRIPT', 'KILL');
  await script;
  other.disconnect();
  expect(worker.child.exitCode).toBe(2);
  expect(worker.log).toContain('busy with a script');
});

test.each([
  [
    'an end that wants TLS',
    'redis',
    (socket: Socket) => socket.resetAndDestroy(),
    'write rediss:// if it wants TLS',
  ],
  ['an end without TLS', 'rediss', () => {}, 'write redis:// if it has no TLS'],
])('%s: the address that helps is named', async (_name, scheme, onConnection, remedy) => {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connecting = connectNow({ url: `${scheme}://127.0.0.1:${port}`, prefix: 'p' }, 300);
  await expect(connecting).rejects.toThrow(remedy);
  server.close();
});

test.each([
  ['READONLY You can not write against a read only replica.', 'name the primary'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'maxmemory'],
  ['ERR Error running script: @user_script:1: -OOM command not allowed', 'maxmemory'],
  ["CROSSSLOT Keys in request don't hash to the same slot", "--redis-prefix '{voxtally}'"],
  ['MOVED 3999 10.0.0.7:6381', '--redis redis://10.0.0.7:6381'],
  ['NOAUTH Authentication required.', 'redis://:PASSWORD@'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'correct them'],
])('%s', (message, remedy) => {
  expect(redisFault(new Error(message), 'h:6379')?.message).toContain(remedy);
});

test('a defect of the program ends the run at once: its stack is in the log, nothing of it in results', async () => {
  cluster = await redis.cluster({ cases: 3 });
  const worker = await cluster.worker({ fault: 'defect.mjs' });
  const submitter = cluster.start(...cluster.scoreArguments('out'));
  expect(await submitter.ended).toEqual([2, null]);
  expect(submitter.error).toContain('a defect of the program');
  expect(submitter.error).not.toMatch(/^\s+at /m);
  expect(worker.log).toMatch(/"code":"defect","stack":\["\s+at /);
  expect(worker.log).not.toMatch(/patient|frobnicate/);
  const run = cluster.runIn('out');
  expect(readFinished(cluster.runFolder(run))).toMatchObject({ state: 'failed', reason: 'defect' });
  expect(existsSync(join(cluster.folder, 'out', 'results.json'))).toBe(false);
});

test('a disk that is full when the results are written: the submitter says so, and the run ends when there is room', async () => {
  cluster = await redis.cluster({ cases: 2 });
  const expected = await cluster.expected();
  const rules = join(cluster.folder, 'rules.json');
  writeFileSync(rules, JSON.stringify([{ path: '/results/', call: 'open', error: 'ENOSPC' }]));
  await cluster.worker({ fault: '../../../faults/faulty-files.mjs' });
  const submitter = cluster.start(...cluster.scoreArguments('out'));
  await submitter.says('the disk of the run is full; free some space; it is tried again');
  rmSync(rules);
  expect(await submitter.ended).toEqual([0, null]);
  expect(cluster.results('out')).toBe(expected);
});
