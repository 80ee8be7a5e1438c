import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeReport } from '../../../src/web/report/write-report.ts';
import { probability, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  type Browser,
  expectAccessible,
  startBrowser,
  violations,
  type Watched,
} from '../dashboard/browser.ts';
import { madeUpResults, markupCase, markupClass, writeResultsFolder } from './fixture.ts';

const at = temporaryFolder();
let browser: Browser;
let address = '';

beforeAll(async () => {
  browser = await startBrowser();
  writeResultsFolder(at('run'), madeUpResults(120));
  address = pathToFileURL(await writeReport(at('run'))).href;
});
afterAll(() => browser.close());

const firstColumn = (page: Page) => page.locator('#case-table tbody th').allTextContents();
const column = (page: Page, name: string) => page.locator('#case-table thead button', { hasText: name });

/** Everything that the page asked for is itself. */
function quiet({ complaints, requests }: Watched): void {
  expect(complaints).toEqual([]);
  expect(requests.filter((request) => request !== address && !request.startsWith('data:'))).toEqual([]);
}

describe('the report in a browser', () => {
  test('worst cases come first, headers sort, and screen readers are told how', async () => {
    const watched = await browser.open(address);
    const { page } = watched;
    const start = await firstColumn(page);
    const dice = await page.locator('#case-table tbody tr td:nth-child(4)').allTextContents();
    expect(dice.map(Number)).toEqual(dice.map(Number).sort((a, b) => a - b));
    expect(await page.locator('#case-table tbody .reason').first().textContent()).toMatch(
      /^(nothing predicted|empty reference|missed)/,
    );
    expect(await page.locator('#rows-shown').textContent()).toContain('worst first');
    expect(await page.locator('th[aria-sort]').textContent()).toContain('Dice');
    await column(page, 'Case').click();
    expect(await page.locator('th[aria-sort=ascending]').textContent()).toContain('Case');
    expect((await firstColumn(page))[0]).toBe(markupCase);
    await page.keyboard.press('Enter');
    expect(await page.locator('th[aria-sort=descending]').textContent()).toContain('Case');
    expect((await firstColumn(page))[0]).toBe('case-00119');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Case');
    await page.click('#worst-first');
    expect(await firstColumn(page)).toEqual(start);
    quiet(watched);
  });

  test('class, group, reason and text filter the table and the plot', async () => {
    const watched = await browser.open(address);
    const { page } = watched;
    const points = page.locator('#distribution-plot .point');
    const all = await points.count();
    await page.selectOption('select[name=class]', { label: 'oedema' });
    expect(await points.count()).toBeLessThan(all / 2);
    await page.selectOption('select[name=reason]', 'empty reference');
    expect(await firstColumn(page)).toEqual(['case-00003']);
    expect(await page.locator('#case-table .reason').textContent()).toContain('empty reference');
    await page.selectOption('select[name=reason]', 'nothing predicted');
    expect(await firstColumn(page)).toContain('case-00005');
    await page.click('button[type=reset]');
    await page.fill('input[name=text]', '0011');
    await page.selectOption('select[name=group]', { label: 'site A' });
    await page.waitForFunction('document.querySelectorAll("#case-table tbody tr").length === 9');
    expect(new Set(await firstColumn(page))).toEqual(new Set(['case-00111', 'case-00114', 'case-00117']));
    await page.click('button[type=reset]');
    await page.check('input[name=by-group]');
    expect(await page.locator('.row-label').count()).toBe(9);
    quiet(watched);
  });

  test('a point tells its case on hover and on focus', async () => {
    const watched = await browser.open(address);
    const { page } = watched;
    const points = page.locator('#distribution-plot .point');
    await points.nth(3).hover({ force: true });
    const tip = page.locator('#tip');
    expect(await tip.textContent()).toMatch(/^(case-\d{5}|<img).*: \d/);
    await page.mouse.move(0, 0);
    await points.first().focus();
    const first = await tip.textContent();
    await page.keyboard.press('ArrowRight');
    expect(await tip.isVisible()).toBe(true);
    expect(await tip.textContent()).toBe(await points.nth(1).getAttribute('aria-label'));
    expect(await tip.textContent()).not.toBe(first);
    quiet(watched);
  });

  test('tables download as CSV and plots as SVG', async () => {
    const watched = await browser.open(address);
    const { page } = watched;
    const saved = async (click: string) => {
      const [file] = await Promise.all([page.waitForEvent('download'), page.click(click)]);
      return { name: file.suggestedFilename(), text: readFileSync((await file.path())!, 'utf8') };
    };
    const table = await saved('#rows-csv');
    expect(table.name).toBe('voxtally-cases.csv');
    expect(table.text.split('\r\n')[0]).toMatch(/,dice,.*,dice_loss,/);
    expect(table.text.split('\r\n')).toHaveLength(1 + 118 * 3 + 2 + 1);
    const failed = await saved('[data-csv-of=failures-1]');
    expect(failed.text).toContain('holds <NaN> at voxel [1, 2, 3]');
    const confused = await saved('[data-csv-of=confusion-table]');
    expect(confused.text.split('\r\n')[1]).toMatch(/^\d [^,]+,\d [^,]+,\d+,0\.\d+$/);
    const summary = await saved('[data-csv-of=summary-table]');
    expect(summary.text.split('\r\n')[1]).toMatch(/^background,1,1,1,0,0\.\d+,118,0$/);
    const plot = await saved('[data-save-svg=voxtally-distribution]');
    expect(plot.text).toMatch(/^<svg /);
    expect(plot.text).toContain('fill="rgb(');
    quiet(watched);
  });

  test('markup in names stays text', async () => {
    const watched = await browser.open(address);
    const { page } = watched;
    expect(await page.title()).toBe('118 of 120 cases scored - Voxtally report');
    await page.fill('input[name=text]', 'onerror');
    expect(await firstColumn(page)).toEqual([markupCase, markupCase, markupCase]);
    expect(await page.locator('main b:text("core"), main img, main i').count()).toBe(0);
    expect(await page.locator('#values-class option').allTextContents()).toContain(markupClass);
    await page.selectOption('#values-class', { label: markupClass });
    expect(await page.textContent('#values-table caption')).toBe(`${markupClass}: pooled and over cases`);
    expect(await page.locator('script').count()).toBe(2);
    quiet(watched);
  });

  test('the first table sorts, and the numbers in it are those of results.json', async () => {
    const watched = await browser.open(address);
    const { page } = watched;
    const { means, classes } = madeUpResults(120);
    const firsts = () => page.locator('#summary-table tbody th').allTextContents();
    expect(await firsts()).toEqual(classes.map(({ name }) => name));
    const medians = new Map(classes.map(({ name }) => [name, means.classes[name]!.metrics.dice.median!]));
    await page.locator('#summary-table thead button', { hasText: 'Dice ↑' }).click();
    const ranked = [...medians].sort(([, a], [, b]) => a - b).map(([name]) => name);
    expect(await firsts()).toEqual(ranked);
    const cells = page.locator('#summary-table tbody td:nth-child(2) b');
    expect(await cells.allTextContents()).toEqual(ranked.map((name) => medians.get(name)!.toFixed(3)));
    await page.locator('#summary-table thead button', { hasText: 'Dice ↑' }).click();
    const falling = [...ranked].reverse().map((name) => medians.get(name)!.toFixed(3));
    expect(await cells.allTextContents()).toEqual(falling);
    expect(await page.locator('#group-table thead th').count()).toBe(4);
    quiet(watched);
  });

  test('volumes are drawn for the chosen class, with bias and limits of agreement', async () => {
    const watched = await browser.open(address);
    const { page } = watched;
    expect(await page.locator('#volume-plots svg').count()).toBe(2);
    const caption = page.locator('[data-volume=bland-altman] .caption-text');
    const first = await caption.textContent();
    expect(first).toMatch(/^Bland-Altman: bias .+ ml, limits .+ to .+ ml$/);
    await page.selectOption('#volume-class', { label: 'oedema' });
    expect(await caption.textContent()).not.toBe(first);
    quiet(watched);
  });

  test('a phone sees every value of the first table, and nothing is cut', async () => {
    const { page } = await browser.open(address);
    await page.setViewportSize({ width: 390, height: 844 });
    const cell = page.locator('#summary-table tbody tr:first-child td[data-label=Recall]');
    expect((await cell.boundingBox())!.x).toBeGreaterThanOrEqual(0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  test('axe finds nothing in both colour schemes, also on a phone', async () => {
    await expectAccessible((await browser.open(address)).page);
  });

  test('the curves of a run with shards are drawn and read off', async () => {
    const cases = await Promise.all(
      [1, 2].map((seed) => writeCase({ folder: at('volumes'), id: `c${seed}`, seed, score: probability })),
    );
    await score(cases, { classes: { lesion: [1] }, losses: 'dice', keepShards: 'always' }, at('curves'));
    const curveAddress = pathToFileURL(await writeReport(at('curves'))).href;
    const { page, complaints } = await browser.open(curveAddress);
    expect(await page.locator('#curve-plots svg').count()).toBe(4);
    expect(await page.locator('[data-curve=roc] .caption-text').textContent()).toMatch(/AUC 0\.\d{4}/);
    await page.focus('[data-curve=threshold] .holder');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#tip').textContent()).toMatch(/^p ≥ .*: Dice 0\.\d+, Jaccard/);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
