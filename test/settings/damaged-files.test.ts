/** Files that are cut off or damaged tell nothing of a run: not its scores, its labels, its channels or how these relate. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ManifestCase } from '../../src/cases/types.ts';
import { decideScores } from '../../src/settings/decide-scores.ts';
import { resolveSettings } from '../../src/settings/resolve-settings.ts';
import { type ConfigInput, configSchema } from '../../src/settings/schema.ts';
import { type NiftiVolume, writeNifti } from '../../src/volumes/nifti/write.ts';
import { randomNumbers } from '../run/volumes.ts';
import { type Damage, damages } from '../support/damage.ts';
import { pair } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
let serial = 0;
const voxels = 4096;
const random = randomNumbers(1);
const floats = (value: () => number, count = voxels) => Float32Array.from({ length: count }, value);
const bytes = (value: () => number) => Uint8Array.from({ length: voxels }, value);
const probability = () => floats(random);
const logit = () => floats(() => 20 * random() - 10);
const manyLabels = () => bytes(() => Math.floor(200 * random()));

type Volume = Pick<NiftiVolume, 'data'> & Partial<NiftiVolume>;

async function write({ data, channels = 1, shape = [voxels, 1, 1], ...more }: Volume): Promise<string> {
  const path = folder(`${serial++}.nii.gz`);
  const datatype = data instanceof Float32Array ? 'float32' : 'uint8';
  await writeNifti(path, { shape, channels, datatype, data, gzip: true, ...more });
  return path;
}

async function writeDamaged(volume: Volume, { apply }: Pick<Damage, 'apply'>): Promise<string> {
  const path = await write(volume);
  writeFileSync(path, apply(readFileSync(path)));
  return path;
}

const decide = (cases: readonly ManifestCase[], config: ConfigInput = {}) =>
  decideScores(cases, configSchema.parse(config));
const resolve = (cases: readonly ManifestCase[], config: ConfigInput = {}) =>
  resolveSettings(configSchema.parse(config), cases);

describe.each(damages)('$name', (damage) => {
  test.each([
    ['probabilities', probability],
    ['logits', logit],
    ['0 and 1 as floats', () => floats(() => Math.round(random()))],
    ['one value at first', () => floats(random).fill(0, 0, voxels / 4)],
    ['an image', () => floats(() => 3000 * random())],
    ['labels', () => bytes(() => Math.floor(4 * random()))],
    ['labels that no reference knows', manyLabels],
  ])(
    '%s: alone nothing is decided and nothing refused, beside a good case that one decides',
    async (_name, data) => {
      const [reference, other] = [await write({ data: bytes(() => 1) }), await write({ data: logit() })];
      const bad = pair('bad', await writeDamaged({ data: data() }, damage), reference);
      expect(await decide([bad])).toMatchObject({ unreadable: true, channelCount: 1 });
      expect((await resolve([bad])).unreadable).toBe(true);
      const decision = await decide([bad, pair('good', other, reference)]);
      expect(decision).toMatchObject({ scores: 'logit', note: expect.stringContaining('case good') });
      expect(decision.evidence?.entry.id).toBe('good');
    },
  );

  test('a reference: its own case does not decide, and others do not count its labels', async () => {
    const labels = manyLabels();
    const known = await write({ data: labels });
    const unknown = await write({ data: bytes(() => 1) });
    const damaged = await writeDamaged({ data: labels }, damage);
    const bad = pair('bad', known, damaged);
    expect(await decide([bad])).toMatchObject({ unreadable: true });
    const good = pair('good', known, unknown);
    const saysHowMany = { message: expect.stringContaining('of which the references know 1:') };
    await expect(decide([good, bad])).rejects.toMatchObject(saysHowMany);
    await expect(decide([bad, good])).rejects.toMatchObject(saysHowMany);
    expect(
      await decide([bad, pair('same', known, known), pair('right', known, await write({ data: labels }))]),
    ).toMatchObject({ scores: 'label', note: expect.stringContaining('case same') });
  });

  test('a reference in which voxels are ignored: its case does not decide', async () => {
    const reference = await writeDamaged({ data: manyLabels() }, damage);
    const bad = pair('bad', await write({ data: probability() }), reference);
    expect(await decide([bad], { ignoreLabel: 9 })).toMatchObject({ unreadable: true });
  });

  test('channels, in one file or one of several: another case tells how they relate', async () => {
    const first = probability();
    const sumsToOne = first.map((value) => 1 - value);
    const [one, two] = [await write({ data: first }), await write({ data: sumsToOne })];
    const competing = { data: Float32Array.of(...first, ...sumsToOne), channels: 2 };
    const reference = await write({ data: bytes(() => 1) });
    const broken = [
      [await writeDamaged(competing, damage)],
      [await writeDamaged({ data: first }, damage), two],
      [one, await writeDamaged({ data: sumsToOne }, damage)],
    ];
    const independent = [one, await write({ data: probability() })];
    for (const predictions of broken) {
      const bad = { id: 'bad', predictions, reference };
      const classes = { a: [1], b: [2] };
      for (const scores of ['auto', 'probability'] as const) {
        const good = { id: 'good', predictions: independent, reference };
        const { settings } = await resolve([bad, good], { classes, scores });
        expect(settings.channels).toBe('independent');
        expect(settings.decisions.join()).toContain('2 channels of case good');
      }
      // Planned with its two channels, so that it is not refused for their number.
      const { settings, unreadable } = await resolve([bad]);
      expect([settings.channelCount, unreadable]).toEqual([2, true]);
    }
  });

  test('channels of integers: not refused by their header alone', async () => {
    const bad = pair(
      'bad',
      await writeDamaged({ data: manyLabels(), shape: [voxels / 2, 1, 1], channels: 2 }, damage),
      'none',
    );
    expect(await decide([bad])).toMatchObject({ unreadable: true, channelCount: 2 });
    expect((await resolve([bad], { classes: { a: [1], b: [2], c: [3] } })).unreadable).toBe(true);
  });
});

describe.each(damages.filter(({ showsInLength }) => showsInLength))('$name', (damage) => {
  test('with scores given: the number of channels is that of a whole file', async () => {
    const two = { data: probability(), shape: [voxels / 2, 1, 1], channels: 2 } as const;
    const bad = pair('bad', await writeDamaged(two, damage), 'none');
    const good = pair('good', await write({ data: probability() }), 'none');
    const decision = await decide([bad, good], { scores: 'probability' });
    expect(decision).toMatchObject({ scores: 'probability', channelCount: 1, note: '' });
    expect(await decide([bad], { scores: 'probability' })).toMatchObject({
      unreadable: true,
      channelCount: 2,
      note: expect.stringMatching(/^no case can be read/),
    });
  });
});

test('a cut behind the last plane that is looked at', async () => {
  const shape = [256, 128, 130] as const;
  const plane = shape[0] * shape[1];
  // The values looked at are a pattern that needs no room, the last plane is noise that does.
  const data = new Float32Array(plane * shape[2]).map((_, i) => (i % 256) / 256);
  data.set(floats(random, plane), plane * (shape[2] - 1));
  const bad = pair(
    'bad',
    await writeDamaged({ data, shape }, { apply: (whole) => whole.subarray(0, -plane) }),
    'none',
  );
  expect(await decide([bad])).toMatchObject({ unreadable: true });
  const good = pair('good', await write({ data: logit() }), 'none');
  expect(await decide([bad, good])).toMatchObject({ scores: 'logit' });
});

test('several gzip members, whose last length is not that of the file, are whole', async () => {
  const good = pair('good', await write({ data: probability(), gzip: 'members' }), 'none');
  expect(await decide([good])).toMatchObject({ scores: 'probability', channelCount: 1 });
  expect((await decide([good], { scores: 'logit' })).unreadable).toBeUndefined();
});

test('a raw file that is shorter than its header says', async () => {
  const path = folder(`${serial++}.nii`);
  const shape = [voxels, 1, 1] as const;
  await writeNifti(path, { shape, datatype: 'float32', data: probability() });
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  expect(await decide([pair('bad', path, 'none')])).toMatchObject({ unreadable: true });
});
