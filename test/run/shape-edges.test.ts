/** Borders and lesions where something is not as usual: sheared and turned grids, classes that a case lacks, settings given twice. */
import { beforeAll, expect, test } from 'vitest';
import type { Vec3 } from '../../src/base/box.ts';
import { ask } from '../../src/questions/ask/ask.ts';
import { openFinishedRun } from '../../src/questions/ask/finished-run.ts';
import { compareRuns } from '../../src/questions/compare/compare.ts';
import type { ResultsDocument } from '../../src/results/document.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { pair, resultFiles, score, scored } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const config: ConfigInput = {
  measures: ['overlap', 'boundary', 'lesions'],
  scores: 'label',
  classes: { one: [1], seven: [7] },
};
const shape: Vec3 = [6, 5, 4];
/** 3 x 3 x 2 voxels of label 1 from `x` on. */
function block(x: number): Uint8Array {
  const data = new Uint8Array(120);
  for (let i = 0; i < 18; i++) {
    data[x + (i % 3) + 6 * (1 + (Math.floor(i / 3) % 3)) + 30 * (1 + Math.floor(i / 9))] = 1;
  }
  return data;
}
const turn = [
  Math.cos(0.3),
  -Math.sin(0.3),
  0,
  0,
  Math.sin(0.3),
  Math.cos(0.3),
  0,
  0,
  0,
  0,
  1,
  0,
  0,
  0,
  0,
  1,
];
const shear = [1, 0.3, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
let results: ResultsDocument;
let cases: ReturnType<typeof pair>[];

beforeAll(async () => {
  cases = await Promise.all(
    Object.entries({ plain: undefined, turned: turn, sheared: shear, nothing: undefined }).map(
      async ([id, affine]) => {
        for (const [name, x] of [
          [`${id}.nii`, 1],
          [`${id}-ref.nii`, 2],
        ] as const) {
          const data = id === 'nothing' ? new Uint8Array(120) : block(x);
          await writeNifti(folder(name), { shape, datatype: 'uint8', data, ...(affine && { affine }) });
        }
        return pair(id, folder(`${id}.nii`), folder(`${id}-ref.nii`));
      },
    ),
  );
  ({ results } = await score(cases, { ...config, lesionPreset: 'brats-met' }, folder('run')));
});

const one = (at: number) => scored(results.cases[at]).classes.one!;

test('a sheared grid has no distances, in lesions of a preset neither; its counts are there', () => {
  const { boundary, lesions } = one(2);
  expect(boundary).toEqual({ undefined: expect.stringMatching(/sheared: axes x and y .* not measured/) });
  expect(lesions!.brats).toEqual({ lesions: 1, found: 1, falsePositives: 0, dice: 2 / 3, hd95: null });
  expect(lesions!.panoptic).toMatchObject({ tp: 0, fp: 1, fn: 1 });
  const pooled = results.pooled!.classes.one!;
  // The pool of distances is over the cases that have some.
  expect(pooled.boundary!.voxel.elementsReference).toBe(36);
  expect(pooled.lesions!.brats).toMatchObject({ lesions: 3, found: 3, dice: 2 / 3 });
  expect(pooled.lesions!.brats!.hd95).toBeCloseTo(1, 6);
  expect(results.means.classes.one!.shapes!['voxel.hd']).toMatchObject({ count: 2, undefined: 2 });
  expect(results.means.classes.one!.shapes!['lesions.brats.hd95']).toMatchObject({ count: 2, undefined: 2 });
});

test('a class that a case has in neither mask has no lesions by a preset, and does not take the pool away', async () => {
  const none = { lesions: 0, found: 0, falsePositives: 0, dice: null, hd95: null };
  expect(scored(results.cases[3]).classes.one!.lesions!.brats).toEqual(none);
  expect(results.pooled!.classes.seven!.lesions!.brats).toEqual(none);
  // Asked later it is the same.
  await score(cases, config, folder('later'));
  const asked = await ask(openFinishedRun(folder('later')), { lesionPreset: 'brats-met' });
  expect(asked.results).toEqual(results);
});

test('a tolerance that is missed by a rounding of the affine alone is told, with what helps', async () => {
  const { boundary } = one(1);
  if (!boundary || !('voxel' in boundary)) throw new Error('no boundary');
  expect(boundary.voxel.hd).toBeGreaterThan(1);
  expect(boundary.voxel.hd).toBeLessThan(1.000001);
  expect(boundary.voxel.nsd['1']).toMatchObject({ nsd: 2 / 3, nearlyWithin: 1 / 3 });
  expect(results.warnings!.join()).toMatch(
    /NSD 1 mm: in 1 of 4 cases .* case turned: .* --nsd-tolerance 1\.00001 takes them in/,
  );
  const plain = one(0).boundary;
  expect(plain && 'voxel' in plain && plain.voxel.nsd['1']).toEqual({
    nsd: 1,
    referenceWithin: 1,
    predictionWithin: 1,
  });
  const wider = await ask(openFinishedRun(folder('run')), { nsdTolerancesMm: '1.00001' });
  const again = scored(wider.results.cases[1]).classes.one!.boundary;
  expect(again && 'voxel' in again && again.voxel.nsd['1.00001']!.nsd).toBe(1);
  expect(wider.results.warnings!.join()).not.toMatch(/rounding/);
});

test('percentiles and tolerances given twice or in another order are the same run', async () => {
  const given: ConfigInput = { ...config, percentiles: [99, 50, 99], nsdTolerancesMm: [2, 0.5, 2] };
  await score(cases, given, folder('twice'));
  await score(cases, { ...config, percentiles: [50, 99], nsdTolerancesMm: [0.5, 2] }, folder('once'));
  expect(resultFiles(folder('twice'))).toEqual(resultFiles(folder('once')));
  expect(resultFiles(folder('once'))['cases.csv']!.match(/hd99_directed_mm/g)).toHaveLength(1);
});

test('a setting of what is not measured is told or refused', async () => {
  const bare = await score(
    cases,
    { ...config, measures: ['overlap', 'lesions'], nsdTolerancesMm: [3] },
    folder('lesions'),
  );
  expect(bare.notes).toContainEqual(
    'nsdTolerancesMm [3] changes nothing: it needs --measures overlap,lesions,boundary',
  );
  await expect(ask(openFinishedRun(folder('lesions')), { percentiles: '99' })).rejects.toThrow(
    /this run measured no distances; score it again with --measures overlap,boundary,lesions/,
  );
  const run = openFinishedRun(folder('run'));
  expect(() => compareRuns(run, run, { measure: 'hd95' })).toThrow(
    /say which: voxel\.hd95\.directed, .*surfel\.hd95\.area, lesions\.brats\.hd95/,
  );
  expect(
    compareRuns(run, run, { measure: 'lesions.brats.hd95' }).measures.map(({ measure }) => measure),
  ).toEqual(['lesions.brats.hd95', 'lesions.brats.hd95']);
});
