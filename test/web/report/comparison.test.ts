import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runReport } from '../../../src/cli/run-report.ts';
import { recorder } from '../../cli/recorder.ts';
import { probability, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Browser, expectAccessible, startBrowser } from '../dashboard/browser.ts';

const at = temporaryFolder();
let browser: Browser;
let address = '';

beforeAll(async () => {
  const cases = await Promise.all(
    [1, 2, 3].map((seed) => writeCase({ folder: at('volumes'), id: `c${seed}`, seed, score: probability })),
  );
  for (const [name, threshold] of [
    ['first', 0.5],
    ['<i>second</i>', 0.2],
    ['third', 0.8],
  ] as const) {
    await score(cases, { classes: { lesion: [1] }, losses: 'dice', threshold, name }, at(`run-${threshold}`));
  }
  const { terminal } = recorder();
  const runs = [0.5, 0.2, 0.8].map((threshold) => at(`run-${threshold}`));
  expect(await runReport(runs, { out: at('all.html') }, terminal)).toBe(0);
  browser = await startBrowser();
  address = pathToFileURL(at('all.html')).href;
});
afterAll(() => browser.close());

test('means are those of results.json, the best is bold, and a header sorts', async () => {
  const { page, complaints } = await browser.open(address);
  const meanOf = (threshold: number) => {
    const document = JSON.parse(readFileSync(at(`run-${threshold}`, 'results.json'), 'utf8'));
    return document.means.classes.lesion.metrics.dice.mean as number;
  };
  const cells = page.locator('#means-table tbody td');
  const shown = await Promise.all((await cells.all()).map((cell) => cell.getAttribute('data-value')));
  expect(shown.map(Number)).toEqual([0.5, 0.2, 0.8].map(meanOf));
  expect(await page.locator('#means-table tbody b').count()).toBe(1);
  await page.locator('#cases-table thead button', { hasText: 'Case' }).click();
  expect(await page.locator('#cases-table tbody th').allTextContents()).toEqual(['c1', 'c2', 'c3']);
  expect(await page.locator('#trend circle').count()).toBe(3);
  expect(complaints).toEqual([]);
});

test('names with markup stay text, and settings that differ are told', async () => {
  const { page } = await browser.open(address);
  expect(await page.locator('main i').count()).toBe(0);
  expect(await page.locator('#notes li').allTextContents()).toContainEqual(
    '<i>second</i>: threshold: 0.5 in first, 0.2 here',
  );
});

test('axe finds nothing, wide and on a phone', async () => {
  await expectAccessible((await browser.open(address)).page);
});

test('one run has no --out, and none has no comparison', async () => {
  const { terminal } = recorder();
  await expect(runReport([at('run-0.5')], { out: 'x.html' }, terminal)).rejects.toThrow(
    /--out is for a comparison/,
  );
});
