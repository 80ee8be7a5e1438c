/** The list of lesions, and comparisons by measures of borders and lesions. */
import { expect, test } from 'vitest';
import { runLesions } from '../../src/cli/run-lesions.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { ask } from '../../src/questions/ask/ask.ts';
import { openFinishedRun } from '../../src/questions/ask/finished-run.ts';
import { compareRuns } from '../../src/questions/compare/compare.ts';
import { largestLesions } from '../../src/questions/lesions/largest-lesions.ts';
import { wrongLesions } from '../../src/questions/lesions/wrong-lesions.ts';
import { golden } from '../support/golden.ts';
import { pair, score, scored } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const cases = ['lesions_aniso', 'far_part'].map((id) =>
  pair(id, golden(`shapes/${id}.nii`), golden(`shapes/${id}_ref.nii`)),
);

test('missed and invented lesions, the largest first', async () => {
  const { results } = await score(
    cases,
    { measures: ['overlap', 'boundary', 'lesions'], scores: 'label' },
    folder('run'),
  );
  const run = openFinishedRun(folder('run'));
  const missed = largestLesions(run, { statuses: ['missed'], top: 5 });
  const { detection } = scored(results.cases[0]).classes['1']!.lesions!;
  expect(missed.total).toBe(detection.falseNegatives);
  expect(missed.lesions.length).toBe(5);
  const sizes = missed.lesions.map(({ ml }) => ml);
  expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
  const one = largestLesions(run, { case: 'far_part', top: 10 });
  expect(one.lesions.map(({ status, class: name }) => [status, name])).toEqual([['invented', '1']]);
  expect(() => largestLesions(run, { class: 'x', top: 1 })).toThrow(/class "x" has no lesions/);

  // The same lesions for the viewer: inside their boxes, of one case.
  const wrong = wrongLesions(run.folder, 0)!;
  expect(wrong.length).toBe(detection.falseNegatives + detection.falsePositives);
  expect(wrong.filter(({ kind }) => kind === 'missed').length).toBe(detection.falseNegatives);
  for (const { voxel, first, last } of wrong) {
    for (const axis of [0, 1, 2]) {
      expect(voxel[axis]).toBeGreaterThanOrEqual(first[axis]!);
      expect(voxel[axis]).toBeLessThanOrEqual(last[axis]!);
    }
  }
  expect(wrongLesions(run.folder, 1, '1')).toEqual([
    expect.objectContaining({ case: 'far_part', class: '1', kind: 'invented', ml: one.lesions[0]!.ml }),
  ]);

  let text = '';
  const terminal = { width: 100, out: (piece: string) => (text += piece) } as unknown as Terminal;
  expect(runLesions(folder('run'), { missed: true, top: '3', format: 'csv' }, terminal)).toBe(0);
  expect(text.trim().split('\n').length).toBe(4);
  expect(() => runLesions(folder('run'), { top: '0', format: 'table' }, terminal)).toThrow(/--top/);
});

test('a run is compared with another by a measure of shapes', async () => {
  const config = { measures: ['overlap', 'boundary'] as ['overlap', 'boundary'], scores: 'label' as const };
  await score(cases, config, folder('a'));
  // The references as predictions: every distance is 0.
  const perfect = cases.map(({ id, reference }) => pair(id, reference, reference));
  await score(perfect, { ...config, allowIdentical: true }, folder('b'));
  const [a, b] = [openFinishedRun(folder('a')), openFinishedRun(folder('b'))];
  const { measures } = compareRuns(a, b, { measure: 'hd95.directed' });
  expect(measures.map(({ class: name, measure }) => [name, measure])).toEqual([['1', 'voxel.hd95.directed']]);
  expect(measures[0]!.means!.a).toBeGreaterThan(1);
  expect(measures[0]!.means!.b).toBe(0);
  expect(() => compareRuns(a, b, { measure: 'hd95.none' })).toThrow(/hd95\.area/);
  expect(() => compareRuns(a, b, { measure: 'hd95' })).toThrow(/say which: voxel\.hd95\.directed/);
  expect(() => compareRuns(a, b, { measure: 'sensitivity' })).toThrow(
    /score both with --measures overlap,lesions/,
  );
  await score(cases, { scores: 'label' }, folder('bare'));
  const bare = openFinishedRun(folder('bare'));
  expect(() => compareRuns(a, bare, { measure: 'hd95' })).toThrow(
    /score both with --measures overlap,boundary/,
  );
  await expect(ask(a, { nsdTolerancesMm: 'liver=2' })).rejects.toThrow(/no class "liver"; the classes are 1/);
});
