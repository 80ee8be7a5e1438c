/** I1: the result files of two runs of the same are equal byte for byte, however the work was cut and ordered. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { voxelIndex } from '../../src/base/box.ts';
import type { ManifestCase } from '../../src/cases/types.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { pair, resultFiles, score } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writePair } from './volumes.ts';

const folder = temporaryFolder();
const shape = [13, 10, 9] as const;
const names = ['a', 'b', 'nan', 'range', 'label', 'c'];
const cases: ManifestCase[] = names.map((name) =>
  pair(name, folder(`${name}.nii`), folder(`${name}-ref.nii`)),
);

/** The same voxels under the same names: only how they are stored differs. */
async function writeCases(gzip: boolean): Promise<void> {
  for (const [seed, name] of names.entries()) {
    await writePair(folder(`${name}.nii`), folder(`${name}-ref.nii`), {
      shape,
      seed: seed + 1,
      gzip,
      edit(scores, mask) {
        const [early, late] = [voxelIndex([5, 2, 3], shape), voxelIndex([1, 7, 6], shape)];
        if (name === 'nan') scores[early] = scores[late] = Number.NaN;
        // Two faults: the smaller index is told, wherever the tiles lie.
        if (name === 'range') [scores[early], scores[late]] = [-0.5, 1.5];
        if (name === 'label') mask[late] = 7;
      },
    });
  }
}

let expected: ReturnType<typeof resultFiles>;
async function results(name: string, config: ConfigInput) {
  const measures = ['overlap', 'boundary', 'lesions'] as const;
  const common: ConfigInput = { scores: 'probability', classes: { tumour: [1] }, measures: [...measures] };
  await score(cases, { ...common, ...config }, folder(name));
  return resultFiles(folder(name));
}

beforeAll(async () => {
  mkdirSync(folder('out'), { recursive: true });
  await writeCases(false);
  expected = await results('out/whole', { tile: { shape: [999, 999, 999] }, threads: 1 });
});

test('the faulty voxels are told as they are', () => {
  const { cases: found } = JSON.parse(expected['results.json']!);
  expect(found.map((entry: { status: string }) => entry.status)).toEqual([
    'ok',
    'ok',
    'failed',
    'failed',
    'failed',
    'ok',
  ]);
  expect(found[2].error).toMatchObject({ code: 'not-finite', voxel: [5, 2, 3] });
  expect(found[3].error).toMatchObject({ code: 'out-of-range', voxel: [5, 2, 3] });
  expect(found[4].error).toMatchObject({ code: 'unknown-label', voxel: [1, 7, 6] });
});

test.each([
  [1, 999, 999],
  [999, 1, 999],
  [999, 999, 1],
  [3, 7, 5],
  [13, 10, 4],
] as const)('raw files, tiles of %i x %i x %i', async (x, y, z) => {
  for (const bundle of [1, 500]) {
    expect(await results('out/shape', { tile: { shape: [x, y, z], bundle } }), `${bundle}`).toEqual(expected);
  }
});

test.each([1, 2, 3])('%i threads, tiles by memory', async (threads) => {
  expect(await results('out/threads', { threads, tile: { voxels: 200, bundle: 400 } })).toEqual(expected);
});

test.each([2, 3, 256])('pooled in levels of %i', async (mergeFanIn) => {
  expect(await results('out/levels', { mergeFanIn, keepShards: 'never' })).toEqual(expected);
});

test('kept shards of cases are equal byte for byte as well', async () => {
  const shards = async (name: string, config: ConfigInput) => {
    await results(name, { ...config, keepShards: 'always' });
    const files = readdirSync(folder(name, 'work/shards')).sort();
    return files.map((file) => [file, readFileSync(folder(name, 'work/shards', file)).toString('hex')]);
  };
  const whole = await shards('out/shards-whole', { tile: { shape: [999, 999, 999] } });
  expect(whole).toHaveLength(3);
  expect(await shards('out/shards-cut', { tile: { shape: [5, 3, 2], bundle: 200 }, threads: 3 })).toEqual(
    whole,
  );
});

test('gzip, as a stream and staged', async () => {
  await writeCases(true);
  for (const bundle of [1, 300]) {
    expect(await results('out/stream', { tile: { shape: [999, 999, 2], bundle } })).toEqual(expected);
    expect(await results('out/stream-rows', { tile: { shape: [999, 3, 1], bundle } })).toEqual(expected);
  }
  expect(await results('out/staged', { tile: { shape: [5, 4, 3] } })).toEqual(expected);
  expect(await results('out/all-staged', { stageAboveMiB: 0 })).toEqual(expected);
  await writeCases(false);
});
