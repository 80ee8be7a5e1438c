/** The boxes with the most error on the page of a case: where it starts, and how the list moves the crosshair. */
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { worldOf } from '../../../src/questions/errors/worst-boxes.ts';
import { planCase } from '../../../src/run/plan/case-plan.ts';
import { RunFolder } from '../../../src/run/run-folder.ts';
import { resolveSettings } from '../../../src/settings/resolve-settings.ts';
import { configSchema } from '../../../src/settings/schema.ts';
import { CaseReducer } from '../../../src/web/viewer/case-reducer.ts';
import { FinishedCases } from '../../../src/web/viewer/finished-cases.ts';
import { disagreement, reduceCase } from '../../../src/web/viewer/reduce-case.ts';
import { viewerApp } from '../../../src/web/viewer/serve-viewer.ts';
import { type Made, makeCase } from '../../questions/errors/volumes.ts';
import { score, temporaryFolder } from '../../run/support.ts';
import { startBrowser } from '../dashboard/browser.ts';

const path = temporaryFolder();
const webgl = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const config = { scores: 'probability', classes: { core: [1] }, losses: 'dice' } as const;
const reducer = new CaseReducer();
let made: Made;
let server: ServerType;
let url = '';

beforeAll(async () => {
  made = await makeCase(path, 'one', { shape: [24, 20, 16] });
  await score([made.entry], { ...config, tile: { shape: [8, 8, 8] } }, path('out'));
  const flat = await makeCase(path, 'flat', { shape: [24, 20, 1] });
  await score([flat.entry], config, path('flat'));
  await score([made.entry], config, path('planes'));
  server = serve({
    fetch: viewerApp(new FinishedCases(path('out'), reducer)).fetch,
    port: 0,
    hostname: '127.0.0.1',
  });
  await new Promise((listening) => server.once('listening', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await reducer.close();
});

test('the page lists the worst boxes, worst first, and starts in the first', async () => {
  const cases = new FinishedCases(path('out'), reducer);
  const boxes = cases.boxes(0, 'core');
  expect(boxes).toHaveLength(12);
  const shares = boxes.map(({ share }) => share);
  expect(shares).toEqual([...shares].sort((a, b) => b - a));
  const { origin, stride, worst, affine } = await cases.reduced(0, 'core');
  expect(stride).toEqual([1, 1, 1]);
  const [{ box }] = boxes as [(typeof boxes)[0]];
  for (const axis of [0, 1, 2] as const) {
    const voxel = origin[axis] + worst[axis];
    expect(voxel).toBeGreaterThanOrEqual(box.origin[axis]);
    expect(voxel).toBeLessThan(box.origin[axis] + box.shape[axis]);
  }
  // The middle of the box lies there in the volumes that are shown as well.
  const shown = box.origin.map((first, axis) => first + (box.shape[axis]! - 1) / 2 - origin[axis]!);
  for (const [axis, mm] of worldOf(affine, [shown[0]!, shown[1]!, shown[2]!]).entries()) {
    expect(boxes[0]!.mm[axis]).toBeCloseTo(mm, 3);
  }
  const page = await (await fetch(`${url}/runs/results/look/0`)).text();
  expect(page.match(/<li><button type="button" data-mm=/g)).toHaveLength(12);
  expect(page).toContain('in the box with the most error and its worst axial slice');
});

test('a case of one plane, or without a list, has the page as before', async () => {
  const app = (out: string) => viewerApp(new FinishedCases(path(out), reducer));
  await score([made.entry], { ...config, tile: { shape: [8, 8, 8] } }, path('old'));
  rmSync(new RunFolder(path('old', 'work')).caseErrors(0));
  for (const out of ['flat', 'old']) {
    const page = await app(out).request('/runs/results/look/0', { headers: { host: 'localhost' } });
    const text = await page.text();
    expect(page.status).toBe(200);
    expect(text).not.toContain('Boxes with the most error');
    expect(text).toContain('in the axial slice with the most error');
  }
});

test('of a run with default tiles it lists planes, and starts in the worst', async () => {
  const cases = new FinishedCases(path('planes'), reducer);
  const boxes = cases.boxes(0, 'core');
  const { origin, worst, shape } = await cases.reduced(0, 'core');
  expect(boxes[0]!.box.shape).toEqual([24, 20, 1]);
  expect(origin[2] + worst[2]).toBe(boxes[0]!.box.origin[2]);
  const error = disagreement(await cases.reduced(0, 'core')).map(Math.abs);
  const planes = Array.from({ length: shape[2] }, (_, z) =>
    error
      .slice(z * shape[0] * shape[1], (z + 1) * shape[0] * shape[1])
      .reduce((sum, value) => sum + value, 0),
  );
  expect(planes.indexOf(Math.max(...planes))).toBe(worst[2]);
});

test('the slice to start in is looked for in the box that is given', async () => {
  const { settings } = await resolveSettings(configSchema.parse({ threads: 1, ...config }), [made.entry]);
  const plan = await planCase(made.entry, 0, settings);
  const reduced = await reduceCase(plan, settings, 'core');
  const [error, { shape }] = [disagreement(reduced).map(Math.abs), reduced];
  const box = { origin: [16, 4, 9], shape: [8, 5, 3] } as const;
  const { worst } = await reduceCase(plan, settings, 'core', box);
  const sums = [9, 10, 11].map((z) => {
    let sum = 0;
    for (let y = 4; y < 9; y++)
      for (let x = 16; x < 24; x++) sum += error[x + shape[0] * (y + shape[1] * z)]!;
    return sum;
  });
  expect(worst[2]).toBe(9 + sums.indexOf(Math.max(...sums)));
  expect([worst[0] >= 16, worst[1] >= 4 && worst[1] < 9]).toEqual([true, true]);
  expect(error[worst[0] + shape[0] * (worst[1] + shape[1] * worst[2])]).toBeGreaterThan(0);
});

test('the keyboard goes through the boxes, and each moves the crosshair to its middle', async () => {
  const browser = await startBrowser(undefined, webgl);
  try {
    const { page, complaints } = await browser.open(`${url}/runs/results/look/0`);
    await page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
    const buttons = page.locator('.boxes button');
    await buttons.nth(1).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const mm = (await buttons.nth(2).getAttribute('data-mm'))!.split(',').map(Number);
    const where = (await page.textContent('#where'))!
      .match(/at \[(.*)\] mm/)![1]!
      .split(',')
      .map(Number);
    for (const [axis, value] of mm.entries()) expect(Math.abs(where[axis]! - value)).toBeLessThan(0.06);
    expect(await page.locator('.boxes [aria-current=true]').count()).toBe(1);
    expect(await buttons.nth(2).getAttribute('aria-current')).toBe('true');
    await page.click('#worst');
    expect(await page.locator('.boxes [aria-current]').count()).toBe(0);
    expect(complaints.filter((text) => !text.includes('GL Driver Message'))).toEqual([]);
  } finally {
    await browser.close();
  }
}, 120_000);
