import { expect, test } from 'vitest';
import { decideScores } from '../../src/settings/decide-scores.ts';
import { resolveSettings } from '../../src/settings/resolve-settings.ts';
import { configSchema } from '../../src/settings/schema.ts';
import { type NiftiVolume, writeNifti } from '../../src/volumes/nifti/write.ts';
import { golden, pair, temporaryFolder } from '../run/support.ts';

const folder = temporaryFolder();
let serial = 0;

async function decide(...volumes: (Pick<NiftiVolume, 'datatype' | 'data'> & Partial<NiftiVolume>)[]) {
  const cases = [];
  for (const volume of volumes) {
    const path = folder(`${serial++}.nii`);
    await writeNifti(path, { shape: [volume.data.length / (volume.channels ?? 1), 1, 1], ...volume });
    cases.push(pair(`case-${cases.length}`, path, path));
  }
  return decideScores(cases, 'auto', 1e-6);
}

const float32 = (...values: number[]) => ({ datatype: 'float32', data: Float32Array.from(values) }) as const;
const uint8 = (...values: number[]) => ({ datatype: 'uint8', data: Uint8Array.from(values) }) as const;

test.each([
  ['fractions within [0, 1]', float32(0, 0.25, 1), 'probability'],
  ['values below -1', float32(-3, 0.5, 2), 'logit'],
  ['fractions above 2', float32(0, 0.5, 4.5), 'logit'],
  ['negative integers as floats', float32(-4, 0, 3), 'logit'],
  ['integers from 0 as floats', float32(0, 1, 4), 'label'],
  ['an integer type', uint8(0, 1), 'label'],
  ['an integer type with a slope', { ...uint8(0, 128, 255), slope: 1 / 255 }, 'probability'],
] as const)('%s', async (_name, volume, scores) => {
  const decision = await decide(volume);
  expect(decision.scores).toBe(scores);
  expect(decision.note).toContain(`scores: ${scores} (auto: case case-0 is stored as`);
});

test.each([
  ['0 and 1 as floats', float32(0, 1, 1), /nothing but 0 and 1/],
  ['a little beyond [0, 1]', float32(0, 0.5, 1.3), /may be probabilities out of range or logits/],
  ['a little below 0', float32(-0.5, 0.5), /may be probabilities out of range or logits/],
  ['channels of integers', { ...uint8(0, 1, 2, 3), channels: 2 }, /2 channels of uint8 without a slope/],
] as const)('refused: %s', async (_name, volume, says) => {
  await expect(decide(volume)).rejects.toMatchObject({
    name: 'UsageError',
    code: 'scores-ambiguous',
    message: expect.stringMatching(says),
  });
});

test('a further case decides where the first says nothing, or cannot be read', async () => {
  expect((await decide(float32(0, 1), float32(0, 0.3))).note).toContain('case case-1');
  const cases = [
    pair('broken', golden('bad_magic.nii'), 'none'),
    pair('good', golden('prob_f32.nii'), 'none'),
  ];
  expect(await decideScores(cases, 'auto', 1e-6)).toMatchObject({ scores: 'probability', channelCount: 1 });
});

test('what the user says is taken, and no voxel is read', async () => {
  const cases = [pair('nan', golden('bad_nan.nii'), 'none')];
  expect(await decideScores(cases, 'logit', 0)).toEqual({ scores: 'logit', channelCount: 1, note: '' });
});

test('nothing readable at all: nothing is hidden behind it, so that every case can tell its own fault', async () => {
  const cases = [pair('gone', folder('no-such-file.nii'), 'none')];
  expect(await decideScores(cases, 'auto', 0)).toMatchObject({ unreadable: true, channelCount: 1 });
  const config = configSchema.parse({
    classes: { a: [1], b: [2, 3] },
    losses: 'bce',
    channels: 'independent',
  });
  const { settings, notes } = await resolveSettings(config, cases);
  expect(settings.classes.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(notes[0]).toMatch(/no prediction can be read/);
});
