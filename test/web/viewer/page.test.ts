/** The viewer's pages in a browser. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ScoredCaseResult } from '../../../src/results/document.ts';
import { writeNifti } from '../../../src/volumes/nifti/write.ts';
import { casesPage } from '../../../src/web/viewer/cases-page.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  type Browser,
  expectAccessible,
  expectQuiet,
  startBrowser,
  type Watched,
} from '../dashboard/browser.ts';
import { openCases, serveRun, testReader, webgl } from './support.ts';

const at = temporaryFolder();
const markup = `<img src=x onerror="document.title='taken'"><b>1</b>`;
const reader = testReader();
let browser: Browser;
let url = '';
let results: ReturnType<typeof openCases>['results'];

const shape = [24, 20, 16] as const;
// Stored from right to left and from front to back, as DICOM has it.
const affine = [-2, 0, 0, 40, 0, -2, 0, 30, 0, 0, 3, -20, 0, 0, 0, 1];

type Block = { readonly x: readonly [number, number]; readonly z: readonly [number, number] };

/** A label in the voxels of a block, first and last ones included; along y from 5 to 14. */
function fill(target: Uint8Array, { x: [x0, x1], z: [z0, z1] }: Block, label: number): Uint8Array {
  for (let i = 0; i < target.length; i++) {
    const [x, y, z] = [i % 24, Math.floor(i / 24) % 20, Math.floor(i / 480)];
    if (x >= x0 && x <= x1 && y > 4 && y < 15 && z >= z0 && z <= z1) target[i] = label;
  }
  return target;
}

beforeAll(async () => {
  const empty = () => new Uint8Array(24 * 20 * 16);
  const volumes = {
    // Class 1 is missed in slices 10 to 13, extra in 4 and 5; class 2 is right but for one column.
    prediction: fill(fill(empty(), { x: [6, 13], z: [4, 9] }, 1), { x: [15, 18], z: [4, 9] }, 2),
    reference: fill(fill(empty(), { x: [6, 13], z: [6, 13] }, 1), { x: [16, 18], z: [4, 9] }, 2),
  };
  for (const [name, data] of Object.entries(volumes)) {
    await writeNifti(at(`${name}.nii`), { shape, affine, datatype: 'uint8', data });
  }
  const scan = Int16Array.from({ length: 24 * 20 * 16 }, (_, i) => (i % 24 < 12 ? -900 : 60));
  await writeNifti(at('scan.nii'), { shape, affine, datatype: 'int16', data: scan });
  const short = { shape: [24, 20, 8] as const, affine, datatype: 'uint8' as const };
  await writeNifti(at('short.nii'), { ...short, data: volumes.prediction.slice(0, 24 * 20 * 8) });

  const files = { predictions: [at('prediction.nii')], reference: at('reference.nii') };
  const cases = [
    { id: markup, group: markup, ...files, image: at('scan.nii') },
    { id: 'other-grid', predictions: [at('short.nii')], reference: at('reference.nii') },
    { id: 'gone', predictions: [at('no.nii')], reference: at('no-reference.nii') },
    ...Array.from({ length: 120 }, (_, i) => ({ id: `case-${i}`, ...files })),
  ];
  const config = { scores: 'label', classes: { core: [1], rim: [2] }, losses: 'dice' } as const;
  await score(cases, config, at('out'));
  results = openCases(at('out'), reader).results;
  url = await serveRun(at('out'), reader);
  browser = await startBrowser(undefined, webgl);
});
afterAll(() => browser.close());

async function openCase(query = '', index = 0): Promise<Watched> {
  const watched = await browser.open(`${url}/runs/results/look/${index}${query}`);
  await watched.page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
  return watched;
}

const where = (page: Page) => page.textContent('#where');
const hardOf = (name: string) => (results.cases[0] as ScoredCaseResult).classes[name]!.metrics;

interface Pixels {
  readonly missed: number;
  readonly extra: number;
  readonly agree: number;
}

/** Pixels of the picture by what they show. */
async function pictured(page: Page): Promise<Pixels> {
  return (await inBlank(countColours, await screenshot(page))) as Pixels;
}

const screenshot = async (page: Page) => (await page.locator('#stage').screenshot()).toString('base64');

async function inBlank(script: string, ...values: unknown[]): Promise<unknown> {
  const blank = await browser.context.newPage();
  try {
    return await blank.evaluate(`(${script})(...${JSON.stringify(values)})`);
  } finally {
    await blank.close();
  }
}

const readPixels = `async (png) => {
  const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height);
}`;

const countColours = `async (png) => {
  const { data } = await (${readPixels})(png);
  const counts = { missed: 0, extra: 0, agree: 0 };
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue] = data.slice(at, at + 3);
    if (red > 230 && green > 140 && green < 180 && blue < 30) counts.missed++;
    else if (red > 230 && green < 70 && blue > 60 && blue < 120) counts.extra++;
    else if (red > 60 && red < 110 && green > 120 && green < 160 && blue > 230) counts.agree++;
  }
  return counts;
}`;

/** Bright pixels, as text is, in the middle of each side of the picture; and the shape of those on left and right. */
const sideLetters = `async (png) => {
  const { data, width, height } = await (${readPixels})(png);
  const bright = (x, y) => {
    const at = 4 * (x + width * y);
    return Math.min(data[at], data[at + 1], data[at + 2]) > 200;
  };
  const within = (x0, x1, y0, y1) => {
    const points = [];
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) if (bright(x, y)) points.push([x, y]);
    const [left, top] = [0, 1].map((axis) => Math.min(...points.map((point) => point[axis])));
    return points.map(([x, y]) => [x - left, y - top].join());
  };
  const [cx, cy] = [width >> 1, height >> 1];
  return {
    top: within(cx - 20, cx + 20, 0, 30),
    bottom: within(cx - 20, cx + 20, height - 30, height),
    left: within(0, 30, cy - 20, cy + 20),
    right: within(width - 30, width, cy - 20, cy + 20),
  };
}`;

test('errors are those of the results: in the case, in the slice, in the picture', async () => {
  const watched = await openCase();
  const { page, requests } = watched;
  for (const [index, name] of ['core', 'rim'].entries()) {
    await page.selectOption('#class-choice select', String(index));
    await page.waitForSelector(`#values:has-text("Class ${name}")`);
    const { tp, fp, fn } = hardOf(name);
    expect(await page.getAttribute('[data-case]', 'data-painted')).toBe([tp, fp, fn].join());
    for (const [id, count] of Object.entries({ tp, fp, fn })) {
      expect(await page.textContent(`#case-${id}`)).toBe(count.toLocaleString('en'));
    }
    const sums = { tp: 0, fp: 0, fn: 0 };
    await page.selectOption('select[name=view]', 'axial');
    for (let z = 0; z < 16; z++) {
      await page.fill('input[name=slice]', String(z));
      for (const id of ['tp', 'fp', 'fn'] as const)
        sums[id] += Number(await page.textContent(`#slice-${id}`));
    }
    expect(sums).toEqual({ tp, fp, fn });
  }
  expect(await page.isVisible('#differs')).toBe(false);
  // Slice 4 holds class 1 where the reference has none.
  await page.selectOption('#class-choice select', '0');
  await page.waitForSelector('#values:has-text("Class core")');
  await page.fill('input[name=opacity]', '100');
  await page.fill('input[name=slice]', '4');
  const [extra, missed, right] = [await pictured(page), await slice(12), await slice(7)];
  expect(extra).toMatchObject({ missed: 0, agree: 0 });
  expect(missed).toMatchObject({ extra: 0, agree: 0 });
  expect(right).toMatchObject({ extra: 0, missed: 0 });
  for (const count of [extra.extra, missed.missed, right.agree]) expect(count).toBeGreaterThan(2_000);
  expectQuiet(watched, url);
  expect(requests.filter((address) => address.includes('/view?'))).toHaveLength(1);

  async function slice(z: number): Promise<Pixels> {
    await page.fill('input[name=slice]', String(z));
    return pictured(page);
  }
});

test('letters on four sides: radiological, and switched', async () => {
  const { page } = await openCase('?voxel=8,8,7');
  await page.selectOption('select[name=view]', 'axial');
  await page.focus('#stage');
  await page.keyboard.press('Space');
  const before = (await inBlank(sideLetters, await screenshot(page))) as Record<string, string[]>;
  for (const [side, points] of Object.entries(before)) expect(points.length, side).toBeGreaterThan(10);
  await page.check('input[name=neurological]');
  const after = (await inBlank(sideLetters, await screenshot(page))) as Record<string, string[]>;
  // R takes more ink than L: it stands on the left before, and on the right after.
  expect(before.left!.length).toBeGreaterThan(1.3 * before.right!.length);
  expect(after.right!.length).toBeGreaterThan(1.3 * after.left!.length);
});

test('with the keyboard alone: slices, places, planes, masks, classes', async () => {
  const watched = await openCase('?voxel=10,8,6');
  const { page } = watched;
  const tabTo = async (selector: string) => {
    for (let step = 0; step < 30; step++) {
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
  expect(await where(page)).toContain('Voxel [10, 8, 7]');
  await tabTo('#stage');
  await page.keyboard.press('PageUp');
  expect(await where(page)).toBe(
    'Voxel [10, 8, 8] at [20.0, 14.0, 4.0] mm: prediction core, reference core, scan -900',
  );
  expect(await page.inputValue('input[name=slice]')).toBe('8');
  // The patient's left is on the right, and the file runs from left to right there; up is to the front.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowUp');
  expect(await where(page)).toContain('Voxel [11, 7, 8]');
  await page.keyboard.press('w');
  expect(await where(page)).toMatch(/Voxel \[\d+, \d+, (4|5|1[0-3])\]/);

  const { agree } = await pictured(page);
  const [box] = await page.locator('#legend input').all();
  await page.keyboard.press('1');
  expect(await box!.isChecked()).toBe(false);
  await page.keyboard.press('1');
  expect(await box!.isChecked()).toBe(true);
  expect(await page.inputValue('select[name=mode]')).toBe('both');
  await page.selectOption('select[name=mode]', 'error');
  await page.focus('#stage');
  await page.keyboard.press('Space');
  expect(await pictured(page)).toEqual({ missed: 0, extra: 0, agree: 0 });
  await page.keyboard.press('Space');
  expect((await pictured(page)).agree).toBe(agree);

  await page.selectOption('select[name=view]', 'sagittal');
  await page.focus('#stage');
  const before = Number((await where(page))!.match(/\[(\d+)/)![1]);
  await page.keyboard.press('PageUp');
  // The next plane to the patient's right has a lower index in this file.
  expect(await where(page)).toContain(`Voxel [${before - 1}, `);
  expectQuiet(watched, url);
});

test('places lead from one to the next, to the slice with the most error', async () => {
  const { page } = await openCase();
  const buttons = page.locator('#places button');
  expect(await buttons.count()).toBeGreaterThan(2);
  expect(await buttons.first().getAttribute('aria-current')).toBe('true');
  const { first, last } = JSON.parse((await buttons.first().getAttribute('data-place'))!);
  const voxel = (await where(page))!
    .match(/\[(\d+), (\d+), (\d+)\]/)!
    .slice(1)
    .map(Number);
  for (const [axis, place] of voxel.entries()) {
    expect(place).toBeGreaterThanOrEqual(first[axis]);
    expect(place).toBeLessThanOrEqual(last[axis]);
  }
  await page.focus('#stage');
  await page.keyboard.press('n');
  expect(await buttons.nth(1).getAttribute('aria-current')).toBe('true');
  await page.keyboard.press('p');
  await page.keyboard.press('p');
  expect(await buttons.last().getAttribute('aria-current')).toBe('true');
  await page.click('#worst');
  expect(await page.locator('#places [aria-current]').count()).toBe(0);
});

test('a link leads to a case at a voxel, and the address is one; cases follow each other', async () => {
  const { page } = await openCase('?class=1&voxel=15,9,5');
  expect(await page.textContent('#values')).toBe('Class rim');
  expect(await where(page)).toContain('Voxel [15, 9, 5]');
  expect(await where(page)).toContain('prediction rim, reference none');
  await page.focus('#stage');
  await page.keyboard.press('PageUp');
  expect(new URL(page.url()).search).toBe('?class=1&voxel=15,9,6');
  await page.reload();
  await page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
  expect(await where(page)).toContain('Voxel [15, 9, 6]');
  const id = await page.textContent('h1');
  await page.getByRole('link', { name: 'Next', exact: true }).click();
  await page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
  expect(await page.textContent('h1')).not.toBe(id);
  await page.getByRole('link', { name: 'Previous', exact: true }).click();
  await page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
  expect(await page.textContent('h1')).toBe(id);
});

test('the scan: windows, and voxel and mm under the pointer', async () => {
  const { page } = await openCase('?voxel=10,8,6');
  const names = await page.locator('select[name=window] option').allTextContents();
  expect(names[0]).toBe('CT abdomen');
  expect(names).toEqual(expect.arrayContaining(['CT lung', 'CT bone', 'Percentiles 2 to 98']));
  await page.focus('#stage');
  await page.keyboard.press('Space');
  const soft = await screenshot(page);
  await page.selectOption('select[name=window]', 'CT lung');
  expect(await screenshot(page)).not.toBe(soft);

  await page.selectOption('select[name=view]', 'axial');
  const box = (await page.locator('#stage').boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  // The middle of 24 x 20 voxels; which of the two beside it is a matter of half a pixel.
  await expect
    .poll(() => page.textContent('#pointer'))
    .toMatch(/^Voxel \[1[12], (9|10), 6\] at \[1[68]\.0, 1[02]\.0, -2\.0\] mm: .*, scan (-900|60)$/);
  // Zooming keeps the crosshair, and so what is under the pointer, where it is.
  const [x, y] = [box.x + 0.42 * box.width, box.y + 0.61 * box.height];
  await page.mouse.click(x, y);
  await expect.poll(() => page.textContent('#pointer')).toBe(await where(page));
  const voxel = await page.textContent('#pointer');
  await page.focus('#stage');
  for (const key of ['+', '+', '+']) await page.keyboard.press(key);
  await page.mouse.move(x + 1, y);
  await page.mouse.move(x, y);
  await expect.poll(() => page.textContent('#pointer')).toBe(voxel);
  for (const key of ['-', '-', '-']) await page.keyboard.press(key);
  await page.mouse.move(box.x + 2, box.y + 2);
  await expect.poll(() => page.textContent('#pointer')).toBe('');
});

test('a case without a score: its reason, and both files side by side on their own grids', async () => {
  const watched = await openCase('', 1);
  const { page } = watched;
  expect(await page.textContent('.reason-text')).toContain('shape [24, 20, 8] against [24, 20, 16]');
  const texts = await page.locator('.two .where').allTextContents();
  expect(texts[0]).toContain('24 × 20 × 8 voxels');
  expect(texts[1]).toContain('24 × 20 × 16 voxels');
  for (const canvas of await page.locator('.two canvas').all()) {
    const png = (await canvas.screenshot()).toString('base64');
    const colours = await inBlank(
      `async (png) => { const { data } = await (${readPixels})(png); let green = 0; for (let at = 0; at < data.length; at += 4) if (data[at + 1] > 180 && data[at] < 110) green++; return green; }`,
      png,
    );
    expect(colours).toBeGreaterThan(500);
  }
  expectQuiet(watched, url);
  await page.goto(`${url}/runs/results/look/2`);
  await page.waitForSelector('body[data-loaded=yes]');
  expect(await page.locator('.two .where').first().textContent()).toContain('is gone');
  const png = (await page.locator('.two canvas').first().screenshot()).toString('base64');
  const lit = await inBlank(
    `async (png) => { const { data, width } = await (${readPixels})(png); let lit = 0; for (let at = 40 * width * 4; at < data.length - 40 * width * 4; at += 4) { const x = (at / 4) % width; if (x > 10 && x < width - 10 && data[at] > 100) lit++; } return lit; }`,
    png,
  );
  expect(lit, 'nothing is drawn there, and nothing is said to be loading').toBe(0);
});

test('markup in the names of cases and classes stays text', async () => {
  const { page } = await openCase();
  expect(await page.textContent('h1')).toBe(markup);
  expect(await page.textContent('.title .badge')).toBe(markup);
  expect(await page.locator('main img, main b').count()).toBe(0);
  await page.goto(`${url}/runs/results/look`);
  expect(await page.locator('tbody th a', { hasText: markup }).count()).toBe(1);
  expect(await page.locator('main img, main b').count()).toBe(0);
  expect(await page.title()).toBe('Cases - Voxtally');

  // A name that no configuration would take.
  const text = JSON.stringify(results).replaceAll('"core"', JSON.stringify(markup));
  await page.setContent(
    casesPage({ run: 'r', results: JSON.parse(text), text: markup, page: 1, links: [] })!,
  );
  expect(await page.locator('tbody td', { hasText: markup }).count()).toBe(1);
  expect(await page.inputValue('input[name=text]')).toBe(markup);
  expect(await page.locator('main img, main b').count()).toBe(0);
});

test('cases are listed: those without a score by reason, then worst first, a hundred to a page', async () => {
  const { page } = await browser.open(`${url}/runs/results/look`);
  const failed = page.locator('section.failures tbody tr');
  expect(await failed.count()).toBe(2);
  expect(await failed.first().textContent()).toContain('1 case failedgeometry-mismatch');
  const rows = page.locator('section[aria-label=Cases] tbody tr');
  expect(await rows.count()).toBe(100);
  expect(await rows.first().locator('td').allTextContents()).toEqual(['core', '0.5714', '']);
  await page.getByRole('link', { name: 'Last' }).click();
  expect(await rows.count()).toBe(21);
  await page.selectOption('select[name=class]', { label: 'rim' });
  await page.fill('input[name=text]', 'CASE-11');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await rows.count()).toBe(11);
  expect(await rows.first().locator('td').first().textContent()).toBe('rim');
  await rows.first().locator('a').click();
  await page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
  expect(await page.textContent('#values')).toBe('Class rim');
});

test('axe finds nothing on any page, and nothing is cut off', async () => {
  const { page } = await openCase();
  await expectAccessible(page);
  await page.selectOption('select[name=mode]', 'errors');
  await expectAccessible(page);
  for (const path of [
    '/runs/results/look',
    '/runs/results/look?page=2',
    '/runs/results/look?class=1&text=case-1',
    '/runs/results/look/1',
    '/nowhere',
  ]) {
    await page.goto(url + path);
    await expectAccessible(page);
  }
});

test('a page without WebGL says so', async () => {
  const plain = await startBrowser(undefined, ['--disable-3d-apis']);
  try {
    const { page } = await plain.open(`${url}/runs/results/look/0`);
    await page.waitForSelector('#where:has-text("cannot be shown here")');
    expect(await page.textContent('#values')).toBe('Class core');
  } finally {
    await plain.close();
  }
});
