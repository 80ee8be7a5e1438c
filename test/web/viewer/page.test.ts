/** The viewer's pages in a browser. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeNifti } from '../../../src/volumes/nifti/write.ts';
import { casesPage } from '../../../src/web/viewer/case-page.ts';
import { CaseReducer } from '../../../src/web/viewer/case-reducer.ts';
import { FinishedCases } from '../../../src/web/viewer/finished-cases.ts';
import { viewerApp } from '../../../src/web/viewer/serve-viewer.ts';
import { score, temporaryFolder } from '../../questions/ask/runs.ts';
import { type Browser, expectAccessible, expectQuiet, startBrowser } from '../dashboard/browser.ts';

const at = temporaryFolder();
const markup = `<img src=x onerror="document.title='taken'"><b>1</b>`;
const className = 'core';
const webgl = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const reducer = new CaseReducer();
let server: Server;
let browser: Browser;
let url = '';

const shape = [24, 20, 16] as const;
/** First and last slice; both blocks reach from 6 to 17 along x and from 5 to 14 along y. */
const blocks = { prediction: [4, 9], reference: [6, 13] } as const;

function block([first, last]: readonly [number, number], inside: number): number[] {
  return Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => {
    const [x, y, z] = [
      i % shape[0],
      Math.floor(i / shape[0]) % shape[1],
      Math.floor(i / shape[0] / shape[1]),
    ];
    return x > 5 && x < 18 && y > 4 && y < 15 && z >= first && z <= last ? inside : 0;
  });
}

beforeAll(async () => {
  // Stored from right to left and from front to back, as DICOM has it.
  const affine = [-2, 0, 0, 40, 0, -2, 0, 30, 0, 0, 3, -20, 0, 0, 0, 1];
  for (const name of ['prediction', 'reference'] as const) {
    const data = Uint8Array.from(block(blocks[name], 1));
    await writeNifti(at(`${name}.nii`), { shape, affine, datatype: 'uint8', data });
  }
  const files = { predictions: [at('prediction.nii')], reference: at('reference.nii') };
  const gone = { predictions: [at('no.nii')], reference: at('no-reference.nii') };
  const cases = [
    { id: markup, group: markup, ...files },
    { id: 'gone', ...gone },
    ...Array.from({ length: 120 }, (_, i) => ({ id: `case-${i}`, ...files })),
  ];
  const config = { scores: 'label', classes: { [className]: [1], rim: [2] }, losses: 'dice' } as const;
  await score(cases, config, at('out'));
  const app = viewerApp(new FinishedCases(at('out'), reducer));
  server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await startBrowser(undefined, webgl);
});
afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  server.close();
  await reducer.close();
});

async function openCase() {
  const watched = await browser.open(`${url}/runs/results/look/0`);
  await watched.page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
  return watched;
}

const where = (page: Page) => page.textContent('#where');

/** Pixels of the picture by what they show. */
async function pictured(page: Page): Promise<Record<'missed' | 'extra' | 'both', number>> {
  const png = (await page.locator('#stage').screenshot()).toString('base64');
  const blank = await browser.context.newPage();
  const counts = await blank.evaluate(`(${countColours})('${png}')`);
  await blank.close();
  return counts as Awaited<ReturnType<typeof pictured>>;
}

/** Runs in the browser. */
const countColours = `async (png) => {
  const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const counts = { missed: 0, extra: 0, both: 0 };
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue] = data.slice(at, at + 3);
    if (red > 180 && green > 100 && green < 190 && blue < 90) counts.missed++;
    else if (red > 200 && green < 110 && blue > 40 && blue < 160) counts.extra++;
    else if (red > 140 && red < 200 && green > 160 && blue > 230) counts.both++;
  }
  return counts;
}`;

test('the volumes lie over each other, starting in the worst slice, and nobody else is asked', async () => {
  const watched = await openCase();
  const { page, requests } = watched;
  expect(await where(page)).toBe('Voxel [6, 5, 4] at [28.0, 20.0, -8.0] mm: prediction 1.00, reference 0');
  expect(await page.textContent('.legend')).toMatch(/prediction.*reference.*both agree.*missed.*extra/s);
  const { missed, extra, both } = await pictured(page);
  expect(Math.min(missed, extra, both)).toBeGreaterThan(1_000);
  // Four slices are missed and two are extra; the axial plane shows one that is extra.
  expect(missed).toBeGreaterThan(both / 2);

  await page.selectOption('select[name=view]', 'axial');
  expect(await pictured(page)).toMatchObject({ missed: 0, both: 0 });
  await page.fill('input[name=error]', '0');
  expect((await pictured(page)).extra).toBe(0);
  expectQuiet(watched, url);
  expect(requests.filter((address) => address.endsWith('.nii'))).toHaveLength(3);
}, 120_000);

test('with the keyboard alone: slices, places, planes, classes', async () => {
  const watched = await openCase();
  const { page } = watched;
  const tabTo = async (selector: string) => {
    for (let step = 0; step < 20; step++) {
      await page.keyboard.press('Tab');
      if (!(await page.locator(selector).evaluate((one) => one.matches(':focus-visible')))) continue;
      return expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe(
        'solid',
      );
    }
    throw new Error(`${selector} is not reached`);
  };
  await tabTo('input[name=slice]');
  await page.keyboard.press('ArrowRight');
  expect(await where(page)).toContain('Voxel [6, 5, 5]');
  await tabTo('#stage');
  await page.keyboard.press('PageUp');
  expect(await where(page)).toContain(
    'Voxel [6, 5, 6] at [28.0, 20.0, -2.0] mm: prediction 1.00, reference 1',
  );
  expect(await page.inputValue('input[name=slice]')).toBe('6');
  // The patient's left is on the left of the picture; the file runs from right to left.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowUp');
  expect(await where(page)).toContain('Voxel [5, 4, 6]');
  await page.focus('#worst');
  await page.keyboard.press('Enter');
  expect(await where(page)).toContain('Voxel [6, 5, 4]');
  await page.selectOption('select[name=view]', 'sagittal');
  await page.focus('#stage');
  await page.keyboard.press('PageDown');
  expect(await where(page)).toContain('Voxel [7, 5, 4]');
  await page.selectOption('select[name=class]', 'rim');
  await page.focus('button:text("Show")');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/look/0?class=1');
  expect(await page.textContent('#values')).toBe('Class rim');
  expectQuiet(watched, url);
}, 120_000);

test('markup in the names of cases and classes stays text', async () => {
  const { page } = await openCase();
  expect(await page.textContent('h1')).toBe(markup);
  expect(await page.textContent('.title .badge')).toBe(markup);
  expect(await page.textContent('#values')).toBe(`Class ${className}`);
  expect(await page.locator('main img, main b').count()).toBe(0);
  await page.goto(`${url}/runs/results/look`);
  expect(await page.locator('tbody th a', { hasText: markup }).count()).toBe(1);
  expect(await page.locator('main img, main b').count()).toBe(0);
  expect(await page.title()).toBe('Cases - Voxtally');

  // A name that no configuration would take.
  const { results } = new FinishedCases(at('out'), reducer);
  const text = JSON.stringify(results).replaceAll(`"${className}"`, JSON.stringify(markup));
  const list = { run: 'r', results: JSON.parse(text), page: 1, links: [] };
  await page.setContent(casesPage(list)!);
  expect(await page.locator('tbody td', { hasText: markup }).count()).toBe(100);
  expect(await page.locator('main img, main b').count()).toBe(0);
}, 120_000);

test('cases are listed worst first, a hundred to a page', async () => {
  const { page } = await browser.open(`${url}/runs/results/look`);
  expect(await page.locator('tbody tr').count()).toBe(100);
  expect(await page.locator('tbody td.number').first().textContent()).toBe('0.5714');
  await page.getByRole('link', { name: 'Last' }).click();
  expect(await page.locator('tbody tr').count()).toBe(42);
  expect(await page.locator('tbody .reason').last().textContent()).toContain('nothing to find');
});

test('axe finds nothing on any page', async () => {
  const { page } = await openCase();
  await expectAccessible(page);
  for (const path of [
    '/runs/results/look',
    '/runs/results/look?page=2',
    '/runs/results/look/1',
    '/nowhere',
  ]) {
    await page.goto(url + path);
    await expectAccessible(page);
  }
}, 180_000);

test('a page without WebGL says so', async () => {
  const plain = await startBrowser(undefined, ['--disable-3d-apis']);
  try {
    const { page } = await plain.open(`${url}/runs/results/look/0`);
    await page.waitForSelector('#where:has-text("cannot be shown here")');
    expect(await page.textContent('#values')).toBe(`Class ${className}`);
  } finally {
    await plain.close();
  }
});
