/** Channels, regions, ignored and unknown labels through whole runs, against sums made here voxel by voxel. */
import { mkdirSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { Vec3 } from '../../src/base/box.ts';
import type { ManifestCase } from '../../src/cases/types.ts';
import type { ClassResult } from '../../src/results/document.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { pair, score, scored } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { randomNumbers } from './volumes.ts';

const folder = temporaryFolder();
const shape: Vec3 = [7, 6, 5];
const voxels = 210;
const random = randomNumbers(8);
const labels = Uint16Array.from({ length: voxels }, () => [0, 1, 2, 3, 9][Math.floor(random() * 5)]!);
const logits = [0, 1, 2, 3].map(() => Float32Array.from({ length: voxels }, () => (random() - 0.5) * 8));
/** Softmax over the channels, rounded to float32. */
const softmax = logits.map((channel) =>
  channel.map((x, i) => Math.exp(x) / logits.reduce((sum, other) => sum + Math.exp(other[i]!), 0)),
);
const ignored = 9;

const joined = (channels: readonly Float32Array[]) =>
  Float32Array.from(channels.flatMap((channel) => [...channel]));

async function run(entry: ManifestCase, config: ConfigInput) {
  const report = await score([entry], { tile: { shape: [4, 6, 2] }, ...config }, folder('out'));
  return report.results.cases[0];
}

beforeAll(async () => {
  mkdirSync(folder('out'));
  await writeNifti(folder('labels.nii'), { shape, datatype: 'uint16', data: labels });
  await writeNifti(folder('probabilities.nii'), {
    shape,
    channels: 4,
    datatype: 'float32',
    data: joined(softmax),
  });
  await writeNifti(folder('logits.nii'), { shape, channels: 4, datatype: 'float32', data: joined(logits) });
});

function expectedSums(scoreOf: (i: number) => number, isForeground: (label: number) => boolean) {
  const sums = { voxels: 0, foreground: 0, tp: 0, fp: 0, fn: 0 };
  labels.forEach((label, i) => {
    if (label === ignored) return;
    const p = Math.fround(scoreOf(i));
    sums.voxels++;
    if (isForeground(label)) {
      sums.foreground++;
      sums.tp += p;
      sums.fn += 1 - p;
    } else sums.fp += p;
  });
  return sums;
}

function expectSums(
  { voxels, foreground, soft }: ClassResult,
  expected: Record<string, number>,
  digits: number,
) {
  const found: Record<string, number> = { voxels, foreground, ...soft };
  for (const [name, value] of Object.entries(expected)) {
    expect(found[name], name).toBeCloseTo(value, digits);
  }
}

test.each([
  ['probability', 'probabilities.nii', 11],
  ['logit', 'logits.nii', 5],
] as const)('competing channels as %s, a region that sums two of them', async (kind, file, digits) => {
  const classes = { one: [1], both: [1, 2], three: [3] };
  const result = scored(
    await run(pair('a', folder(file), folder('labels.nii')), { scores: kind, ignoreLabel: ignored, classes }),
  );
  const p = (channel: number) => (i: number) => softmax[channel]![i]!;
  expectSums(
    result.classes.one!,
    expectedSums(p(1), (label) => label === 1),
    digits,
  );
  expectSums(
    result.classes.both!,
    expectedSums(
      (i) => softmax[1]![i]! + softmax[2]![i]!,
      (label) => label === 1 || label === 2,
    ),
    digits,
  );
  let [sum, count] = [0, 0];
  labels.forEach((label, i) => {
    if (label === ignored) return;
    sum -= Math.log(softmax[label]![i]!);
    count++;
  });
  expect(result.losses['cross-entropy']).toBeCloseTo(sum / count, 6);
});

test('independent channels: each is a binary problem, labels may overlap', async () => {
  const classes = { one: [1], any: [1, 2, 3], two: [2], three: [3] };
  const entry = pair('a', folder('logits.nii'), folder('labels.nii'));
  const config = { scores: 'logit', channels: 'independent', ignoreLabel: ignored, classes } as const;
  const result = scored(await run(entry, config));
  const sigmoid = (channel: number) => (i: number) => 1 / (1 + Math.exp(-logits[channel]![i]!));
  const any = expectedSums(sigmoid(1), (label) => label > 0);
  expectSums(result.classes.any!, { voxels: any.voxels, foreground: any.foreground }, 12);
  expectSums(result.classes.any!, { tp: any.tp, fp: any.fp, fn: any.fn }, 4);
  expect(result.classes.any!.losses['lovasz-hinge']).toBeGreaterThan(0);
  expect(result.losses['cross-entropy']).toBeUndefined();
});

test('channels of different types in files of their own', async () => {
  const stored = softmax.map((channel) => channel.map((p) => Math.round(p * 255)));
  const files = ['0', '1', '2', '3'].map((name) => folder(`channel-${name}.nii`));
  const slope = 2 ** -8;
  await writeNifti(files[0]!, { shape, datatype: 'uint8', data: Uint8Array.from(stored[0]!), slope });
  await writeNifti(files[1]!, { shape, datatype: 'int16', data: Int16Array.from(stored[1]!), slope });
  await writeNifti(files[2]!, { shape, datatype: 'float32', data: Float32Array.from(stored[2]!), slope });
  await writeNifti(files[3]!, { shape, datatype: 'float64', data: Float64Array.from(stored[3]!), slope });
  for (const chosen of [files, [files[0]!, files[1]!, files[2]!, files[2]!]]) {
    const entry = { id: 'a', predictions: chosen, reference: folder('labels.nii') };
    const result = scored(
      await run(entry, { scores: 'probability', channels: 'independent', ignoreLabel: ignored }),
    );
    for (const channel of [0, 1, 2]) {
      const sums = expectedSums(
        (i) => stored[channel]![i]! * slope,
        (label) => label === channel,
      );
      expectSums(result.classes[channel]!, sums, 11);
    }
  }
});

test('unknown labels are refused by voxel, or counted as background when asked', async () => {
  const entry = pair('a', folder('probabilities.nii'), folder('labels.nii'));
  const first = labels.indexOf(ignored);
  const voxel = [first % 7, Math.floor(first / 7) % 6, Math.floor(first / 42)];
  const refused = await run(entry, { scores: 'probability' });
  expect(refused).toMatchObject({ status: 'failed', error: { code: 'unknown-label', voxel } });
  const counted = scored(await run(entry, { scores: 'probability', unknownLabels: 'background' }));
  expect(counted.classes['1']!.voxels).toBe(voxels);
  expect(counted.confusion!.labels).toContain(ignored);
});

test.each(['int64', 'uint64', 'float32', 'float64', 'int32', 'uint16'] as const)(
  'label maps stored as %s, with labels beyond 255',
  async (datatype) => {
    const values = Array.from({ length: voxels }, (_, i) => [0, 7, 300, 65534][(i * i + (i >> 3)) % 4]!);
    const shifted = values.map((_, i) => values[(i + 1) % voxels]!);
    const arrays = {
      int64: (list: number[]) => BigInt64Array.from(list.map(BigInt)),
      uint64: (list: number[]) => BigUint64Array.from(list.map(BigInt)),
      float32: (list: number[]) => Float32Array.from(list),
      float64: (list: number[]) => Float64Array.from(list),
      int32: (list: number[]) => Int32Array.from(list),
      uint16: (list: number[]) => Uint16Array.from(list),
    };
    const make = arrays[datatype];
    await writeNifti(folder('p.nii'), { shape, datatype, data: make(shifted) });
    await writeNifti(folder('r.nii'), { shape, datatype, data: make(values) });
    const result = scored(await run(pair('a', folder('p.nii'), folder('r.nii')), { scores: 'label' }));
    expect(Object.keys(result.classes)).toEqual(['7', '300', '65534']);
    for (const label of [7, 300, 65534]) {
      const tp = values.filter((value, i) => value === label && shifted[i] === label).length;
      const foreground = values.filter((value) => value === label).length;
      expect(result.classes[label]!.metrics).toMatchObject({ tp, fn: foreground - tp });
    }
    const ignoring = await run(pair('a', folder('p.nii'), folder('r.nii')), {
      scores: 'label',
      ignoreLabel: 300,
    });
    const left = values.filter((value) => value !== 300).length;
    expect(scored(ignoring).classes['7']!.voxels).toBe(left);
  },
);

test('a case whose tiles would not fit the memory fails with the arithmetic, and names what to change', async () => {
  const entry = pair('large', folder('labels.nii'), folder('labels.nii'));
  // Memory is for 192 MiB of process and 8 shares of 8.5 MiB; a tile of 2^22 uint16 labels takes more.
  const wide: Vec3 = [4096, 1024, 1];
  const data = new Uint16Array(wide[0] * wide[1]);
  await writeNifti(folder('wide.nii'), { shape: wide, datatype: 'uint16', data });
  const config: ConfigInput = {
    scores: 'label',
    memory: 260 * 2 ** 20,
    allowIdentical: true,
    threads: 3,
    tile: { shape: wide },
  };
  const report = await score(
    [entry, pair('wide', folder('wide.nii'), folder('wide.nii'))],
    config,
    folder('memory'),
  );
  expect(report.results.cases.map(({ status }) => status)).toEqual(['ok', 'failed']);
  const failed = report.results.cases[1]!;
  if (failed.status === 'ok') throw new Error('scored');
  expect(failed.error.code).toBe('memory-budget');
  expect(failed.error.message).toMatch(
    /a tile of 4096 x 1024 x 1 = 4194304 voxels takes \d+ bytes \([\d.]+ per voxel and \d+ of tables\), and a thread may have \d+; give a smaller --tile, fewer --threads or more --memory/,
  );
  await expect(score([entry], { ...config, threads: 200 }, folder('memory'))).rejects.toMatchObject({
    name: 'UsageError',
    code: 'memory-budget',
    message: expect.stringMatching(
      /\(272629760 - 201326592 bytes for the process\) \/ \(2 x 200 threads \+ 2\)/,
    ),
  });
});
