/** Inputs as people have them, that were once scored wrong: what a run makes of each, in every file that it writes. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ClassResult } from '../../src/results/document.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { pair, score, scored } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { sharedCase } from './cases.ts';

const folder = temporaryFolder();
let serial = 0;

function entryOf(name: string) {
  const { prediction, reference } = sharedCase(name);
  return pair('a', prediction, reference);
}

async function run(name: string, config: ConfigInput = {}) {
  const out = folder(`out-${serial++}`);
  const report = await score([entryOf(name)], { threads: 1, keepShards: 'never', ...config }, out);
  return { out, report, result: report.results.cases[0]! };
}

async function refusal(name: string, config: ConfigInput = {}): Promise<string> {
  return run(name, config).then(
    ({ result }) => (result.status === 'ok' ? 'scored' : result.error.message),
    (error: unknown) => (error as Error).message,
  );
}

const dice = (classes: Readonly<Record<string, ClassResult>>, name: string) => classes[name]!.metrics.dice;

test.each(['37c-swapped', '05b-scl-pred'])('%s: labels through a slope are never logits', async (name) => {
  const message = await refusal(name);
  expect(message).toMatch(
    /near whole numbers \(2\.99999999930\d* at \[0, 0, 0\]\).*--round-labels 0\.000001/,
  );
  for (const scores of ['label', 'auto'] as const) {
    const { result } = await run(name, { scores, roundLabels: 1e-6 });
    const { classes } = scored(result);
    expect([1, 2].map((label) => dice(classes, String(label)))).toEqual(
      name === '37c-swapped' ? [0, 0] : [1, 1],
    );
  }
});

test('05c-scl20: a reference through a slope names the value, the voxel and the flag, which works', async () => {
  const message = await refusal('05c-scl20');
  expect(message).toMatch(
    /922 voxels without a label .*, the first 18\.9999237\d* at \[0, 0, 0\];.*--round-labels 0\.001 reads it as 19/,
  );
  const { report, result } = await run('05c-scl20', { roundLabels: 0.001 });
  expect(scored(result).confusion!.labels).toEqual(Array.from({ length: 21 }, (_, label) => label));
  expect(report.notes[0]).toMatch(/^scores: label \(auto: case a is stored as uint8, values within 0\.001/);
});

test('31e-percent and 31c-u8prob: refused, and scored alike by the scale that the message names', async () => {
  expect(await refusal('31e-percent')).toMatch(/none is below 0.*--scores probability --scale 1\/100$/);
  expect(await refusal('31c-u8prob')).toMatch(/223 different whole numbers .* know 0: .*--scale 1\/255 if/);
  const percent = await run('31e-percent', { scores: 'probability', scale: '1/100' });
  const byte = await run('31c-u8prob', { scores: 'probability', scale: '1/255' });
  const [ofPercent, ofByte] = [percent, byte].map(({ result }) => scored(result).classes.foreground!);
  expect(ofByte!.losses.dice).toBeCloseTo(ofPercent!.losses.dice!, 3);
  expect(ofPercent!.soft.fp + ofPercent!.soft.fn).toBeGreaterThan(10);
});

test('12j-4d: the largest channel decides, and every file agrees', async () => {
  const { out, report, result } = await run('12j-4d');
  const { classes, confusion } = scored(result);
  expect(report.results).toMatchObject({ channels: 'exclusive', decision: 'largest channel' });
  const expected = [0.4749, 0.1671, 0.0751];
  expected.forEach((value, label) => {
    expect(dice(classes, String(label))).toBeCloseTo(value, 4);
    expect(dice(report.results.pooled!.classes, String(label))).toBe(dice(classes, String(label)));
    const own = confusion!.labels.indexOf(label);
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const predicted = sum(confusion!.matrix!.map((row) => row[own]!));
    const { tp, fp, fn } = classes[label]!.metrics;
    expect([tp, tp + fp, tp + fn]).toEqual([
      confusion!.matrix![own]![own],
      predicted,
      sum(confusion!.matrix![own]!),
    ]);
  });
  const summary = JSON.parse(readFileSync(`${out}/summary.json`, 'utf8')) as {
    mean: Record<string, { Dice: number }>;
  };
  const csv = readFileSync(`${out}/cases.csv`, 'utf8').trim().split('\n');
  for (const label of ['0', '1', '2']) {
    expect(summary.mean[label]!.Dice).toBe(dice(classes, label));
    expect(csv.some((line) => line.includes(String(dice(classes, label))))).toBe(true);
  }
  // What was decided is told, and is in run.json for the report.
  const { settings } = JSON.parse(readFileSync(`${out}/run.json`, 'utf8'));
  expect(settings.decisions).toEqual([
    expect.stringMatching(/^scores: probability \(auto: case a is stored as float32, values from/),
    expect.stringMatching(/^channels: exclusive \(auto: the 3 channels of case a add up to 1/),
  ]);
  expect(report.notes.slice(0, 2)).toEqual(settings.decisions);
});

test('a threshold that decides nothing is told', async () => {
  const { report } = await run('12j-4d', { threshold: 0.3, losses: 'dice' });
  expect(report.notes).toContain('the threshold 0.3 changes nothing: the largest channel decides');
  const regions = { threshold: 0.3, losses: 'dice', classes: { any: [1, 2], one: [1] } };
  const other = await run('12j-4d', regions);
  expect(other.report.notes.join()).not.toContain('changes nothing');
  expect(other.report.results.decision).toBe('largest channel; regions by probability > 0.3');
});

test('23-onehot: a reference of several volumes is refused, with what to do', async () => {
  expect(await refusal('23-onehot')).toMatch(
    /refs\/a\.nii\.gz holds 3 volumes .*one 3-D volume that holds label k where volume k is 1/,
  );
});

test('36-sigmoid-auto and 23c-4444: sums that are not 1 are not taken for competing channels', async () => {
  expect(await refusal('36-sigmoid-auto')).toMatch(
    /add up to 0\.690574 to 1\.7428 \(1\.7428 at \[3, 6, 3\]\), not to 1/,
  );
  expect(await refusal('23c-4444')).toMatch(/add up to 0\.489126 to 1\.62558 .*independent.*exclusive/);
  const { report, result } = await run('36-sigmoid-auto', { channels: 'independent' });
  expect(report.results.channels).toBe('independent');
  expect(scored(result).losses).not.toHaveProperty('cross-entropy');
  const forced = await run('36-sigmoid-auto', { channels: 'exclusive', tile: { shape: [5, 4, 3] } });
  expect(forced.result).toMatchObject({ status: 'failed', error: { code: 'sum-not-one', voxel: [0, 0, 0] } });
  expect(await refusal('36-sigmoid-auto', { channels: 'exclusive' })).toMatch(
    /948 voxels whose channels do not add up to 1, the first a sum of 1\.\d+ at \[0, 0, 0\];.*--channels independent/,
  );
});

test('a sum that is not 1 is found in the last voxel, past ignored ones, and costs its case alone', async () => {
  const shape = [6, 5, 4] as const;
  const voxels = 120;
  const labels = Uint8Array.from({ length: voxels }, (_, i) => (i % 3 === 0 ? 9 : i % 2));
  const write = async (name: string, last: number) => {
    const data = Float32Array.from({ length: 2 * voxels }, (_, i) => (i < voxels ? 0.25 : 0.75));
    // An ignored voxel may hold anything.
    data[0] = 0.75;
    data[voxels - 1] = last;
    await writeNifti(folder(name), { shape, channels: 2, datatype: 'float32', data });
  };
  await write('good.nii', 0.25);
  await write('bad.nii', 0.26);
  await writeNifti(folder('labels.nii'), { shape, datatype: 'uint8', data: labels });
  const cases = ['good', 'bad'].map((id) => pair(id, folder(`${id}.nii`), folder('labels.nii')));
  for (const tile of [{}, { shape: [4, 5, 3] as [number, number, number] }]) {
    const config: ConfigInput = { scores: 'probability', ignoreLabel: 9, tile };
    const report = await score(cases, config, folder('last'));
    expect(report.results.cases[0]!.status).toBe('ok');
    expect(report.results.cases[1]).toMatchObject({
      status: 'failed',
      error: {
        code: 'sum-not-one',
        voxel: [5, 4, 3],
        message: expect.stringContaining(
          '1 voxel whose channels do not add up to 1, a sum of 1.01 at [5, 4, 3]',
        ),
      },
    });
  }
});

test('20-brats4: the labels of the channels are asked for, and scored as told', async () => {
  expect(await refusal('20-brats4')).toMatch(/labels 0, 1, 2, 4 .*; say --channel-labels 0,1,2,4, or/);
  for (const scores of ['auto', 'probability'] as const) {
    const { result } = await run('20-brats4', { scores, channelLabels: '0,1,2,4', audit: 'all' });
    const { classes, confusion, losses } = scored(result);
    expect(Object.keys(classes)).toEqual(['0', '1', '2', '4']);
    expect(confusion!.labels).toEqual([0, 1, 2, 4]);
    expect(dice(classes, '4')).toBeGreaterThan(0);
    expect(losses['cross-entropy']).toBeGreaterThan(0);
  }
  const classes = { WT: [1, 2, 4], ET: [4] };
  const { report, result } = await run('20-brats4', { channelLabels: [0, 1, 2, 4], classes });
  expect(report.results.decision).toBe('largest channel; regions by probability > 0.5');
  expect(scored(result).classes.ET!.foreground).toBeGreaterThan(0);
});

test('what auto found in one case must be borne out by the others', async () => {
  const shape = [8, 5, 4] as const;
  const write = (name: string, value: (i: number) => number) =>
    writeNifti(folder(name), {
      shape,
      datatype: 'float32',
      data: Float32Array.from({ length: 160 }, (_, i) => value(i)),
    });
  await write('logits.nii', (i) => (i % 7) - 3.25);
  await write('percent.nii', (i) => (i % 7) * 15.5);
  await write('labels.nii', (i) => i % 2);
  await write('many.nii', (i) => i % 100);
  await write('masks.nii', (i) => (i % 3) % 2);
  const inRun = async (config: ConfigInput, ...names: string[]) => {
    const cases = names.map((name) => pair(name, folder(`${name}.nii`), folder('labels.nii')));
    const report = await score(cases, { ...config, losses: 'all' }, folder(`found-${serial++}`));
    return report.results.cases.map((result) => (result.status === 'ok' ? 'ok' : result.error.message));
  };
  expect(await inRun({}, 'logits', 'percent')).toEqual([
    'ok',
    expect.stringMatching(/none of its values is below 0, the least is 0, so these are not the logits/),
  ]);
  expect(await inRun({ scores: 'logit' }, 'logits', 'percent')).toEqual(['ok', 'ok']);
  await write('three.nii', (i) => i % 3);
  expect(await inRun({}, 'three', 'many')).toEqual([
    'ok',
    expect.stringMatching(/holds 100 different whole numbers, hardly any of which its reference knows/),
  ]);
  expect(await inRun({ scores: 'label' }, 'three', 'many')).toEqual(['ok', 'ok']);
});
