import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { CaseOutcome, RunOutcome, ScoredCase } from '../../src/base/scored.ts';
import { parseLosses } from '../../src/losses/registry.ts';
import { buildResults } from '../../src/results/build.ts';
import { resultsTable } from '../../src/results/table.ts';
import { binaryRun, exclusiveRun, failedRun } from './outcome.ts';

const documentOf = (run: RunOutcome, losses = 'dice,lovasz-softmax') =>
  buildResults(
    run,
    parseLosses(losses, { convention: 'pytorch', scores: run.scores, channels: run.channels }),
    {
      convention: 'pytorch',
    },
  );

const plain = { width: 80, color: false } as const;

test('metrics first, with their direction and numbers of cases', () => {
  const lines = resultsTable(documentOf(binaryRun()), plain);
  expect(lines.slice(0, 10)).toEqual([
    '3 of 5 cases scored, 1 failed, 1 incomplete, scores: probability, decision:',
    '  probability > 0.5, pytorch',
    '',
    'Mean over cases',
    'class             Dice↑  precision↑  recall↑  volume→0  cases  undefined',
    'lesion           0.7500      0.7500   0.7500    0.0000      2          1',
    'foreground mean  0.7500      0.7500   0.7500    0.0000',
    '',
    'Pooled: the voxels of 3 cases as one volume',
    'class   Dice↑ by voxel  Dice↑ by mm³  precision↑  recall↑  volume→0',
  ]);
  // Two voxels of 10 mm³ are right; of two of 2 mm³ one is.
  expect(lines[10]).toBe(
    `lesion          0.7500        ${((2 * 22) / 48).toFixed(4)}      0.7500   0.7500    0.0000`,
  );
  const worst = lines.indexOf('Lowest Dice');
  expect(lines[worst + 2]).toMatch(/0\.5000 +lesion +bad, "very"$/);
  expect(lines).toContain('broken  failed: NaN at [1,0,0]\u{fffd}in "x", 1');
  expect(lines).toContain('torn  incomplete: tile 3 is missing');
  expect(lines.join('\n')).not.toContain('loss');
});

test('losses on request, never under the name of a metric', () => {
  const lines = resultsTable(documentOf(binaryRun(), 'all'), { ...plain, table: 'losses' });
  expect(lines.join('\n')).not.toContain('precision');
  expect(lines.some((line) => /^dice_loss +0\.\d{4} +0\.\d{4} +0\.\d{4} +3 +0$/.test(line))).toBe(true);
  expect(lines.some((line) => /^iou-binary_percent↑ +77\.7778 /.test(line))).toBe(true);
  const all = resultsTable(documentOf(binaryRun(), 'all'), { ...plain, table: 'all' });
  expect(all).toEqual(expect.arrayContaining([...lines, 'Mean over cases']));
});

test('the foreground mean leaves the background out, and says which classes are undefined', () => {
  const run = exclusiveRun();
  const [only] = run.cases as [ScoredCase];
  const absent = { ...only.classes['2']!, hard: { tp: 0, fp: 0, fn: 0, tn: 4 } };
  const document = documentOf({
    ...run,
    classes: [...run.classes, { name: 'absent', labels: [7] }],
    cases: [{ ...only, classes: { ...only.classes, absent } }],
    pooled: { ...run.pooled!, classes: { ...run.pooled!.classes, absent } },
  });
  // Class 1 has 2/3, class 2 is predicted where there is none, the region has one voxel too many.
  const mean = (2 / 3 + 0 + 4 / 5) / 3;
  const { dice } = document.means.foreground.metrics;
  expect(dice.mean).toBeCloseTo(mean, 15);
  expect(dice.classes).toEqual(['1', '2', 'any']);
  const lines = resultsTable(document, plain);
  expect(lines.find((line) => line.startsWith('foreground mean'))).toContain(`  ${mean.toFixed(4)}  `);
  expect(lines).toContain('foreground mean of the Dice: without absent, undefined in every case');
});

test('fits its width without cutting a name, and adds nothing but emphasis in color', () => {
  const run = exclusiveRun();
  const long = 'a structure with a name that no column of a table has room for';
  const named = (entry: CaseOutcome) =>
    entry.status === 'ok' ? { ...entry, classes: { ...entry.classes, [long]: entry.classes.any! } } : entry;
  const document = documentOf(
    {
      ...run,
      classes: [...run.classes, { name: long, labels: [1, 2] }],
      cases: run.cases.map(named),
      pooled: { ...run.pooled!, classes: { ...run.pooled!.classes, [long]: run.pooled!.classes.any! } },
    },
    'all',
  );
  for (const table of ['metrics', 'losses', 'all'] as const) {
    const lines = resultsTable(document, { ...plain, table });
    for (const line of lines.filter((text) => !text.startsWith('Losses')))
      expect(line.length, line).toBeLessThanOrEqual(80);
    for (const word of long.split(' ')) expect(lines.join('\n')).toContain(word);
    const colored = resultsTable(document, { width: 80, color: true, table });
    expect(colored).not.toEqual(lines);
    expect(colored.map(stripVTControlCharacters)).toEqual(lines);
  }
});

test('has a table of nothing when every case failed', () => {
  const lines = resultsTable(documentOf(failedRun()), { width: 80, color: false, worst: 1 });
  expect(lines[0]).toContain('0 of 2 cases scored');
  expect(lines.join('\n')).not.toContain('Mean over cases');
  expect(lines.at(-1)).toBe('and 1 more');
});

test('borders and lesions have a table of their own, with what is undefined', () => {
  const document = documentOf(binaryRun());
  const own = document.means.classes.lesion!;
  const summary = { ...own.metrics.dice, mean: 2.5, count: 2, undefined: 1 };
  const foreground = {
    ...document.means.foreground,
    shapes: { 'voxel.hd95.directed': { mean: 2.5, classes: ['lesion'] } },
  };
  const measure = { better: 'lower', unit: 'mm', definition: '' } as const;
  const shapes = {
    percentiles: [95],
    nsdTolerancesMm: [1],
    emptyDistance: null,
    connectivity: 26,
    matchIou: 0.5,
    lesionPreset: null,
    measures: [
      { name: 'voxel.hd95.directed', ...measure },
      { name: 'voxel.hd95.index', ...measure },
    ],
  } as const;
  const lines = resultsTable(
    {
      ...document,
      shapes: { ...shapes, percentiles: [95], nsdTolerancesMm: [1], measures: [...shapes.measures] },
      means: {
        ...document.means,
        classes: { lesion: { ...own, shapes: { 'voxel.hd95.directed': summary } } },
        foreground,
      },
    },
    plain,
  );
  const at = lines.indexOf('Borders and lesions: mean over cases');
  expect(lines.slice(at + 1, at + 5)).toEqual([
    'class            HD95 mm↓',
    'lesion             2.5000',
    'foreground mean    2.5000',
    'undefined HD95 mm: lesion in 1 of 3 cases',
  ]);
});

test('a case name cannot steer the terminal', () => {
  const run = binaryRun();
  const evil = { ...run.cases[3]!, id: '\u001b[2Jgone\u202e' };
  const lines = resultsTable(documentOf({ ...run, cases: [evil] as CaseOutcome[] }), {
    width: 80,
    color: false,
  });
  for (const steering of ['\u001b', '\u202e']) expect(lines.join('')).not.toContain(steering);
  expect(lines.join('')).toContain('\u{fffd}[2Jgone\u{fffd}');
});

const broken = (id: string, message: string, file?: string): CaseOutcome => ({
  id,
  status: 'failed',
  error: { code: 'some-code', message: `case ${id}: ${message}`, ...(file === undefined ? {} : { file }) },
});

test('equal reasons stand together with their number, and files below the folder that they share', () => {
  const folder = '/data/archive/of/many/studies';
  const missing = (id: string, side: string) => {
    const file = `${folder}/${side}/${id}.nii.gz`;
    return broken(id, `${file}: no such file (ENOENT). Check the name.`, file);
  };
  const cases = [
    missing('a', 'preds'),
    broken(
      'b',
      `${folder}/preds/b.nii.gz is not on the grid of ${folder}/refs/b.nii.gz`,
      `${folder}/preds/b.nii.gz`,
    ),
    missing('c', 'refs'),
    ...Array.from({ length: 9 }, (_, i) => missing(`d${i}`, 'preds')),
  ];
  const lines = resultsTable(documentOf({ ...binaryRun(), cases }), {
    ...plain,
    width: Number.POSITIVE_INFINITY,
  });
  const at = lines.findIndex((line) => line.startsWith('without a score'));
  expect(lines.slice(at)).toEqual([
    `without a score (files below ${folder})`,
    '11 cases failed: no such file (ENOENT). Check the name. (a, c, d0, d1, d2, d3, d4, d5 and 3 more)',
    'b  failed: preds/b.nii.gz is not on the grid of refs/b.nii.gz',
  ]);
});

test('nothing is cut: every word of a long message is there at 40 columns', () => {
  const message = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
  const lines = resultsTable(documentOf({ ...binaryRun(), cases: [broken('a', message)] }), {
    ...plain,
    width: 40,
  });
  expect(lines.join(' ')).toContain('word59');
  const own = lines.slice(lines.indexOf('without a score'));
  for (const line of own) expect(line.length).toBeLessThanOrEqual(40);
});
