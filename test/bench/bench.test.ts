import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const bench = (name: string) => fileURLToPath(new URL(`../../bench/${name}`, import.meta.url));
const run = (...flags: string[]) =>
  spawnSync(process.execPath, [bench('bench.mjs'), ...flags], { encoding: 'utf8' });

test.each([
  [['--only', 'cat,losess'], /no such row: "losess"; rows are small, voxel, .*border-threads/],
  [['--only', ''], /no such row: ""; rows are/],
  [['--runs', 'five'], /--runs: must be a whole number above 0, not five/],
  [['--row', 'cat'], /Unknown option '--row'/],
])('%j is refused before anything runs', (flags, says) => {
  const { status, stdout, stderr } = run(...flags);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(says);
});

test('several rows run, and without a peer give their own figures', () => {
  const { status, stdout, stderr } = run(
    ...['--only', ' start, label-maps', '--scale', '0.03', '--runs', '1', '--python', 'no-such-python'],
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/no comparison with nnU-Net's loop: no-such-python cannot import numpy, nibabel/);
  expect(stdout).toMatch(/label maps of 16x16x16, 32 labels: [\d.]+ s/);
  expect(stdout).toMatch(/one tiny case, losses all: [\d.]+ processor seconds/);
});

test('the table of the README has the rows in their order', () => {
  const { stdout } = run('--help');
  const rows = /--only <rows> +some rows: (.*)/.exec(stdout)![1]!.split(', ');
  const table = [...readFileSync(bench('README.md'), 'utf8').matchAll(/^\| `([a-z-]+)` /gm)];
  expect(table.map(([, name]) => name)).toEqual(rows);
});
