import { expect, test } from 'vitest';
import { resolveSettings } from '../../src/settings/resolve-settings.ts';
import { type ConfigInput, configSchema } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
let serial = 0;

/** Writes channels of three voxels (in one file, or in one each) and a reference, and resolves the settings. */
async function resolve(
  channels: readonly (readonly number[])[],
  labels: readonly number[],
  config: ConfigInput,
  { gzip = false, files = 1 } = {},
) {
  const end = gzip ? 'nii.gz' : 'nii';
  const reference = folder(`reference-${serial++}.nii`);
  const shape = [labels.length, 1, 1] as const;
  await writeNifti(reference, { shape, datatype: 'uint8', data: Uint8Array.from(labels) });
  const groups = files === 1 ? [channels] : channels.map((channel) => [channel]);
  const predictions = [];
  for (const group of groups) {
    const file = folder(`prediction-${serial++}.${end}`);
    const data = Float32Array.from(group.flat());
    await writeNifti(file, { shape, channels: group.length, datatype: 'float32', data, gzip });
    predictions.push(file);
  }
  const { settings } = await resolveSettings(configSchema.parse(config), [
    { id: 'a', predictions, reference },
  ]);
  return settings;
}

const softmax = [
  [0.25, 0.5, 0.125],
  [0.5, 0.25, 0.125],
  [0.25, 0.25, 0.75],
];
const sigmoid = [
  [0.25, 0.5, 0.125],
  [0.5, 0.75, 0.125],
];

test.each([
  ['one raw file', {}],
  ['one gzip file', { gzip: true }],
  ['a file each', { files: 3 }],
] as const)('probabilities that add up to 1 compete, and it is told: %s', async (_name, options) => {
  const settings = await resolve(softmax, [0, 1, 2], { scores: 'probability' }, options);
  expect(settings).toMatchObject({ channels: 'exclusive', channelLabels: [0, 1, 2] });
  expect(settings.decisions).toEqual([
    'channels: exclusive (auto: the 3 channels of case a add up to 1 within 0.003, which is checked at every voxel)',
  ]);
});

test('other sums: refused with both flags, independent where each channel has its class, or as the user says', async () => {
  await expect(resolve(sigmoid, [0, 1, 1], { scores: 'probability' })).rejects.toMatchObject({
    name: 'UsageError',
    code: 'channels-ambiguous',
    message: expect.stringMatching(
      /add up to 0\.25 to 1\.25 \(0\.25 at \[2, 0, 0\]\), not to 1.*--channels independent;.*--channels exclusive/,
    ),
  });
  const classes = { WT: [1, 2], TC: [1] };
  const found = await resolve(sigmoid, [0, 1, 2], { scores: 'probability', classes });
  expect(found.channels).toBe('independent');
  expect(found.decisions[0]).toMatch(/^channels: independent \(auto: .*one class for each/);
  for (const channels of ['exclusive', 'independent'] as const) {
    const said = await resolve(sigmoid, [0, 1, 1], { scores: 'probability', channels });
    expect(said).toMatchObject({ channels, decisions: [] });
  }
});

test('sums at ignored voxels say nothing', async () => {
  const config: ConfigInput = { scores: 'probability', ignoreLabel: 9 };
  const zero = softmax.map((channel) => [...channel, 0]);
  expect((await resolve(zero, [0, 1, 2, 9], config)).channels).toBe('exclusive');
});

test('where sums are at most 1 a background may have been left out, and the advice works', async () => {
  const left = [softmax[1]!, softmax[2]!];
  await expect(resolve(left, [0, 1, 2], { scores: 'probability' })).rejects.toMatchObject({
    message: expect.stringContaining('--channels independent (with --channel-labels 1,2 if'),
  });
  const config: ConfigInput = { scores: 'probability', channels: 'independent', channelLabels: '1,2' };
  expect((await resolve(left, [0, 1, 2], config)).classes).toEqual([
    { name: '1', labels: [1], channels: [0] },
    { name: '2', labels: [2], channels: [1] },
  ]);
});

test('logits do not tell: refused with both flags, unless the classes are not one per channel', async () => {
  await expect(resolve(softmax, [0, 1, 2], { scores: 'logit' })).rejects.toMatchObject({
    code: 'channels-ambiguous',
    message: expect.stringMatching(/--channels exclusive .*softmax, --channels independent .*sigmoid/),
  });
  const settings = await resolve(softmax, [0, 1, 2], { scores: 'logit', classes: { one: [1] } });
  expect(settings).toMatchObject({ channels: 'exclusive' });
});

test('labels that are not those of the channels: what to say is told, and works', async () => {
  const labels = async (channelLabels: ConfigInput['channelLabels'], reference: readonly number[]) =>
    (await resolve(softmax, reference, { scores: 'probability', channelLabels })).channelLabels;
  const advice = async (reference: readonly number[]) =>
    labels(null, reference).then(
      () => 'none',
      (error: unknown) => (error as Error).message,
    );
  expect(await advice([0, 1, 4])).toMatch(/labels 0, 1, 4 .* say --channel-labels 0,1,4, or/);
  expect(await labels('0,1,4', [0, 1, 4])).toEqual([0, 1, 4]);
  expect(await advice([1, 2, 3])).toMatch(/background seems to be missing: say --channel-labels 1,2,3, or/);
  // No order of three labels fits: the gate tells the label and its voxel.
  expect(await advice([0, 7, 7])).toBe('none');
  expect(await advice([0, 1, 1])).toBe('none');
  const without = await resolve(softmax, [1, 2, 3], { scores: 'probability', channelLabels: [1, 2, 3] });
  expect(without.decisions.at(-1)).toMatch(/no channel scores the background/);
});

test.each<[string, ConfigInput, RegExp]>([
  ['as many as channels', { channelLabels: [0, 1] }, /2 labels for 3 channels/],
  [
    'of classes that have theirs',
    { channels: 'independent', channelLabels: [0, 1, 2], classes: { a: [0], b: [1], c: [2] } },
    /give one of the two/,
  ],
  ['which classes ask for', { classes: { ET: [4] } }, /label 4 has no channel.*--channel-labels/],
])('channel labels must be %s', async (_name, config, says) => {
  await expect(resolve(softmax, [0, 1, 2], { scores: 'probability', ...config })).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(says),
  });
});
