/** The keys of one tile, evaluated and written at once, are those of its stored shard merged afterwards. */
import { expect, test } from 'vitest';
import { BytesInMemory } from '../../../src/base/byte-source.ts';
import { loadKernels } from '../../../src/kernels/kernels.ts';
import { bucketHistogram, cutRanges } from '../../../src/measures/sorted-errors/ranges.ts';
import { mergeRange } from '../../../src/measures/sorted-errors/row.ts';
import { encodeShard, ShardFile } from '../../../src/measures/sorted-errors/shard/file.ts';
import { TileScorer } from '../../../src/measures/tile/tile-scorer.ts';
import { resolveSettings } from '../../../src/settings/resolve-settings.ts';
import { configSchema } from '../../../src/settings/schema.ts';
import { probabilities, randomNumbers } from '../../run/volumes.ts';
import { golden } from '../../support/golden.ts';
import { pair } from '../../support/score.ts';

const float32 = { datatype: 'float32', littleEndian: true, slope: 1, intercept: 0 } as const;
const shape = [700, 300, 2] as const;
const voxels = 420_000;

/** Probabilities of all sizes, in more buckets than there is room for at once. */
function spread(random: () => number): number {
  return 2 ** (-120 * random());
}

/** Many in few buckets, most of them once: runs of some 3 bytes a voxel, more than there is room for at once. */
function dense(random: () => number): number {
  return random() * 2 ** -126 * 2 ** (random() < 0.5 ? 0 : 60);
}

const kinds = {
  'probabilities that repeat': ['probability', undefined],
  'probabilities in many buckets': ['probability', spread],
  'probabilities in few buckets': ['probability', dense],
  'logits in many buckets': ['logit', (random: () => number) => (random() - 0.5) * spread(random) * 2 ** 40],
  'no foreground': ['probability', () => 0.25],
} as const;

test.each(Object.keys(kinds) as (keyof typeof kinds)[])('%s', async (name) => {
  const [scores, draw] = kinds[name];
  const cases = [pair('any', golden('prob_f32.nii'), golden('prob_f32_ref.nii'))];
  const { settings } = await resolveSettings(configSchema.parse({ scores, losses: 'all' }), cases);
  const values = probabilities(voxels, 5);
  if (draw) {
    const random = randomNumbers(11);
    for (let i = 0; i < voxels; i++) values.scores[i] = draw(random);
  }
  if (name === 'no foreground') values.mask.fill(0);
  const kernels = loadKernels();
  const input = {
    predictions: [float32],
    reference: { ...float32, datatype: 'uint8' } as const,
    shape,
  };
  const box = { origin: [0, 0, 0], shape } as const;
  const fill = (scorer: TileScorer) => {
    const { predictions, reference } = scorer.targets(voxels);
    predictions[0]!.set(new Uint8Array(values.scores.buffer));
    reference.set(values.mask);
    return scorer;
  };

  const scorer = new TileScorer(kernels, settings, input, voxels);
  const { sections } = fill(scorer).score(box).partials.get('sorted-errors')!;
  const stored = ShardFile.at(new BytesInMemory('tile', encodeShard({}, sections!)));
  const written: Uint8Array[] = [];
  const at = (pieces: Uint8Array[]) => (about: object, own: Parameters<typeof encodeShard>[1]) =>
    pieces.push(Buffer.concat(encodeShard(about, own)));
  const jobs = cutRanges(bucketHistogram([stored], 0), 0, scores === 'logit');
  expect(jobs).toHaveLength(1);
  const expected = mergeRange(loadKernels(), [stored], jobs[0]!, true, at(written));

  const once: Uint8Array[] = [];
  // Twice: what one tile leaves in memory must not be seen by the next.
  for (let round = 0; round < 2; round++) {
    const { finished, partials } = fill(scorer).score(box, [box], () => at(once));
    expect(partials.has('sorted-errors')).toBe(false);
    const { results, collected } = finished.get('sorted-errors')!;
    const { sums, ...counts } = expected;
    expect(collected).toEqual([counts]);
    const [result] = results as { sums: Float64Array }[];
    const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array) =>
      Buffer.from(buffer, byteOffset, byteLength);
    expect(Buffer.compare(bytesOf(result!.sums), bytesOf(sums))).toBe(0);
    expect(Buffer.compare(once[round]!, written[0]!)).toBe(0);
  }
});
