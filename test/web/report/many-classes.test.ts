/** A report of a hundred classes in a browser: all of its first table in view, nothing cut on a phone. */
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeReport } from '../../../src/web/report/write-report.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Browser, startBrowser } from '../dashboard/browser.ts';
import { madeUpResults, writeResultsFolder } from './fixture.ts';

const at = temporaryFolder();
const folder = `/${'archive-of-the-hospital/'.repeat(6)}`;
let browser: Browser;
let address = '';

beforeAll(async () => {
  browser = await startBrowser();
  const results = madeUpResults(51, 100);
  const cases = results.cases.map((entry) => {
    if (entry.status === 'ok') return entry;
    const message = `case ${entry.id}: ${folder}p.nii is not on the grid of ${folder}r.nii`;
    return { ...entry, error: { ...entry.error, message } };
  });
  writeResultsFolder(at('run'), { ...results, cases });
  address = pathToFileURL(await writeReport(at('run'))).href;
});
afterAll(() => browser.close());

test('all columns of the first table are in view, and values are drawn for the chosen class', async () => {
  const { page, complaints } = await browser.open(address);
  const table = page.locator('#summary-table');
  expect(await table.locator('tbody tr').count()).toBe(100);
  const hidden = await page.evaluate(
    "(({ parentElement: { scrollWidth, clientWidth } }) => scrollWidth - clientWidth)(document.querySelector('#summary-table'))",
  );
  expect(hidden).toBeLessThanOrEqual(0);
  await page.selectOption('#values-class', { label: 'organ 57' });
  expect(await page.textContent('#values-table caption')).toContain('organ 57');
  expect(await page.locator('#values-table table').count()).toBe(1);
  expect(complaints).toEqual([]);
});

test('a phone scrolls the table under the names of classes, and long paths are broken', async () => {
  const { page } = await browser.open(address);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  const name = page.locator('#summary-table tbody th').nth(5);
  const before = (await name.boundingBox())!.x;
  await page.locator('#summary-table').evaluate((table) => table.parentElement!.scrollBy(300, 0));
  expect((await name.boundingBox())!.x).toBeCloseTo(before, 0);
  const value = page.locator('#summary-table tbody tr').nth(5).locator('td').first();
  expect((await value.boundingBox())!.x).toBeLessThan(before);
});
