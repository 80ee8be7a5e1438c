/** What can be done with a run from its page, and by whom. */
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { createDashboard, type DashboardOptions } from '../../../src/web/dashboard/create-dashboard.ts';
import { MemoryMonitor, MemoryRun } from './memory-monitor.ts';

const password = 'a night at the lake';
const authorization = `Basic ${btoa(`me:${password}`)}`;

function dashboard(options: Partial<DashboardOptions> = {}) {
  const monitor = new MemoryMonitor();
  const run = monitor.add(new MemoryRun('r1', ['one', 'two']));
  const calls: unknown[][] = [];
  const control = {
    cancel: async (id: string) => void calls.push(['cancel', id]),
    retry: async (id: string) => void calls.push(['retry', id]),
    prioritise: async (id: string, priority: number) => void calls.push(['priority', id, priority]),
  };
  const { app } = createDashboard({
    ...{ monitor, ping: async () => 'PONG', credentials: { password }, allowWrites: true, control },
    ...options,
  });
  const page = async () => (await app.request('/runs/r1', { headers: { authorization } })).text();
  const post = (action: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    app.request(`/runs/r1/${action}`, {
      method: 'POST',
      headers: { authorization, host: 'localhost', 'sec-fetch-site': 'same-origin', ...headers },
      body: new URLSearchParams(fields),
    });
  const token = async (action: string) =>
    new RegExp(`action="/runs/r1/${action}"><input type="hidden" name="token" value="([^"]+)"`).exec(
      await page(),
    )?.[1];
  return { run, calls, control, page, post, token };
}

describe('actions', () => {
  test('a run that goes on can be cancelled and moved, one that is over tried again', async () => {
    const { run, calls, post, token } = dashboard();
    expect(await token('retry')).toBeUndefined();
    const cancelled = await post('cancel', { token: (await token('cancel'))! });
    expect([cancelled.status, cancelled.headers.get('location')]).toEqual([303, '/runs/r1']);
    expect((await post('priority', { token: (await token('priority'))!, priority: '7' })).status).toBe(303);
    run.set(0, 'ok');
    run.set(1, 'failed', { code: 'no-file', message: 'gone' });
    run.state = 'done';
    // Answers of the monitor serve for half a second.
    await expect.poll(() => token('retry'), { timeout: 30_000 }).toBeDefined();
    expect(await token('cancel')).toBeUndefined();
    expect((await post('retry', { token: (await token('retry'))! })).status).toBe(303);
    expect(calls).toEqual([
      ['cancel', 'r1'],
      ['priority', 'r1', 7],
      ['retry', 'r1'],
    ]);
  });

  test('nothing is done without credentials, from another site, or without the token of that very form', async () => {
    const { calls, post, token } = dashboard();
    const own = (await token('cancel'))!;
    expect((await post('cancel', { token: own }, { authorization: 'Basic bWU6bm8=' })).status).toBe(401);
    expect((await post('cancel', { token: own }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post('cancel', { token: own }, { 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await post('cancel', {})).status).toBe(400);
    expect((await post('cancel', { token: 'guess' })).status).toBe(403);
    expect((await post('cancel', { token: (await token('priority'))! })).status).toBe(403);
    expect((await post('cancel', { token: (await dashboard().token('cancel'))! })).status).toBe(403);
    expect((await post('priority', { token: (await token('priority'))!, priority: '0' })).status).toBe(400);
    expect((await post('remove', { token: own })).status).toBe(404);
    expect(calls).toEqual([]);
  });

  test('a dashboard that may not write shows no form and takes none', async () => {
    const { page, post, calls } = dashboard({ allowWrites: false });
    expect(await page()).not.toContain('<form method="post"');
    expect((await post('cancel', { token: 'x' })).status).toBe(405);
    expect(calls).toEqual([]);
  });

  test('what the engine refuses is told', async () => {
    const { control, post, token } = dashboard();
    control.cancel = async () => {
      throw new UsageError('run-over', 'run r1 is over already', { field: 'run' });
    };
    const answer = await post('cancel', { token: (await token('cancel'))! });
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain('run r1 is over already');
  });
});
