/** The errors that a tile tells by slab, against each slab scored as a tile of its own. */
import { expect, test } from 'vitest';
import { type Box, type Vec3, voxelCount } from '../../../src/base/box.ts';
import { tileGrid } from '../../../src/base/tile-grid.ts';
import { loadKernels } from '../../../src/kernels/kernels.ts';
import {
  type BoxSums,
  boxWidth,
  LabelSums,
  sumsOfClass,
  sumsOfScores,
} from '../../../src/measures/box-errors/box-sums.ts';
import { slabsOf } from '../../../src/measures/box-errors/boxes.ts';
import type { Tally } from '../../../src/measures/tally/tally.ts';
import { TileScorer } from '../../../src/measures/tile/tile-scorer.ts';
import { resolveSettings } from '../../../src/settings/resolve-settings.ts';
import type { RunSettings } from '../../../src/settings/run-settings.ts';
import { type ConfigInput, configSchema } from '../../../src/settings/schema.ts';
import { randomNumbers } from '../../run/volumes.ts';
import { golden } from '../../support/golden.ts';
import { pair } from '../../support/score.ts';
import { scoredTile } from './scored-tile.ts';

const shape: Vec3 = [7, 5, 13];
const kernels = loadKernels();

/** Scores of `channels` channels that sum to 1 where there are several, and labels, some of which are 3. */
function makeVoxels(settings: RunSettings): { scores: Float32Array[]; labels: Uint8Array } {
  const random = randomNumbers(7);
  const voxels = voxelCount(shape);
  const plane = shape[0] * shape[1];
  // A slab without a voxel to be scored, one without foreground.
  const labels = Uint8Array.from({ length: voxels }, (_, i) =>
    i < 2 * plane ? 3 : i < 4 * plane ? 0 : Math.floor(random() * 4),
  );
  const { channelCount, scores: kind } = settings;
  const scores = Array.from({ length: channelCount }, () => new Float32Array(voxels));
  for (let i = 0; i < voxels; i++) {
    const values = scores.map(() => random());
    const sum = values.reduce((a, b) => a + b);
    for (const [channel, own] of values.entries()) {
      const p = channelCount > 1 ? own / sum : own ** 2;
      scores[channel]![i] = kind === 'label' ? Math.floor(4 * own) : kind === 'logit' ? 8 * p - 4 : p;
    }
  }
  return { scores, labels };
}

async function bench(config: ConfigInput, files: readonly [string, string], channelCount = 1) {
  const cases = [pair('any', golden(files[0]), golden(files[1]))];
  const resolved = await resolveSettings(configSchema.parse(config), cases);
  const settings = { ...resolved.settings, channelCount };
  const encoding = (datatype: 'float32' | 'uint8') =>
    ({ datatype, littleEndian: true, slope: 1, intercept: 0 }) as const;
  const predictions = Array.from({ length: channelCount }, () => encoding('float32'));
  const input = { predictions, reference: encoding('uint8'), shape };
  const { scores, labels } = makeVoxels(settings);
  const plane = shape[0] * shape[1];
  /** Scores planes as a tile; `planes` cuts it. */
  const score = (box: Box, planes?: number) => {
    const scorer = new TileScorer(kernels, settings, input, voxelCount(shape));
    const targets = scorer.targets(voxelCount(box.shape));
    const [from, to] = [plane * box.origin[2], plane * (box.origin[2] + box.shape[2])];
    for (const [channel, target] of targets.predictions.entries()) {
      target.set(new Uint8Array(scores[channel]!.slice(from, to).buffer));
    }
    targets.reference.set(labels.subarray(from, to));
    const grid = planes === undefined ? undefined : tileGrid(shape, [7, 5, planes]);
    const { tally, slabs, sections } = scoredTile(settings, scorer.score(box, slabsOf(grid, box)));
    return {
      tally,
      slabs: slabs && boxes(slabs),
      sections: sections.map(({ directory, payload, ...rest }) => ({
        ...rest,
        directory: [...directory],
        payload: [...payload],
      })),
    };
  };
  return { settings, score };
}

/** The sums of each box by class, those that are not all 0. */
function boxes({ keys, values }: BoxSums): { voxels: number; classes: Record<number, number[]> }[] {
  const width = boxWidth(keys.length);
  return Array.from({ length: values.length / width }, (_, box) => {
    const own = [...values.slice(box * width, (box + 1) * width)];
    const classes = keys.map((key, i) => [key, own.slice(boxWidth(i), boxWidth(i) + sumsOfClass)] as const);
    return {
      voxels: own[0]!,
      classes: Object.fromEntries(classes.filter(([, sums]) => sums.some((sum) => sum > 0))),
    };
  });
}

function sumsOf(settings: RunSettings, tally: Tally): BoxSums {
  if (settings.scores !== 'label') return sumsOfScores(tally.voxels, tally.classes);
  return new LabelSums(settings).of(tally.confusion, [tally.confusion.map(([, , voxels]) => voxels)]);
}

const probability = ['prob_f32.nii', 'prob_f32_ref.nii'] as const;
const softmax = ['softmax4.nii.gz', 'softmax4_ref.nii'] as const;
const labelMaps = ['labels.nii.gz', 'labels_ref.nii.gz'] as const;

test.each<[string, ConfigInput, readonly [string, string], number]>([
  [
    'probabilities',
    { scores: 'probability', losses: 'dice', unknownLabels: 'background', classes: { a: [1] } },
    probability,
    1,
  ],
  [
    'all losses',
    { scores: 'probability', losses: 'all', unknownLabels: 'background', classes: { a: [1, 2] } },
    probability,
    1,
  ],
  [
    'logits',
    { scores: 'logit', losses: 'all', unknownLabels: 'background', classes: { a: [1] } },
    probability,
    1,
  ],
  [
    'an ignored label',
    {
      scores: 'probability',
      losses: 'all',
      ignoreLabel: 3,
      unknownLabels: 'background',
      classes: { a: [1] },
    },
    probability,
    1,
  ],
  [
    'competing probabilities',
    { scores: 'probability', channels: 'exclusive', losses: 'all', unknownLabels: 'background' },
    softmax,
    4,
  ],
  [
    'competing logits, a class of two channels',
    {
      scores: 'logit',
      channels: 'exclusive',
      losses: 'all',
      unknownLabels: 'background',
      classes: { one: [1], both: [2, 3] },
    },
    softmax,
    4,
  ],
  ['label maps', { scores: 'label' }, labelMaps, 1],
  [
    'overlapping classes',
    { scores: 'label', classes: { WT: [1, 2, 3], TC: [1, 3], none: [9] } },
    labelMaps,
    1,
  ],
  ['label maps with an ignored label', { scores: 'label', ignoreLabel: 3 }, labelMaps, 1],
])('%s', async (_, config, files, channels) => {
  const { settings, score } = await bench(config, files, channels);
  for (const [first, thick] of [
    [0, 13],
    [3, 9],
  ] as const) {
    const tile: Box = { origin: [0, 0, first], shape: [7, 5, thick] };
    const whole = score(tile);
    expect(whole.slabs).toBeUndefined();
    for (const planes of [1, 2, 4, 5]) {
      const { slabs, ...rest } = score(tile, planes);
      expect(rest).toEqual({ tally: whole.tally, sections: whole.sections });
      const parts = slabsOf(tileGrid(shape, [7, 5, planes]), tile);
      expect(slabs).toEqual(parts.flatMap((part) => boxes(sumsOf(settings, score(part).tally))));
    }
  }
});

test('labels so many that a tile is not counted by slab', async () => {
  const { settings } = await bench({ scores: 'label' }, labelMaps);
  const encoding = { datatype: 'uint16', littleEndian: true, slope: 1, intercept: 0 } as const;
  const box: Box = { origin: [0, 0, 0], shape: [100, 10, 6] };
  const slabs = slabsOf(tileGrid(box.shape, [100, 10, 1]), box);
  const scorer = new TileScorer(
    kernels,
    settings,
    { predictions: [encoding], reference: encoding, shape: box.shape },
    6000,
  );
  for (const [labels, found] of [
    [40, 6],
    [600, undefined],
  ] as const) {
    const { predictions, reference } = scorer.targets(6000);
    const stored = Uint16Array.from({ length: 6000 }, (_, i) => i % labels);
    predictions[0]!.set(new Uint8Array(stored.buffer));
    reference.set(new Uint8Array(stored.buffer));
    const scored = scoredTile(settings, scorer.score(box, slabs));
    expect(scored.tally.confusion).toHaveLength(labels);
    expect(scored.slabs && boxes(scored.slabs).length).toBe(found);
  }
});
