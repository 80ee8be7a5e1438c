/** The dashboard as a command over a real queue: workers, a run with a broken case, Redis lost and back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { resultsOf } from '../../../src/engines/redis/run-record.ts';
import type { History, PooledSoFar } from '../../../src/engines/status.ts';
import type { ResultsDocument } from '../../../src/results/document.ts';
import { redisForTests } from '../../engines/redis/redis-for-tests.ts';
import { program, type TestCluster } from '../../engines/redis/test-cluster.ts';
import { follows } from './api-answers.ts';
import { type Browser, startBrowser } from './browser.ts';

const password = 'a night at the lake';
const authorization = `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
const redis = redisForTests();
let browser: Browser;
let cluster: TestCluster;
const children: ChildProcess[] = [];

beforeAll(async () => {
  browser = await startBrowser({ username: 'me', password });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => browser.close());

interface Command {
  readonly url: string;
  readonly log: () => string;
  /** Ends it as a service is ended; gives the exit status. */
  stop(): Promise<number | null>;
}

async function startDashboard(...flags: string[]): Promise<Command> {
  const passwordFile = join(cluster.folder, 'password');
  writeFileSync(passwordFile, `${password}\n`);
  const child = spawn(
    process.execPath,
    [program, 'dashboard', ...cluster.flags, '--port', '0', '--password-file', passwordFile, ...flags],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  );
  children.push(child);
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      log += chunk;
      const ready = /"url":"([^"]+)"/.exec(log);
      if (ready) resolve(ready[1]!);
    });
    child.once('exit', (code) => reject(new Error(`dashboard ended with ${code}: ${log}`)));
  });
  return {
    url,
    log: () => log,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      return (await ended)[0] as number | null;
    },
  };
}

const get = (url: string) => fetch(url, { headers: { authorization } });

test('a run is watched from its start to its end', async () => {
  cluster = await redis.cluster({
    cases: 8,
    shape: [32, 32, 40],
    tileZ: 4,
    broken: (index) => index === 3,
  });
  const dashboard = await startDashboard('--data-root', cluster.dataRoot);
  const run = await cluster.submit('out');
  expect((await get(`${dashboard.url}/runs/${run}/look`)).status).toBe(404);
  const { page, complaints, requests } = await browser.open(`${dashboard.url}/runs/${run}`);
  expect(await page.title()).toBe(`0 % of run ${run} - Voxtally`);
  await page.waitForSelector('.done:has-text("0 of 8 cases")');
  await page.waitForSelector('#live[data-state=live]');
  const [first, second] = await Promise.all([cluster.worker(), cluster.worker()]);
  await page.waitForSelector('.badge[data-state=partly]:has-text("1 failed")');
  await page.waitForSelector('.done:has-text("8 of 8 cases")');
  await page.waitForSelector('section.failures th:has-text("patient-003")');
  await page.waitForSelector('section:has(#pooled) .basis:has-text("7 scored cases")');
  expect(await page.locator('section:has(#workers) tbody tr').count()).toBe(2);
  expect(complaints).toEqual([]);
  expect(requests.filter((address) => !address.startsWith(`${dashboard.url}/`))).toEqual([]);
  if (process.env.SCREENSHOTS) {
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/real.png`, fullPage: true });
  }

  const file = resultsOf(cluster.runFolder(run)).pathOf('results.json');
  const results = JSON.parse(readFileSync(file, 'utf8')) as ResultsDocument;
  const pooled = (await get(`${dashboard.url}/api/runs/${run}/pooled`).then((answer) =>
    answer.json(),
  )) as PooledSoFar;
  const lesion = results.pooled!.classes.lesion!;
  expect(pooled.classes.lesion).toMatchObject({
    metrics: { dice: lesion.metrics.dice, diceByMm3: lesion.metrics.diceByMm3 },
    losses: { dice_loss: lesion.losses.dice },
  });

  const look = `${dashboard.url}/runs/${run}/look`;
  for (const address of [look, `${look}/0`, `${look}/0/view`, `${look}/3`]) {
    expect((await get(address)).status).toBe(200);
    expect((await fetch(address)).status).toBe(401);
  }
  expect((await get(`${look}/9`)).status).toBe(404);

  const ask = async (path: string) => (await (await get(dashboard.url + path)).json()) as never;
  await follows(ask, run);
  // Workers tell of their last tiles a moment after the run has ended.
  const sums = async (path: string) => {
    const { cases, failures, voxels } = (await ask(path)) as History;
    return [cases, failures, voxels].map((list) => list.reduce((total, value) => total + value, 0));
  };
  const voxels = 7 * 32 * 32 * 40;
  await expect.poll(() => sums(`/api/runs/${run}/history`), { timeout: 30_000 }).toEqual([8, 1, voxels]);
  expect(await sums('/api/history')).toEqual([8, 1, voxels]);

  const metrics = await get(`${dashboard.url}/metrics`).then((answer) => answer.text());
  expect(metrics).toContain(`voxtally_cases{run="${run}",status="ok"} 7\n`);
  expect(metrics).toContain(`voxtally_tiles_total{run="${run}"} 70\n`);
  expect(metrics).toMatch(/voxtally_queue_jobs_ended_total\{queue="tiles",outcome="completed"\} [1-9]/);
  expect(metrics).toContain(`voxtally_tile_seconds_bucket{run="${run}",le="+Inf"} 70\n`);
  expect(metrics).toMatch(/voxtally_thread_seconds_total\{worker="worker-\w+",doing="computing"\} [0-9.]+\n/);
  expect(metrics).not.toContain('patient');
  await Promise.all([first, second].map((worker) => worker.kill('SIGTERM')));
  expect(await dashboard.stop()).toBe(0);
  expect(dashboard.log()).not.toContain('patient');
  expect(dashboard.log()).not.toContain(password);
});

test('from the page: another priority, cancelled, gone on with, and to its report and its cases', async () => {
  cluster = await redis.cluster({ cases: 3, flags: { name: 'night of May' } });
  const dashboard = await startDashboard('--allow-writes', '--data-root', cluster.dataRoot);
  const run = await cluster.submit('out');
  const watched = await browser.open(dashboard.url);
  const { page } = watched;
  await page.getByRole('link', { name: 'night of May' }).click();
  await page.waitForURL(`**/runs/${run}`);
  await page.getByLabel('Priority, lower is sooner').fill('7');
  await page.getByRole('button', { name: 'Set' }).click();
  await page.waitForSelector('.facts div:has(dt:text-is("Priority")) dd:text-is("7")');
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await page.waitForSelector('h1 + .badge:has-text("Cancelled")');
  await page.getByRole('button', { name: 'Go on with the run' }).click();
  await page.waitForSelector('h1 + .badge:has-text("Planning")');
  expect(await page.getByRole('link', { name: 'Report' }).count()).toBe(0);
  await cluster.worker();
  await page.waitForSelector('h1 + .badge:has-text("Done")');
  await page.getByRole('link', { name: 'Report', exact: true }).click();
  await page.waitForSelector('h1:has-text("night of May")');
  await page.goBack();
  await page.getByRole('link', { name: 'Cases in the viewer, worst first' }).click();
  await page.waitForSelector('h1:has-text("worst first")');
  await page.getByRole('link', { name: 'patient-001' }).first().click();
  await page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
  expect(watched.complaints.filter((text) => !text.includes('GL Driver'))).toEqual([]);
});

test('10,000 cases on a real queue: the page within a second, in less than 300 kB', async () => {
  cluster = await redis.cluster({ cases: 1 });
  const [first] = cluster.cases;
  for (let index = 1; index < 10_000; index++) cluster.cases.push({ ...first!, id: `study-${index}` });
  const run = await cluster.submit('out');
  const dashboard = await startDashboard();
  await cluster.worker();
  await cluster.until(async () => (await cluster.monitor.run(run))!.cases.ok > 20);
  const { page, complaints } = await browser.open(`${dashboard.url}/`);
  // The machine is shared with a worker at full speed: the best of three loads.
  let [milliseconds, bytes] = [Number.POSITIVE_INFINITY, 0];
  for (let load = 0; load < 3; load++) {
    const before = performance.now();
    const answer = await page.goto(`${dashboard.url}/runs/${run}?page=100`, { waitUntil: 'load' });
    milliseconds = Math.min(milliseconds, performance.now() - before);
    bytes = (await answer!.body()).length;
  }
  console.log(`page over a real queue: ${milliseconds.toFixed(0)} ms, ${(bytes / 1000).toFixed(1)} kB`);
  expect(await page.locator('section:has(#cases) tbody tr').count()).toBe(100);
  expect(await page.locator('section:has(#cases) tbody th').last().textContent()).toBe('study-9999');
  expect(milliseconds).toBeLessThan(1_000);
  expect(bytes).toBeLessThan(300_000);
  expect(complaints).toEqual([]);
});

test('Redis goes and comes back: 503, and then the runs again', async () => {
  cluster = await redis.cluster({ cases: 1 });
  const dashboard = await startDashboard();
  const health = async () => (await fetch(`${dashboard.url}/healthz`)).status;
  expect(await health()).toBe(200);
  await redis.server.kill();
  await expect.poll(health, { timeout: 30_000, interval: 200 }).toBe(503);
  const { page } = await browser.open(`${dashboard.url}/`);
  expect(await page.textContent('h1')).toBe('Redis does not answer');
  await redis.server.restart();
  await expect.poll(health, { timeout: 30_000, interval: 200 }).toBe(200);
  // The page has come again by itself.
  await page.waitForSelector('h1:has-text("Runs")');
  expect(await dashboard.stop()).toBe(0);
});

test('a dashboard that cannot be safe or cannot be does not start', async () => {
  cluster = await redis.cluster({ cases: 1 });
  const run = async (...flags: string[]) => {
    const child = spawn(process.execPath, [program, 'dashboard', ...cluster.flags, ...flags], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    const [status] = await once(child, 'close');
    return { status, text };
  };
  expect(await run('--host', '0.0.0.0')).toMatchObject({
    status: 2,
    text: expect.stringContaining('open to everybody'),
  });
  expect(await run('--allow-writes')).toMatchObject({
    status: 2,
    text: expect.stringContaining('--allow-writes'),
  });
  expect(await run('--port', 'http')).toMatchObject({ status: 2, text: expect.stringContaining('--port') });
  expect(await run('--password-file', join(cluster.folder, 'none'))).toMatchObject({
    status: 2,
    text: expect.stringContaining('cannot be read'),
  });
});
