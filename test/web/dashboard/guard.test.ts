import { request } from 'node:http';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDashboard } from '../../../src/web/dashboard/create-dashboard.ts';
import { climbs, guardWrites } from '../../../src/web/dashboard/guard.ts';
import { type RunningDashboard, serveDashboard } from '../../../src/web/dashboard/serve.ts';
import { bigRun, MemoryMonitor } from './memory-monitor.ts';

let dashboard: RunningDashboard;
const monitor = new MemoryMonitor();
monitor.add(bigRun());
beforeAll(async () => {
  dashboard = await serveDashboard({ monitor, ping: async () => 'PONG', port: 0 });
});
afterAll(() => dashboard.close());

/** Sends a path as it is, which fetch would tidy up first. */
function send(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: dashboard.port, path, headers, method }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode!));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test.each([
  '/../etc/passwd',
  '/static/../../package.json',
  '/static/%2e%2e/%2e%2e/package.json',
  '/static/..%2f..%2fpackage.json',
  '/static/%252e%252e%252fpackage.json',
  '/static/..\\..\\package.json',
  '/static/%5c..%5c',
  '/runs/night-0412%00',
  '/queues/static/../../../package.json',
  '/%zz',
])('%s is refused', async (path) => expect(await send(path)).toBe(400));

test.each([
  ['/static/dashboard.js', 200],
  ['/static/', 404],
  ['/static/serve.ts', 404],
  ['/runs/night-0412?page=2&status=ok', 200],
  ['/runs/night-0412?page=0', 404],
  ['/runs/night-0412?page=x', 404],
  ['/runs/night-0412?status=anything', 404],
  ['/runs/%3Cscript%3E', 404],
  ['/runs/a%2fb', 404],
  ['/queues', 404],
])('%s gives %i', async (path, status) => expect(await send(path)).toBe(status));

test('dots within a name are no climbing', () => {
  for (const path of ['/a..b', '/v1.2', '/.well-known/x', '/a?x=../y']) expect(climbs(path)).toBe(false);
});

test.each([
  ['localhost', 200],
  ['localhost:8080', 200],
  ['LOCALHOST:1', 200],
  ['127.0.0.1:9', 200],
  ['[::1]:9', 200],
  ['evil.example', 421],
  ['evil.example:8080', 421],
  ['127.0.0.1.evil.example', 421],
  ['localhost.evil.example', 421],
  ['192.168.1.4', 421],
])('on the loopback interface, the host %s gives %i', async (host, status) => {
  expect(await send('/api/workers', { host })).toBe(status);
  expect(await send('/healthz', { host })).toBe(status);
});

test('an interface beyond this machine answers to any name, by its credentials', async () => {
  const { app } = createDashboard({ monitor, ping: async () => 1, credentials: { token: 'abcdefgh' } });
  const headers = { host: 'scores.hospital.example', authorization: 'Bearer abcdefgh' };
  expect((await app.request('/', { headers })).status).toBe(200);
});

test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s is refused while read-only', async (method) => {
  for (const path of ['/', '/api/runs', '/runs/night-0412', '/metrics']) {
    expect(await send(path, {}, method)).toBe(405);
  }
});

const writable = new Hono().use(guardWrites(true)).all('/job', (context) => context.text('written'));
test.each([
  ['a program', {}, 200],
  ['the same site', { 'sec-fetch-site': 'same-origin', origin: 'http://scores.example:8080' }, 200],
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' }, 403],
  ['a sister site', { 'sec-fetch-site': 'same-site', origin: 'http://evil.scores.example' }, 403],
  ['an old browser, same origin', { origin: 'http://scores.example:8080' }, 200],
  ['an old browser, another port', { origin: 'http://scores.example:81' }, 403],
  ['an old browser, another site', { origin: 'http://evil.example' }, 403],
  ['a sandboxed frame', { origin: 'null' }, 403],
])('a write from %s, where writes are allowed', async (_, headers, status) => {
  const answer = await writable.request('http://scores.example:8080/job', {
    method: 'POST',
    headers: { host: 'scores.example:8080', ...headers },
  });
  expect(answer.status).toBe(status);
});
