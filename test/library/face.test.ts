import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as face from '../../src/index.ts';
import * as tfjs from '../../src/tfjs/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('what the package exports', () => {
  expect(Object.keys(face).sort()).toEqual([
    'InputError',
    'MachineError',
    'PartialError',
    'UsageError',
    'VoxtallyError',
    'compareRuns',
    'lossesOfSums',
    'mergeRuns',
    'metricsOfCounts',
    'openRun',
    'readHeader',
    'scoreArrays',
    'scoreRun',
  ]);
  expect(Object.keys(tfjs).sort()).toEqual([
    'bceDiceLoss',
    'bceLoss',
    'comboLoss',
    'crossEntropyLoss',
    'diceLoss',
    'focalLoss',
    'focalTverskyLoss',
    'jaccardLoss',
    'lovaszHinge',
    'lovaszSoftmax',
    'tverskyLoss',
  ]);
});

const scratch = temporaryFolder();

test('losses from soft sums are those of the formulas', () => {
  const sums = { tp: 3, fp: 1, fn: 2, voxels: 20 };
  expect(face.lossesOfSums(sums, 'dice(smooth=0),jaccard(smooth=0)')).toEqual({
    'dice(smooth=0)': 3 / 9,
    'jaccard(smooth=0)': 3 / 6,
  });
  expect(() => face.lossesOfSums(sums, 'bce')).toThrow(/bce: this loss needs more than soft sums/);
});

test('arrays have the bits of files, and faults are told', async () => {
  const path = (name: string) => `test/golden/${name}`;
  const header = await face.readHeader(path('prob_f32.nii'));
  const labels = await face.readHeader(path('prob_f32_ref.nii'));
  const voxels = (file: string, offset: number) => readFileSync(path(file)).subarray(offset);
  const prediction = new Float32Array(Uint8Array.from(voxels('prob_f32.nii', header.dataOffset)).buffer);
  const reference = Uint8Array.from(voxels('prob_f32_ref.nii', labels.dataOffset));
  const { shape, spacingMm } = header;
  const settings = { scores: 'probability', classes: { one: [1] } } as const;
  const [{ results }, arrays] = [
    await scoreFiles(path('prob_f32.nii'), path('prob_f32_ref.nii'), settings),
    await face.scoreArrays({ prediction, reference, shape, spacingMm }, settings),
  ];
  const [fromFiles] = results.cases;
  expect(arrays.classes).toEqual((fromFiles as typeof arrays).classes);
  prediction[5] = Number.NaN;
  const withNaN = face.scoreArrays({ prediction, reference, shape }, settings);
  await expect(withNaN).rejects.toMatchObject({ name: 'InputError', place: { voxel: [5, 0, 0] } });
  const short = face.scoreArrays({ prediction, reference: reference.subarray(1), shape }, settings);
  await expect(short).rejects.toThrow(/^reference has \d+ values, but shape/);
});

async function scoreFiles(prediction: string, reference: string, settings: object) {
  const at = scratch('files.csv');
  writeFileSync(at, `case,prediction,reference\na,${resolve(prediction)},${resolve(reference)}\n`);
  return face.scoreRun({ manifest: at, out: scratch('files'), settings }).done;
}

/** The examples of docs/library.md, as a user would have them: the built package, in a folder of its own. */
describe('docs/library.md', () => {
  const inFolder = temporaryFolder();
  const folder = inFolder('project');
  const examples = [...readFileSync('docs/library.md', 'utf8').matchAll(/```js\n(.*?)```/gs)].map(
    ([, code]) => code!,
  );
  beforeAll(() => {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    symlinkSync(resolve('.'), join(folder, 'node_modules/voxtally'));
    execFileSync(process.execPath, [resolve('dist/bin/main.js'), 'demo', '--quiet'], { cwd: folder });
  });

  const output = [
    /^1\n0\.\d+\n$/,
    /^0\.6666666666666666 0\.\d+\n$/,
    /^0\.\d+\n0\.\d+\n$/,
    /^\S+\n5\n$/,
    /^\[.*\] \[.*\] float32\n\{\n? ?.*dice.*\n0\.864\d+\n$/s,
    /^true no-run\n$/,
  ];
  test.each(examples.map((code, at) => [at, code] as const))('example %i', (at, code) => {
    writeFileSync(join(folder, `example-${at}.mjs`), code);
    const text = execFileSync(process.execPath, [`example-${at}.mjs`], { cwd: folder, encoding: 'utf8' });
    expect(text).toMatch(output[at]!);
  });
});
