import { expect, test } from 'vitest';
import { checkCredentials } from '../../../src/web/dashboard/auth.ts';
import { createDashboard } from '../../../src/web/dashboard/create-dashboard.ts';
import { Guesses } from '../../../src/web/dashboard/guesses.ts';
import { checkExposure } from '../../../src/web/dashboard/serve.ts';
import { bigRun, MemoryMonitor } from './memory-monitor.ts';

const password = 'correct horse: battery';
const token = 'a1b2c3d4e5f6';
const basic = (user: string, secret: string) =>
  `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;

const monitor = new MemoryMonitor();
monitor.add(bigRun());
const dashboard = (credentials: { password?: string; token?: string }) =>
  createDashboard({ monitor, ping: async () => 'PONG', credentials }).app;

const protectedRoutes = [
  '/',
  '/runs/night-0412',
  '/api/runs',
  '/api/runs/night-0412/cases',
  '/api/events',
  '/metrics',
  '/static/dashboard.js',
  '/queues',
  '/queues/api/queues',
  '/nowhere',
];

test.each([
  ['none', undefined, 401],
  ['empty', '', 401],
  ['the password', basic('anybody', password), 200],
  ['the password, no user', basic('', password), 200],
  ['the scheme in capitals', basic('a', password).replace('Basic', 'BASIC'), 200],
  ['a wrong password', basic('anybody', `${password}x`), 401],
  ['the start of the password', basic('anybody', password.slice(0, -1)), 401],
  ['no colon', `Basic ${Buffer.from(password).toString('base64')}`, 401],
  ['no base64', 'Basic !!!', 401],
  ['the password as a token', `Bearer ${token}z`, 401],
  ['the token', `Bearer ${token}`, 200],
  ['the token as a password', basic('anybody', token), 401],
  ['another scheme', `Digest ${token}`, 401],
])('with both set: %s', async (_, authorization, status) => {
  const headers = authorization === undefined ? {} : { authorization };
  const answer = await dashboard({ password, token }).request('/api/runs', { headers });
  expect(answer.status).toBe(status);
});

test('a scheme whose secret is not set lets nobody in', async () => {
  const onlyToken = dashboard({ token });
  for (const authorization of [basic('a', ''), basic('a', 'undefined'), basic('a', token)]) {
    expect((await onlyToken.request('/', { headers: { authorization } })).status).toBe(401);
  }
  const onlyPassword = dashboard({ password });
  for (const authorization of ['Bearer undefined', `Bearer ${password}`]) {
    expect((await onlyPassword.request('/', { headers: { authorization } })).status).toBe(401);
  }
});

test.each(protectedRoutes)('%s needs credentials, and says nothing without', async (route) => {
  const answer = await dashboard({ password }).request(route);
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="voxtally"/);
  expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(await answer.text()).toBe('A password or token is needed.\n');
});

test('only /healthz answers without, and says no more than ok', async () => {
  const answer = await dashboard({ password }).request('/healthz');
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
});

test.each([
  [{}, undefined],
  [{ host: '127.0.0.1' }, undefined],
  [{ host: '::1' }, undefined],
  [{ host: 'localhost' }, undefined],
  [{ host: '0.0.0.0' }, 'dashboard-open'],
  [{ host: '::' }, 'dashboard-open'],
  [{ host: '192.168.1.4' }, 'dashboard-open'],
  [{ host: '127.0.0.1.example.org' }, 'dashboard-open'],
  [{ host: '0.0.0.0', credentials: {} }, 'dashboard-open'],
  [{ host: '0.0.0.0', credentials: { password } }, undefined],
  [{ host: '0.0.0.0', credentials: { token } }, undefined],
  [{ allowWrites: true }, 'dashboard-writes-open'],
  [{ allowWrites: true, credentials: { token } }, undefined],
  [{ credentials: { password: 'short' } }, 'secret-too-short'],
  [{ credentials: { password: '' } }, 'secret-too-short'],
  [{ credentials: { password: ' '.repeat(8) } }, 'secret-too-short'],
  [{ credentials: { password: 'abababababab' } }, 'secret-too-short'],
  [{ credentials: { token: 'two words of it' } }, 'token-characters'],
])('exposure %j: %s', (options, code) => {
  if (code === undefined) expect(() => checkExposure(options)).not.toThrow();
  else expect(() => checkExposure(options)).toThrow(expect.objectContaining({ code }));
});

test('a secret in a message would end up in logs', () => {
  expect(() => checkCredentials({ token: 'abcdefg' })).toThrow(/token has 7 characters/);
  expect(() => checkCredentials({ token: 'abcdefg' })).not.toThrow(/abcdefg/);
});

test('ten wrong passwords from an address, and it waits, with the right one as well; others do not', async () => {
  const guarded = dashboard({ password });
  const ask = (secret: string | undefined, remoteAddress: string) =>
    guarded.request(
      '/api/runs',
      secret === undefined ? {} : { headers: { authorization: basic('a', secret) } },
      { incoming: { socket: { remoteAddress }, url: '/api/runs' } },
    );
  for (let guess = 0; guess < 10; guess++) {
    // A browser that asks without a password is no guess.
    expect((await ask(undefined, '10.0.0.1')).status).toBe(401);
    expect((await ask(`guess ${guess}`, '10.0.0.1')).status).toBe(401);
  }
  const refused = await ask(password, '10.0.0.1');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
  expect((await ask(password, '10.0.0.2')).status).toBe(200);
});

test('the wait is over after a minute, and only so many addresses are remembered', () => {
  let now = 0;
  const guesses = new Guesses(() => now);
  for (let guess = 0; guess < 10; guess++) guesses.wrong('a');
  expect(guesses.waitSeconds('a')).toBe(60);
  now = 60_001;
  expect(guesses.waitSeconds('a')).toBe(0);
  guesses.wrong('a');
  expect(guesses.waitSeconds('a')).toBe(0);
  for (let guess = 0; guess < 10; guess++) guesses.wrong('b');
  for (let client = 0; client < 10_000; client++) guesses.wrong(`c${client}`);
  expect(guesses.waitSeconds('b')).toBe(0);
});
