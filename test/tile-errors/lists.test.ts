/** The list that a run leaves of a case's errors by tile, against counting voxel by voxel. */
import { readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openFinishedRun } from '../../src/ask/finished-run.ts';
import type { ConfigInput } from '../../src/config/schema.ts';
import { mergeRuns } from '../../src/merge/merge.ts';
import { tileBox, tileGrid } from '../../src/plan/tile-grid.ts';
import { RunFolder } from '../../src/run/run-folder.ts';
import { type CaseErrors, readCaseErrors } from '../../src/tile-errors/case-errors.ts';
import { boxShape } from '../../src/tile-errors/error-sums.ts';
import { voxelCount } from '../../src/voxel/box.ts';
import { resultFiles, score, scored, temporaryFolder } from '../run/support.ts';
import { count, type Made, makeCase, turned } from './volumes.ts';

const path = temporaryFolder();
const probabilities = { scores: 'probability', classes: { tumour: [1] }, losses: 'dice' } as const;

function folder(out: string): RunFolder {
  return new RunFolder(path(out, 'work'));
}

/** Compares a class of the list with its voxels, box by box. */
function check(
  made: Made,
  errors: CaseErrors,
  name: string,
  probability: (at: number) => number,
  isClass: (label: number) => boolean,
  ignore?: number,
): void {
  const grid = tileGrid(errors.shape, errors.boxShape);
  const listed = errors.classes.find((entry) => entry.name === name)!;
  expect(errors.voxels).toHaveLength(grid.length);
  for (let box = 0; box < grid.length; box++) {
    const expected = count(made, tileBox(grid, box), probability, isClass, ignore);
    expect(errors.voxels[box]).toBe(expected.voxels);
    const row = listed.box.indexOf(box);
    const value = (column: readonly number[] | undefined) => (row < 0 ? 0 : (column?.[row] ?? 0));
    const { foreground, fp, fn } = expected;
    expect({ foreground: value(listed.foreground), fp: value(listed.fp), fn: value(listed.fn) }).toEqual({
      foreground,
      fp,
      fn,
    });
    if (!listed.softFp) continue;
    expect(value(listed.softFp)).toBeCloseTo(expected.softFp, 9);
    expect(value(listed.softFn)).toBeCloseTo(expected.softFn, 9);
  }
}

/** The class of one channel of probabilities. */
function checkTumour(made: Made, errors: CaseErrors, ignore?: number): void {
  check(
    made,
    errors,
    'tumour',
    (at) => made.scores[0]![at]!,
    (label) => label === 1,
    ignore,
  );
}

async function listOf(made: Made, config: ConfigInput, out: string): Promise<CaseErrors> {
  await score([made.entry], config, path(out));
  return readCaseErrors(folder(out), 0);
}

test('for any tiles: ragged edges, rows, one tile; the results do not change by a byte', async () => {
  const made = await makeCase(path, 'a', { shape: [13, 9, 7] });
  const tilings = [[4, 4, 4], [5, 3, 2], [13, 1, 1], [64, 64, 64], null] as const;
  const results = new Set<string>();
  for (const [at, shape] of tilings.entries()) {
    const out = `tiles-${at}`;
    const tile = shape ? { shape: [...shape] as [number, number, number] } : {};
    const errors = await listOf(made, { ...probabilities, tile }, out);
    expect(errors.boxShape).toEqual(errors.tileShape);
    expect(errors.affine).toEqual(turned.map((value) => expect.closeTo(value, 5)));
    checkTumour(made, errors);
    results.add(JSON.stringify(resultFiles(path(out))));
  }
  expect(results.size).toBe(1);
});

test('the list adds up to the results of the case', async () => {
  const made = await makeCase(path, 'sums', { shape: [11, 10, 9], seed: 8 });
  const report = await score([made.entry], { ...probabilities, tile: { shape: [3, 4, 5] } }, path('sums'));
  const [listed] = readCaseErrors(folder('sums'), 0).classes;
  const result = scored(report.results.cases[0]).classes.tumour!;
  const sum = (column: readonly number[]) => column.reduce((a, b) => a + b);
  expect([sum(listed!.foreground), sum(listed!.fp), sum(listed!.fn)]).toEqual([
    result.foreground,
    result.hard.fp,
    result.hard.fn,
  ]);
  expect(sum(listed!.softFp!)).toBeCloseTo(result.fp, 9);
  expect(sum(listed!.softFn!)).toBeCloseTo(result.fn, 9);
});

test('more than 512 tiles are taken together', async () => {
  const made = await makeCase(path, 'many', { shape: [24, 18, 19], seed: 3 });
  const errors = await listOf(made, { ...probabilities, tile: { shape: [2, 2, 2] } }, 'many');
  expect(errors).toMatchObject({ tileShape: [2, 2, 2], boxShape: [4, 2, 4] });
  checkTumour(made, errors);
});

test('boxes are whole tiles and few', () => {
  const side = fc.integer({ min: 1, max: 700 });
  const shapes = fc.tuple(side, side, side);
  fc.assert(
    fc.property(shapes, shapes, fc.integer({ min: 0, max: 400 }), (shape, tile, classes) => {
      const { tileShape } = tileGrid(shape, tile);
      const box = boxShape({ shape, tileShape }, classes);
      const { length } = tileGrid(shape, box);
      expect(length).toBeLessThanOrEqual(512);
      expect(length * classes).toBeLessThanOrEqual(Math.max(2 ** 15, 64 * classes));
      for (const axis of [0, 1, 2] as const) {
        const tiles = box[axis] / tileShape[axis];
        expect(box[axis] === shape[axis] || Number.isInteger(Math.log2(tiles))).toBe(true);
      }
      if (voxelCount(tileGrid(shape, tileShape).counts) <= 64) expect(box).toEqual(tileShape);
    }),
  );
});

test('voxels of the ignored label are in no box', async () => {
  const made = await makeCase(path, 'ignored', { shape: [9, 8, 7], labels: 3 });
  const config = { ...probabilities, ignoreLabel: 2, tile: { shape: [4, 4, 4] as [number, number, number] } };
  const errors = await listOf(made, config, 'ignored');
  checkTumour(made, errors, 2);
});

test('gzip, read as a stream and staged', async () => {
  const made = await makeCase(path, 'zipped', { shape: [12, 11, 10], gzip: true });
  for (const [out, tile] of [
    ['streamed', [12, 11, 3]],
    ['staged', [5, 5, 5]],
  ] as const) {
    const errors = await listOf(made, { ...probabilities, tile: { shape: [...tile] } }, out);
    expect(folder(out).readPlan(0).mode).toBe(out === 'streamed' ? 'stream' : 'tiles');
    checkTumour(made, errors);
  }
});

test('competing channels', async () => {
  const made = await makeCase(path, 'softmax', { shape: [10, 9, 8], labels: 3, channels: 3 });
  const config = { scores: 'probability', losses: 'dice', probabilityTolerance: 0.01 } as const;
  const errors = await listOf(made, { ...config, tile: { shape: [4, 9, 4] } }, 'softmax');
  expect(errors.classes.map(({ name }) => name)).toEqual(['0', '1', '2']);
  for (const channel of [0, 1, 2]) {
    check(
      made,
      errors,
      String(channel),
      (i) => made.scores[channel]![i]!,
      (label) => label === channel,
    );
  }
});

test('label maps: every label found, or named and overlapping classes', async () => {
  const made = await makeCase(path, 'labels', { shape: [10, 9, 8], labels: 4, asLabels: true });
  const tile = { shape: [4, 4, 4] as [number, number, number] };
  const found = await listOf(made, { scores: 'label', tile }, 'found');
  expect(found.classes.map(({ name }) => name)).toEqual(['1', '2', '3']);
  const is = (labels: readonly number[]) => (label: number) => labels.includes(label);
  const probability = (labels: readonly number[]) => (at: number) =>
    is(labels)(made.scores[0]![at]!) ? 1 : 0;
  for (const label of [1, 2, 3]) check(made, found, String(label), probability([label]), is([label]));
  const classes = { WT: [1, 2, 3], TC: [2, 3], none: [7] };
  const named = await listOf(made, { scores: 'label', classes, tile }, 'named');
  for (const [name, labels] of Object.entries(classes))
    check(made, named, name, probability(labels), is(labels));
  expect(named.classes.find(({ name }) => name === 'none')!.box).toEqual([]);
  expect(named.classes[0]!.softFp).toBeUndefined();
});

test('a failed case leaves none; the others do', async () => {
  const good = await makeCase(path, 'good', { shape: [6, 6, 6] });
  const bad = await makeCase(path, 'bad', { shape: [6, 6, 6] });
  truncateSync(bad.entry.predictions[0]!, 500);
  await score([bad.entry, good.entry], probabilities, path('partly'));
  expect(() => readCaseErrors(folder('partly'), 0)).toThrow(/missing/);
  expect(readCaseErrors(folder('partly'), 1).voxels).toEqual([216]);
});

test('resumed and merged runs hold the same bytes', async () => {
  const made = [
    await makeCase(path, 'one', { shape: [9, 8, 7], seed: 1 }),
    await makeCase(path, 'two', { shape: [8, 8, 8], seed: 2 }),
  ];
  const config = { ...probabilities, tile: { shape: [4, 4, 4] as [number, number, number] } };
  const cases = made.map(({ entry }) => entry);
  await score(cases, config, path('whole'));
  const bytes = (out: string) => [0, 1].map((at) => readFileSync(folder(out).caseErrors(at), 'utf8'));
  const expected = bytes('whole');
  // Died between the list and the outcome, and before both.
  rmSync(folder('whole').caseOutcome(0));
  rmSync(folder('whole').caseOutcome(1));
  rmSync(join(folder('whole').root, 'errors'), { recursive: true });
  await score(cases, config, path('whole'), { resume: true });
  expect(bytes('whole')).toEqual(expected);

  await score([cases[0]!], config, path('first'));
  await score([cases[1]!], config, path('second'));
  const runs = [openFinishedRun(path('first')), openFinishedRun(path('second'))];
  await mergeRuns({ runs, outDir: path('both'), threads: 1 });
  expect(bytes('both')).toEqual(expected);
});
