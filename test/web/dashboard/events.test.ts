import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChangeFeed, eventRoutes } from '../../../src/web/dashboard/events.ts';
import { MemoryMonitor, MemoryRun } from './memory-monitor.ts';

let monitor: MemoryMonitor;
let feed: ChangeFeed;
let closing: AbortController;
let server: Server;
let address: string;

beforeEach(async () => {
  monitor = new MemoryMonitor();
  feed = new ChangeFeed(monitor);
  closing = new AbortController();
  const routes = eventRoutes(monitor, feed, closing.signal);
  routes.onError((_, context) => context.text('fault', 500));
  server = createAdaptorServer({ fetch: routes.fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
});
afterEach(async () => {
  closing.abort();
  feed.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The events of a stream as they come. */
async function* events(answer: Response): AsyncGenerator<{ name: string; data: string }> {
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(text.slice(0, end))?.[1] ?? '';
      const event = { name: field('event'), data: field('data') };
      text = text.slice(end + 2);
      yield event;
    }
  }
}

test('a viewer of one run hears of that run only, with its status', async () => {
  const [one, other] = [new MemoryRun('one', ['a']), new MemoryRun('other', ['a'])].map((run) =>
    monitor.add(run),
  );
  const answer = await fetch(`${address}?run=one`);
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  const stream = events(answer);
  expect((await stream.next()).value).toMatchObject({ name: 'ready' });
  one!.set(0, 'ok');
  monitor.change(other!);
  monitor.change(one!);
  const { value } = await stream.next();
  expect(value!.name).toBe('run');
  expect(JSON.parse(value!.data)).toEqual(one!.status());
  await stream.return(undefined);
});

test('many viewers are one watch, and those who leave are forgotten', async () => {
  const run = monitor.add(new MemoryRun('one', ['a']));
  const viewers = Array.from({ length: 5 }, () => new AbortController());
  await Promise.all(
    viewers.map(async ({ signal }) => (await events(await fetch(address, { signal })).next()).value),
  );
  expect([feed.viewers, monitor.watchers.size]).toEqual([5, 1]);
  for (const viewer of viewers) viewer.abort();
  await expect.poll(() => feed.viewers).toBe(0);
  monitor.change(run);
  feed.close();
  await expect.poll(() => monitor.watchers.size).toBe(0);
});

test('HEAD opens no stream', async () => {
  expect((await fetch(address, { method: 'HEAD' })).status).toBe(200);
  expect(feed.viewers).toBe(0);
});

test('a watch that fails is tried again with the next viewer', async () => {
  monitor.fault = new Error('Redis is away');
  expect((await fetch(address)).status).toBe(500);
  expect(feed.viewers).toBe(0);
  monitor.fault = undefined;
  expect((await events(await fetch(address)).next()).value).toMatchObject({ name: 'ready' });
});

test('a stream ends when the dashboard closes, and when a run cannot be read', async () => {
  const run = monitor.add(new MemoryRun('one', ['a']));
  const [closed, failed] = [events(await fetch(address)), events(await fetch(address))];
  await Promise.all([closed.next(), failed.next()]);
  monitor.fault = new Error('Redis is away');
  monitor.change(run);
  expect((await failed.next()).done).toBe(true);
  closing.abort();
  expect((await closed.next()).done).toBe(true);
  expect(feed.viewers).toBe(0);
});
