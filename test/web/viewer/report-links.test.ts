/** From the report to the volumes: every case, picture and lesion leads to the voxel that it is about. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runLesions } from '../../../src/cli/run-lesions.ts';
import { runReport } from '../../../src/cli/run-report.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { writeNifti } from '../../../src/volumes/nifti/write.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Browser, expectQuiet, startBrowser } from '../dashboard/browser.ts';
import { serveRun, testReader, webgl } from './support.ts';

const at = temporaryFolder();
const markup = `<img src=x onerror="document.title='taken'">&voxel=0,0,0`;
const shape = [20, 16, 12] as const;
let browser: Browser;
let url = '';

function blocks(
  ...filled: readonly (readonly [x: number, y: number, z: number, size: number])[]
): Uint8Array {
  return Uint8Array.from({ length: 20 * 16 * 12 }, (_, i) => {
    const place = [i % 20, Math.floor(i / 20) % 16, Math.floor(i / 320)];
    const isIn = ([x, y, z, size]: (typeof filled)[number]) =>
      [x, y, z].every((first, axis) => place[axis]! >= first && place[axis]! < first + size);
    return filled.some(isIn) ? 1 : 0;
  });
}

beforeAll(async () => {
  // Found at the left; missed, 4 x 4 x 4 voxels, at the right; invented, 2 x 2 x 2, at the top.
  const volumes = { p: blocks([2, 2, 2, 4], [2, 12, 9, 2]), r: blocks([2, 2, 2, 5], [14, 8, 4, 4]) };
  for (const [name, data] of Object.entries(volumes)) {
    await writeNifti(at(`${name}.nii`), { shape, spacingMm: [2, 1, 1], datatype: 'uint8', data });
  }
  const files = { predictions: [at('p.nii')], reference: at('r.nii') };
  await score(
    [
      { id: markup, ...files },
      { id: 'gone', predictions: [at('none.nii')], reference: at('r.nii') },
    ],
    { scores: 'label', classes: { lesion: [1] }, losses: 'dice', measures: ['overlap', 'lesions'] },
    at('out'),
  );
  url = await serveRun(at('out'), testReader());
  browser = await startBrowser(undefined, webgl);
});
afterAll(() => browser.close());

test('from the list of cases in three clicks: the report, its worst slice, the next wrong lesion', async () => {
  const watched = await browser.open(url);
  const { page } = watched;
  await page.getByRole('link', { name: 'Report' }).click();
  const picture = page.locator('.thumbnails a').first();
  expect(await picture.textContent()).toBe(markup);
  await picture.click();
  await page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
  expect(await page.textContent('h1')).toBe(markup);
  expect(await page.title()).toContain(markup);
  const where = await page.textContent('#where');
  expect(where).toMatch(/prediction none, reference lesion/);
  const places = page.locator('#places button');
  expect(await places.locator('.place').allTextContents()).toEqual(['missed', 'invented']);
  expect(await places.locator('.share').allTextContents()).toEqual(['0.1280 ml', '0.0160 ml']);
  await page.focus('#stage');
  await page.keyboard.press('n');
  await page.keyboard.press('n');
  expect(await page.textContent('#where')).toMatch(
    /^Voxel \[[23], 1[23], (9|10)\] .* prediction lesion, reference none/,
  );
  expectQuiet(watched, url);
});

test('lesions and rows of cases lead to the volumes, those without a score to their reason', async () => {
  const { page } = await browser.open(`${url}/report`);
  const rows = page.locator('#lesions-table tbody a');
  expect(await rows.count()).toBe(2);
  const [target] = await Promise.all([page.waitForEvent('framenavigated'), rows.nth(1).click()]);
  expect(new URL(target.url()).searchParams.get('voxel')).toMatch(/^[23],1[23],(9|10)$/);
  await page.goto(`${url}/report`);
  await page.locator('#case-table a', { hasText: 'gone' }).click();
  expect(await page.textContent('.reason-text')).toContain('no such file');
});

test('the offline file has no link but how to get them; with an address of a viewer it has', async () => {
  const terminal = { out: () => {}, error: () => {} } as unknown as Terminal;
  const hrefs = () =>
    [...readFileSync(at('out', 'report.html'), 'utf8').matchAll(/href="([^"]*look-up[^"]*)"/g)].map(
      ([, href]) => href!,
    );
  await runReport([at('out')], {}, terminal);
  expect(hrefs()).toEqual([]);
  expect(readFileSync(at('out', 'report.html'), 'utf8')).toContain('<code>voxtally view .</code>');
  await runReport([at('out')], { viewerUrl: 'http://127.0.0.1:8718' }, terminal);
  expect(hrefs()[0]).toMatch(/^http:\/\/127\.0\.0\.1:8718\/runs\/results\/look-up\?id=%3Cimg/);
  await runReport([at('out')], { viewerUrl: 'https://host/runs/night-1/look?page=2' }, terminal);
  expect(hrefs()[0]).toMatch(/^https:\/\/host\/runs\/night-1\/look-up\?id=/);
  for (const viewerUrl of ['javascript:alert(1)', '127.0.0.1:8718', 'somewhere']) {
    await expect(runReport([at('out')], { viewerUrl }, terminal)).rejects.toThrow('--viewer-url: given');
  }
});

test('the list of lesions gives the address of each', () => {
  const printed = (format: string, viewerUrl?: string) => {
    let text = '';
    const terminal = { out: (more: string) => (text += more), width: 200 } as unknown as Terminal;
    runLesions(at('out'), { top: '10', format, ...(viewerUrl !== undefined && { viewerUrl }) }, terminal);
    return text;
  };
  expect(printed('table')).toContain(`voxtally view ${at('out')} shows them`);
  const address =
    /http:\/\/h\/runs\/results\/look-up\?id=%3Cimg[^ ,"]*&class=lesion&voxel=1[56]%2C[0-9]+%2C[56]/;
  expect(printed('table', 'http://h/')).toMatch(address);
  expect(printed('csv', 'http://h/').split('\n')[0]).toMatch(/,viewer\r?$/);
  expect(printed('csv', 'http://h/')).toMatch(address);
  expect(JSON.parse(printed('json', 'http://h/')).lesions[0].viewer).toMatch(address);
});
