/** The list that a run leaves of a case's errors by tile, against counting voxel by voxel. */
import { truncateSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Vec3, voxelCount, voxelIndex } from '../../../src/base/box.ts';
import { automaticTileShape, tileBox, tileGrid } from '../../../src/base/tile-grid.ts';
import { slabBoxes, slabsOf, tileBoxes } from '../../../src/measures/box-errors/boxes.ts';
import { openFinishedRun } from '../../../src/questions/ask/finished-run.ts';
import { mergeRuns } from '../../../src/questions/merge/merge.ts';
import { type CaseErrors, readCaseErrors } from '../../../src/run/box-errors/case-errors.ts';
import { localStore } from '../../../src/run/open-store.ts';
import { RunFolder } from '../../../src/run/run-folder.ts';
import type { ConfigInput } from '../../../src/settings/schema.ts';
import { resultFiles, score, scored } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { count, type Made, makeCase, turned } from './volumes.ts';

const path = temporaryFolder();
const probabilities = { scores: 'probability', classes: { tumour: [1] }, losses: 'dice' } as const;

function folder(out: string): RunFolder {
  return new RunFolder(localStore(path(out, 'work')));
}

/** Compares a class of the list with its voxels, box by box. */
function check(
  made: Made,
  errors: CaseErrors,
  name: string,
  probability: (at: number) => number,
  isClass: (label: number) => boolean,
  ignore?: number,
  isGiven?: (at: number) => boolean,
): void {
  const grid = tileGrid(errors.shape, errors.boxShape);
  const listed = errors.classes.find((entry) => entry.name === name)!;
  expect(errors.voxels).toHaveLength(grid.length);
  for (let box = 0; box < grid.length; box++) {
    const expected = count(made, tileBox(grid, box), probability, isClass, ignore, isGiven);
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

function largest(scores: readonly number[]): number {
  return scores.indexOf(Math.max(...scores));
}

async function listOf(made: Made, config: ConfigInput, out: string): Promise<CaseErrors> {
  await score([made.entry], config, path(out));
  return readCaseErrors(folder(out), 0);
}

test('for any tiles: ragged edges, rows, planes, one tile; the results do not change by a byte', async () => {
  const made = await makeCase(path, 'a', { shape: [13, 9, 7] });
  const tilings = [
    { tile: [4, 4, 4], box: [4, 4, 4] },
    { tile: [5, 3, 2], box: [5, 3, 2] },
    { tile: [13, 1, 1], box: [13, 1, 1] },
    // Thinner than tiles: as many planes a box as give 32 boxes at most.
    { tile: [64, 64, 64], box: [13, 9, 1] },
    { tile: [13, 9, 3], box: [13, 9, 1] },
    { tile: [4, 5, 7], box: [4, 5, 2] },
    { tile: [5, 3, 5], box: [5, 3, 5] },
    { tile: null, box: [13, 9, 1] },
  ] as const;
  const results = new Set<string>();
  for (const [at, { tile: shape, box }] of tilings.entries()) {
    const out = `tiles-${at}`;
    const tile = shape ? { shape: [...shape] as [number, number, number] } : {};
    const errors = await listOf(made, { ...probabilities, tile }, out);
    expect(errors.boxShape).toEqual(box);
    expect(errors.affine).toEqual(turned.map((value) => expect.closeTo(value, 5)));
    checkTumour(made, errors);
    results.add(JSON.stringify(resultFiles(path(out))));
  }
  expect(results.size).toBe(1);
});

test.each<[string, readonly [number, number, number], readonly [number, number, number] | null, string]>([
  ['tiles that begin within a box', [5, 4, 35], [5, 4, 9], '5,4,2'],
  ['bundled tiles, in two columns', [6, 4, 35], [3, 4, 17], '3,4,3'],
  ['one plane', [17, 11, 1], null, '17,11,1'],
  ['a few planes that are large', [200, 150, 3], null, '200,150,1'],
  ['planes of several tiles', [40, 30, 3], [40, 7, 1], '40,7,1'],
  ['a thin column', [1, 1, 90], null, '1,1,3'],
])('%s', async (name, shape, tile, boxShape) => {
  const made = await makeCase(path, name, { shape, seed: 4 });
  const config = tile ? { tile: { shape: [...tile] as [number, number, number] } } : {};
  const errors = await listOf(made, { ...probabilities, ...config }, name);
  expect(String(errors.boxShape)).toBe(boxShape);
  checkTumour(made, errors);
});

test('a case in which a tile tells nothing of its slabs is listed by its tiles', async () => {
  // More pairs of labels in the planes from 6 on than are counted by slab.
  const made = await makeCase(path, 'very-many', { shape: [40, 40, 12], labels: 250, asLabels: true });
  const tile = { shape: [40, 40, 6] as [number, number, number] };
  const errors = await listOf(made, { scores: 'label', tile }, 'very-many');
  expect(errors.boxShape).toEqual([40, 40, 6]);
  const is = (label: number) => label === 7;
  check(made, errors, '7', (at) => (is(made.scores[0]![at]!) ? 1 : 0), is);
});

test('the list adds up to the results of the case', async () => {
  const made = await makeCase(path, 'sums', { shape: [11, 10, 9], seed: 8 });
  const report = await score([made.entry], { ...probabilities, tile: { shape: [3, 4, 5] } }, path('sums'));
  const [listed] = readCaseErrors(folder('sums'), 0).classes;
  const result = scored(report.results.cases[0]).classes.tumour!;
  const sum = (column: readonly number[]) => column.reduce((a, b) => a + b);
  expect([sum(listed!.foreground), sum(listed!.fp), sum(listed!.fn)]).toEqual([
    result.foreground,
    result.metrics.fp,
    result.metrics.fn,
  ]);
  expect(sum(listed!.softFp!)).toBeCloseTo(result.soft.fp, 9);
  expect(sum(listed!.softFn!)).toBeCloseTo(result.soft.fn, 9);
});

test('more than 512 tiles are taken together', async () => {
  const made = await makeCase(path, 'many', { shape: [24, 18, 19], seed: 3 });
  const errors = await listOf(made, { ...probabilities, tile: { shape: [2, 2, 2] } }, 'many');
  expect(errors).toMatchObject({ tileShape: [2, 2, 2], boxShape: [4, 2, 4] });
  checkTumour(made, errors);
});

const side = fc.integer({ min: 1, max: 700 });
const shapes = fc.tuple(side, side, side);

test('boxes are whole tiles and few', () => {
  fc.assert(
    fc.property(shapes, shapes, fc.integer({ min: 0, max: 400 }), (shape, tile, classes) => {
      const { tileShape } = tileGrid(shape, tile);
      const { tileShape: box, length } = tileBoxes({ shape, tileShape }, classes);
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

test('or whole planes of a column of tiles, and the slabs of its tiles are all of them', () => {
  fc.assert(
    fc.property(shapes, shapes, fc.integer({ min: 0, max: 400 }), (shape, tile, classes) => {
      const grid = tileGrid(shape, tile);
      const boxes = slabBoxes({ shape, tileShape: grid.tileShape }, classes);
      const voxels = Array.from({ length: boxes?.length ?? 0 }, () => 0);
      if (boxes) {
        expect(boxes.length).toBeLessThanOrEqual(512);
        expect(boxes.length * classes).toBeLessThanOrEqual(Math.max(2 ** 15, 64 * classes));
        expect(boxes.length * 2 ** 17).toBeLessThanOrEqual(Math.max(voxelCount(shape), 32 * 2 ** 17));
        expect(2 * boxes.tileShape[2]).toBeLessThanOrEqual(grid.tileShape[2]);
      }
      for (let at = 0; at < Math.min(grid.length, 600); at++) {
        const whole = tileBox(grid, at);
        const slabs = slabsOf(boxes, whole);
        let z = whole.origin[2];
        for (const { origin, shape: own } of slabs) {
          expect([origin, own.slice(0, 2)]).toEqual([
            [...whole.origin.slice(0, 2), z],
            whole.shape.slice(0, 2),
          ]);
          z += own[2];
          if (!boxes) continue;
          const place = origin.map((first, axis) =>
            Math.floor(first / boxes.tileShape[axis]!),
          ) as unknown as Vec3;
          const last = Math.floor((origin[2] + own[2] - 1) / boxes.tileShape[2]);
          expect(last).toBe(place[2]);
          voxels[voxelIndex(place, boxes.counts)]! += voxelCount(own);
        }
        expect(z).toBe(whole.origin[2] + whole.shape[2]);
      }
      if (boxes && grid.length <= 600) {
        expect(voxels).toEqual(voxels.map((_, at) => voxelCount(tileBox(boxes, at).shape)));
      }
    }),
  );
});

test('every volume of more than one plane has more than one box', () => {
  fc.assert(
    fc.property(fc.tuple(side, side, fc.integer({ min: 2, max: 700 })), (shape) => {
      const tileShape = automaticTileShape(shape, 2 ** 22);
      const { length } = slabBoxes({ shape, tileShape }, 1) ?? tileGrid(shape, tileShape);
      expect(length).toBeGreaterThanOrEqual(Math.min(shape[2], 17));
    }),
  );
});

test('voxels of the ignored label are in no box', async () => {
  const made = await makeCase(path, 'ignored', { shape: [9, 8, 7], labels: 3 });
  const config = { ...probabilities, ignoreLabel: 2 };
  checkTumour(made, await listOf(made, { ...config, tile: { shape: [4, 4, 4] } }, 'ignored'), 2);
  const planes = await listOf(made, config, 'ignored-planes');
  expect(planes.boxShape).toEqual([9, 8, 1]);
  checkTumour(made, planes, 2);
});

test('gzip, read as a stream and staged', async () => {
  const made = await makeCase(path, 'zipped', { shape: [12, 11, 10], gzip: true });
  for (const [out, tile] of [
    ['streamed', [12, 11, 3]],
    ['staged', [5, 5, 5]],
  ] as const) {
    const errors = await listOf(made, { ...probabilities, tile: { shape: [...tile] } }, out);
    expect(folder(out).readPlan(0).mode).toBe(out === 'streamed' ? 'stream' : 'tiles');
    expect(errors.boxShape).toEqual(out === 'streamed' ? [12, 11, 1] : [5, 5, 5]);
    checkTumour(made, errors);
  }
});

test('competing channels', async () => {
  const made = await makeCase(path, 'softmax', { shape: [10, 9, 8], labels: 3, channels: 3 });
  const config = { scores: 'probability', losses: 'dice', probabilityTolerance: 0.01 } as const;
  for (const [out, tile] of [
    ['softmax', { shape: [2, 9, 4] as [number, number, number] }],
    ['softmax-planes', {}],
  ] as const) {
    const errors = await listOf(made, { ...config, tile }, out);
    expect(errors.boxShape[2]).toBe(out === 'softmax' ? 2 : 1);
    expect(errors.classes.map(({ name }) => name)).toEqual(['0', '1', '2']);
    for (const channel of [0, 1, 2]) {
      check(
        made,
        errors,
        String(channel),
        (i) => made.scores[channel]![i]!,
        (label) => label === channel,
        undefined,
        (i) => channel === largest(made.scores.map((scores) => scores[i]!)),
      );
    }
  }
});

test('label maps: every label found, or named and overlapping classes', async () => {
  const made = await makeCase(path, 'labels', { shape: [10, 9, 8], labels: 4, asLabels: true });
  const is = (labels: readonly number[]) => (label: number) => labels.includes(label);
  const probability = (labels: readonly number[]) => (at: number) =>
    is(labels)(made.scores[0]![at]!) ? 1 : 0;
  const classes = { WT: [1, 2, 3], TC: [2, 3], none: [7] };
  const cubes = { tile: { shape: [4, 4, 4] as [number, number, number] } };
  for (const [at, tile] of [{}, cubes].entries()) {
    const found = await listOf(made, { scores: 'label', ...tile }, `found-${at}`);
    expect(found.boxShape).toEqual(at === 0 ? [10, 9, 1] : [4, 4, 4]);
    expect(found.classes.map(({ name }) => name)).toEqual(['1', '2', '3']);
    for (const label of [1, 2, 3]) check(made, found, String(label), probability([label]), is([label]));
    const listed = await listOf(made, { scores: 'label', classes, ...tile }, `named-${at}`);
    for (const [name, labels] of Object.entries(classes))
      check(made, listed, name, probability(labels), is(labels));
  }
  const named = readCaseErrors(folder('named-0'), 0);
  expect(named.classes.find(({ name }) => name === 'none')!.box).toEqual([]);
  expect(named.classes[0]!.softFp).toBeUndefined();
});

test('a failed case leaves none; the others do', async () => {
  const good = await makeCase(path, 'good', { shape: [6, 6, 6] });
  const bad = await makeCase(path, 'bad', { shape: [6, 6, 6] });
  truncateSync(bad.entry.predictions[0]!, 500);
  await score([bad.entry, good.entry], probabilities, path('partly'));
  expect(() => readCaseErrors(folder('partly'), 0)).toThrow(/missing/);
  expect(readCaseErrors(folder('partly'), 1).voxels).toEqual(Array(6).fill(36));
});

test('resumed and merged runs hold the same lists', async () => {
  const made = [
    await makeCase(path, 'one', { shape: [9, 8, 7], seed: 1 }),
    await makeCase(path, 'two', { shape: [8, 8, 8], seed: 2 }),
  ];
  const config = { ...probabilities, tile: { shape: [4, 4, 4] as [number, number, number] } };
  const cases = made.map(({ entry }) => entry);
  await score(cases, config, path('whole'));
  const lists = (out: string) => [0, 1].map((at) => readCaseErrors(folder(out), at));
  const expected = lists('whole');
  for (const index of [0, 1]) folder('whole').store.remove(folder('whole').caseOutcome(index));
  await score(cases, config, path('whole'), { resume: true });
  expect(lists('whole')).toEqual(expected);

  await score([cases[0]!], config, path('first'));
  await score([cases[1]!], config, path('second'));
  const runs = [openFinishedRun(path('first')), openFinishedRun(path('second'))];
  await mergeRuns({ runs, outDir: path('both'), threads: 1 });
  expect(lists('both')).toEqual(expected);
});
