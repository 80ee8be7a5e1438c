import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as face from '../../src/index.ts';
import * as tfjs from '../../src/tfjs/index.ts';
import { temporaryFolder } from '../volumes/nifti/temporary-folder.ts';

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

test('losses from soft sums are those of the formulas', () => {
  const sums = { tp: 3, fp: 1, fn: 2, voxels: 20 };
  expect(face.lossesOfSums(sums, 'dice(smooth=0),jaccard(smooth=0)')).toEqual({
    'dice(smooth=0)': 3 / 9,
    'jaccard(smooth=0)': 3 / 6,
  });
  expect(() => face.lossesOfSums(sums, 'bce')).toThrow(/bce: this loss needs more than soft sums/);
});

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
