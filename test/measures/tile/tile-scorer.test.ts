import { expect, test } from 'vitest';
import { loadKernels } from '../../../src/kernels/kernels.ts';
import { decodeBlocks, eachBucket, runs } from '../../../src/measures/sorted-errors/shard/directory.ts';
import { formatVersion } from '../../../src/measures/sorted-errors/shard/file.ts';
import { TileScorer } from '../../../src/measures/tile/tile-scorer.ts';
import { resolveSettings } from '../../../src/settings/resolve-settings.ts';
import { configSchema } from '../../../src/settings/schema.ts';
import { probabilities } from '../../run/volumes.ts';
import { golden } from '../../support/golden.ts';
import { pair } from '../../support/score.ts';
import { scoredTile } from './scored-tile.ts';

const encoding = (datatype: 'float32' | 'uint8' | 'uint16') =>
  ({ datatype, littleEndian: true, slope: 1, intercept: 0 }) as const;

test('a tile is the same whatever stood in the memory of the kernels before', async () => {
  const cases = [pair('any', golden('prob_f32.nii'), golden('prob_f32_ref.nii'))];
  const { settings } = await resolveSettings(configSchema.parse({ scores: 'probability' }), cases);
  const shape = [40, 30, 5] as const;
  const { scores, mask } = probabilities(6000, 3);
  const input = { predictions: [encoding('float32')], reference: encoding('uint8'), shape };
  const score = (kernels: ReturnType<typeof loadKernels>) => {
    const scorer = new TileScorer(kernels, settings, input, 6000);
    const { predictions, reference } = scorer.targets(6000);
    predictions[0]!.set(new Uint8Array(scores.buffer));
    reference.set(mask);
    const { tally, sections } = scoredTile(settings, scorer.score({ origin: [0, 0, 0], shape }));
    return {
      tally,
      sections: sections.map((section) => ({
        ...section,
        directory: [...section.directory],
        payload: [...section.payload],
      })),
    };
  };
  const fresh = loadKernels();
  const expected = score(fresh);
  const encodings = new Set<number>();
  for (const { directory, payload } of expected.sections) {
    for (const block of decodeBlocks(Uint8Array.from(directory), payload.length, formatVersion))
      eachBucket(block, (_bucket, encoding) => encodings.add(encoding));
  }
  expect(encodings).toContain(runs);
  // A merge and the scorer of another case share the memory of a thread.
  const used = loadKernels();
  used.memory.grow(400);
  new Uint8Array(used.memory.buffer).fill(0x5a, 131072);
  expect(score(used)).toEqual(expected);
  expect(score(fresh)).toEqual(expected);
});

test('many labels take their room once, not once a tile', async () => {
  const cases = [pair('any', golden('labels.nii.gz'), golden('labels_ref.nii.gz'))];
  const { settings } = await resolveSettings(configSchema.parse({ scores: 'label' }), cases);
  const shape = [600, 10, 1] as const;
  const kernels = loadKernels();
  const input = { predictions: [encoding('uint16')], reference: encoding('uint16'), shape };
  const scorer = new TileScorer(kernels, settings, input, 6000);
  const bytes = [0, 1, 2, 3].map(() => {
    const { predictions, reference } = scorer.targets(6000);
    const labels = Uint16Array.from({ length: 6000 }, (_, i) => i % 600);
    predictions[0]!.set(new Uint8Array(labels.buffer));
    reference.set(new Uint8Array(labels.buffer));
    const { tally } = scoredTile(settings, scorer.score({ origin: [0, 0, 0], shape }));
    expect(tally.confusion).toEqual(Array.from({ length: 600 }, (_, label) => [label, label, 10]));
    return kernels.memory.buffer.byteLength;
  });
  expect(bytes.slice(1)).toEqual(Array(3).fill(bytes[0]));
});
