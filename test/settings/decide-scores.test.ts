import { expect, test } from 'vitest';
import { decideScores } from '../../src/settings/decide-scores.ts';
import { resolveSettings } from '../../src/settings/resolve-settings.ts';
import { type ConfigInput, configSchema } from '../../src/settings/schema.ts';
import { type NiftiVolume, writeNifti } from '../../src/volumes/nifti/write.ts';
import { golden } from '../support/golden.ts';
import { pair } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
let serial = 0;

type Volume = Pick<NiftiVolume, 'datatype' | 'data'> & Partial<NiftiVolume>;

async function write(volume: Volume): Promise<string> {
  const path = folder(`${serial++}.nii`);
  await writeNifti(path, { shape: [volume.data.length / (volume.channels ?? 1), 1, 1], ...volume });
  return path;
}

const config = (input: ConfigInput = {}) => configSchema.parse(input);

async function decide(...volumes: Volume[]) {
  const cases = [];
  for (const volume of volumes) {
    const path = await write(volume);
    cases.push(pair(`case-${cases.length}`, path, path));
  }
  return decideScores(cases, config());
}

const float32 = (...values: number[]) => ({ datatype: 'float32', data: Float32Array.from(values) }) as const;
const float64 = (...values: number[]) => ({ datatype: 'float64', data: Float64Array.from(values) }) as const;
const uint8 = (...values: number[]) => ({ datatype: 'uint8', data: Uint8Array.from(values) }) as const;
const int16 = (...values: number[]) => ({ datatype: 'int16', data: Int16Array.from(values) }) as const;

test.each([
  ['fractions within [0, 1]', float32(0, 0.25, 1), 'probability'],
  ['many values that are nearly 0 and 1', float32(0, 0.001, 0.002, 0.999, 1), 'probability'],
  ['values below -1', float32(-3, 0.5, 2), 'logit'],
  ['fractions above 2 and below 0', float32(-0.5, 0.5, 4.5), 'logit'],
  ['integers from 0 as floats', float32(0, 1, 4), 'label'],
  ['an integer type', uint8(0, 1), 'label'],
  ['an integer type with a slope', { ...uint8(0, 128, 255), slope: 1 / 255 }, 'probability'],
] as const)('%s', async (_name, volume, scores) => {
  const decision = await decide(volume);
  expect(decision.scores).toBe(scores);
  expect(decision.note).toContain(`scores: ${scores} (auto: case case-0 is stored as`);
});

const ramp = (count: number, step: number, first = 0) =>
  Array.from({ length: count }, (_, i) => first + step * i);

test.each([
  ['0 and 1 as floats', float32(0, 1, 1), /nothing but 0 and 1/],
  [
    'a little beyond [0, 1]',
    float32(0, 0.5, 1.3),
    /probabilities that overshoot say --scores probability --clamp/,
  ],
  ['a little below 0', float32(-0.5, 0.5), /may be probabilities out of range or logits/],
  ['percentages', float32(0, 55.5, 98.25), /times 100 say --scores probability --scale 1\/100/],
  ['0 to 255 as floats', float32(0, 55.5, 254.5), /times 255 say --scores probability --scale 1\/255/],
  ['an image without a negative value', float32(0, 55.5, 1e6), /none is below 0.*looks like an image/],
  ['a CT', int16(-1024, 0, 40, 3071), /whole numbers from -1024 to 3071 are not labels.*looks like an image/],
  ['a CT as floats', float32(-1024, 0.5, 40, 3071), /beyond what logits hold.*looks like an image/],
  ['negative integers as floats', float32(-4, 0, 3), /whole numbers from -4 to 3 are not labels/],
  [
    'labels through a slope',
    float64(0, 1, 2.9999999993),
    /2\.9999999993 at \[2, 0, 0\].*--round-labels 0\.000001/,
  ],
  ['a mask through a slope', float32(0, 0.9999, 0.9999), /--round-labels 0\.01 .* or --scores probability/],
  ['channels of integers', { ...uint8(0, 1, 2, 3), channels: 2 }, /2 channels of uint8 without a slope/],
] as const)('refused: %s', async (_name, volume, says) => {
  await expect(decide(volume)).rejects.toMatchObject({
    name: 'UsageError',
    code: 'scores-ambiguous',
    message: expect.stringMatching(says),
  });
});

test('many whole numbers are labels if the references or classes know them, else a question', async () => {
  const many = await write(uint8(...ramp(100, 2)));
  const hardly = await write(uint8(...ramp(100, 0).map((_, i) => i % 2)));
  const half = await write(uint8(...ramp(100, 1)));
  const scored = pair('a', many, hardly);
  await expect(decideScores([scored], config())).rejects.toMatchObject({
    message: expect.stringMatching(
      /100 different whole numbers from 0 to 198, of which the references know 1: say/,
    ),
  });
  // Another reference knows half of them; or the classes do.
  const decision = await decideScores([scored, pair('b', many, half)], config());
  expect(decision).toMatchObject({ scores: 'label', note: expect.stringContaining('50 of them known') });
  const classes = { all: ramp(40, 2, 2) };
  expect(await decideScores([scored], config({ classes }))).toMatchObject({ scores: 'label' });
  const settings = { scores: 'probability', scale: '1/255' } as const;
  expect((await resolveSettings(config(settings), [scored])).settings.scale).toBe(1 / 255);
});

test('rounding and scale come before the decision', async () => {
  const slope = pair('a', await write(float64(0, 1, 2.9999999993)), 'none');
  expect(await decideScores([slope], config({ roundLabels: 1e-6 }))).toMatchObject({ scores: 'label' });
  const percent = pair('a', await write(float32(0, 55.5, 100)), 'none');
  expect(await decideScores([percent], config({ scale: '1/100' }))).toMatchObject({ scores: 'probability' });
  await expect(resolveSettings(config({ scores: 'label', scale: 2 }), [slope])).rejects.toMatchObject({
    message: expect.stringMatching(/labels are not multiplied/),
  });
});

test('values at ignored voxels say nothing', async () => {
  const prediction = await write(float32(0.25, 0.5, 1, -1000));
  const reference = await write(uint8(0, 1, 0, 9));
  const cases = [pair('a', prediction, reference)];
  await expect(decideScores(cases, config())).rejects.toMatchObject({ code: 'scores-ambiguous' });
  expect(await decideScores(cases, config({ ignoreLabel: 9 }))).toMatchObject({ scores: 'probability' });
});

test('a further case decides where the first says nothing, or cannot be read', async () => {
  expect((await decide(float32(0, 1), float32(0, 0.3))).note).toContain('case case-1');
  const cases = [
    pair('broken', golden('bad_magic.nii'), 'none'),
    pair('good', golden('prob_f32.nii'), 'none'),
  ];
  expect(await decideScores(cases, config())).toMatchObject({ scores: 'probability', channelCount: 1 });
});

test('what the user says is taken, and no voxel is read', async () => {
  const cases = [pair('nan', golden('bad_nan.nii'), 'none')];
  const decision = await decideScores(cases, config({ scores: 'logit' }));
  expect(decision).toMatchObject({ scores: 'logit', channelCount: 1, note: '' });
});

test('nothing readable at all: nothing is hidden behind it, so that every case can tell its own fault', async () => {
  const cases = [pair('gone', folder('no-such-file.nii'), 'none')];
  expect(await decideScores(cases, config())).toMatchObject({ unreadable: true, channelCount: 1 });
  const { settings, notes } = await resolveSettings(
    config({ classes: { a: [1], b: [2, 3] }, losses: 'bce', channels: 'independent' }),
    cases,
  );
  expect(settings.classes.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(notes[0]).toMatch(/undecided, as no case can be read/);
});

test('without a reference, as for inspect, many whole numbers are labels until a run asks', async () => {
  const decision = await decide(uint8(...ramp(100, 2)));
  expect(decision).toMatchObject({
    scores: 'label',
    note: expect.stringMatching(/a run asks its references/),
  });
});
