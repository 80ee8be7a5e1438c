import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type RunningDashboard, serveDashboard } from '../../../src/web/dashboard/serve.ts';
import { RedisServer } from '../../engines/redis/redis-server.ts';
import { startBrowser } from './browser.ts';
import { bigRun, MemoryMonitor } from './memory-monitor.ts';

const token = 'a-token-for-programs';
const password = 'a password for people';
const bearer = { authorization: `Bearer ${token}` };
let redis: RedisServer;
let queue: Queue;
let dashboard: RunningDashboard | undefined;

beforeAll(async () => {
  redis = await RedisServer.start();
  queue = new Queue('tiles', {
    connection: { host: '127.0.0.1', port: redis.port },
    prefix: `test-${randomUUID()}`,
  });
  await queue.addBulk(
    Array.from({ length: 30 }, (_, tile) => ({ name: 'tile', data: { run: 'r', case: 0, tile } })),
  );
});
afterEach(() => dashboard?.close());
afterAll(async () => {
  await queue.close();
  await redis.remove();
});

async function serve(allowWrites: boolean): Promise<string> {
  const monitor = new MemoryMonitor();
  monitor.add(bigRun());
  dashboard = await serveDashboard({
    monitor,
    ping: () => queue.count(),
    queues: [queue],
    credentials: { token, password },
    allowWrites,
    port: 0,
  });
  return dashboard.url;
}

const pause = (url: string, headers: Record<string, string>) =>
  fetch(`${url}/queues/api/queues/tiles/pause`, { method: 'PUT', headers });

test('bull-board needs credentials', async () => {
  const url = await serve(false);
  for (const path of [
    '/queues',
    '/queues/',
    '/queues/api/queues',
    '/queues/queue/tiles',
    '/queues/static/images/logo.svg',
  ]) {
    expect((await fetch(url + path)).status, path).toBe(401);
    expect((await fetch(url + path, { headers: bearer })).status, path).toBe(200);
  }
  const listed = await fetch(`${url}/queues/api/queues`, { headers: bearer });
  expect(((await listed.json()) as { queues: unknown }).queues).toMatchObject([
    { name: 'tiles', readOnlyMode: true, counts: { waiting: 30 } },
  ]);
});

test('it changes nothing unless writes are allowed', async () => {
  const url = await serve(false);
  expect((await pause(url, bearer)).status).toBe(405);
  expect(await queue.isPaused()).toBe(false);
});

test('allowed writes need credentials and come from no other site', async () => {
  const url = await serve(true);
  expect((await pause(url, {})).status).toBe(401);
  expect((await pause(url, { ...bearer, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await pause(url, { ...bearer, origin: 'http://evil.example' })).status).toBe(403);
  expect(await queue.isPaused()).toBe(false);
  expect((await pause(url, { ...bearer, origin: url })).status).toBe(200);
  expect(await queue.isPaused()).toBe(true);
  await queue.resume();
});

test('the queue is counted in the metrics', async () => {
  const url = await serve(false);
  const text = await fetch(`${url}/metrics`, { headers: bearer }).then((answer) => answer.text());
  expect(text).toContain('voxtally_queue_jobs{queue="tiles",state="waiting"} 30\n');
});

test('in a browser it works under its own policy and asks no other host', async () => {
  const url = await serve(false);
  const browser = await startBrowser({ username: 'anybody', password });
  try {
    const { page, complaints, requests } = await browser.open(`${url}/queues/queue/tiles`);
    await page.waitForSelector('text=tile >> nth=0');
    await page.waitForSelector(':text("30")');
    expect(
      requests.filter((address) => !address.startsWith(`${url}/`) && !address.startsWith('data:')),
    ).toEqual([]);
    expect(complaints).toEqual([]);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/queues.png` });
  } finally {
    await browser.close();
  }
});
