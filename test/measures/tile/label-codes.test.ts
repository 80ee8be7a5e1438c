/** Labels up to 64 bits through the scorer of tiles, against pairs counted one by one as bigints. */
import { describe, expect, test } from 'vitest';
import { voxelCount } from '../../../src/base/box.ts';
import { type Label, labelOf } from '../../../src/base/label.ts';
import { loadKernels } from '../../../src/kernels/kernels.ts';
import { TileScorer } from '../../../src/measures/tile/tile-scorer.ts';
import { resolveSettings } from '../../../src/settings/resolve-settings.ts';
import { type ConfigInput, configSchema } from '../../../src/settings/schema.ts';
import { type Datatype, datatypeBytes } from '../../../src/volumes/types.ts';
import { randomNumbers } from '../../run/volumes.ts';
import { golden } from '../../support/golden.ts';
import { pair } from '../../support/score.ts';
import { scoredTile } from './scored-tile.ts';

const kernels = loadKernels();
const shape = [16, 9, 8] as const;
const voxels = voxelCount(shape);

type Stored = Extract<Datatype, 'uint16' | 'uint32' | 'int32' | 'uint64' | 'int64' | 'float32' | 'float64'>;

function put(view: DataView, datatype: Stored, at: number, value: bigint, little: boolean): void {
  const number = Number(value);
  if (datatype === 'uint16') view.setUint16(at, number, little);
  else if (datatype === 'uint32') view.setUint32(at, number, little);
  else if (datatype === 'int32') view.setInt32(at, number, little);
  else if (datatype === 'uint64') view.setBigUint64(at, value, little);
  else if (datatype === 'int64') view.setBigInt64(at, value, little);
  else if (datatype === 'float32') view.setFloat32(at, number, little);
  else view.setFloat64(at, number, little);
}

function bytesOf(labels: readonly bigint[], datatype: Stored, little: boolean): Uint8Array {
  const step = datatypeBytes[datatype];
  const bytes = new Uint8Array(step * labels.length);
  const view = new DataView(bytes.buffer);
  for (const [i, label] of labels.entries()) put(view, datatype, step * i, label, little);
  return bytes;
}

interface Side {
  readonly datatype: Stored;
  readonly littleEndian?: boolean;
  readonly slope?: number;
  readonly labels: readonly bigint[];
}

async function scoreTile(prediction: Side, reference: Side, config: ConfigInput = {}) {
  const cases = [pair('any', golden('labels.nii.gz'), golden('labels_ref.nii.gz'))];
  const { settings } = await resolveSettings(configSchema.parse({ scores: 'label', ...config }), cases);
  const encoding = ({ datatype, littleEndian = true, slope = 1 }: Side) => ({
    datatype,
    littleEndian,
    slope,
    intercept: 0,
  });
  const input = { predictions: [encoding(prediction)], reference: encoding(reference), shape };
  const scorer = new TileScorer(kernels, settings, input, voxels);
  const targets = scorer.targets(voxels);
  const stored = ({ labels, datatype, littleEndian = true }: Side) => bytesOf(labels, datatype, littleEndian);
  targets.predictions[0]!.set(stored(prediction));
  targets.reference.set(stored(reference));
  return scoredTile(settings, scorer.score({ origin: [0, 0, 0], shape }));
}

/** [reference, prediction, voxels], ascending by label. */
function pairsOf(prediction: readonly bigint[], reference: readonly bigint[]): [Label, Label, number][] {
  const counts = new Map<string, number>();
  for (const [i, label] of reference.entries()) {
    const key = `${label} ${prediction[i]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .map(([key, n]) => [...key.split(' ').map(BigInt), n] as [bigint, bigint, number])
    .sort(([a, b], [c, d]) => (a < c ? -1 : a > c ? 1 : b < d ? -1 : b > d ? 1 : 0))
    .map(([r, p, n]) => [labelOf(r), labelOf(p), n]);
}

/** Runs of labels out of a few, 0 among them. */
function drawn(from: readonly bigint[], seed: number): bigint[] {
  const random = randomNumbers(seed);
  let label = 0n;
  return Array.from({ length: voxels }, () => {
    if (random() < 0.5) label = random() < 0.3 ? 0n : from[Math.floor(random() * from.length)]!;
    return label;
  });
}

const near60 = [
  2n ** 60n + 1n,
  2n ** 60n + 2n,
  2n ** 60n,
  1n,
  65534n,
  65535n,
  65536n,
  2n ** 53n - 1n,
  2n ** 53n,
];
const near64 = [2n ** 64n - 1n, 2n ** 63n, 2n ** 63n - 1n, 2n ** 32n, 2n ** 32n - 1n, 7n];
const ids32 = [576_073_737n, 576_073_728n, 3_000_000_000n, 4_294_967_295n, 5n];
const ids31 = [576_073_737n, 576_073_728n, 2_147_483_647n, 5n];
const inFloat32 = [16_777_216n, 65_535n, 2n ** 40n, 3n];

describe('pairs of labels are those that are stored', () => {
  test.each<[string, Side, Side]>([
    [
      'uint64',
      { datatype: 'uint64', labels: drawn(near60, 1) },
      { datatype: 'uint64', labels: drawn(near60, 2) },
    ],
    [
      'the whole range',
      { datatype: 'uint64', labels: drawn(near64, 3) },
      { datatype: 'uint64', labels: drawn(near64, 4) },
    ],
    [
      'big-endian',
      { datatype: 'uint64', littleEndian: false, labels: drawn(near64, 3) },
      { datatype: 'int64', littleEndian: false, labels: drawn(near60, 4) },
    ],
    [
      'uint32 and int64',
      { datatype: 'uint32', labels: drawn(ids32, 5) },
      { datatype: 'int64', labels: drawn(near60, 6) },
    ],
    [
      'int32 and uint32',
      { datatype: 'int32', labels: drawn(ids31, 7) },
      { datatype: 'uint32', labels: drawn(ids32, 8) },
    ],
    [
      'floats',
      { datatype: 'float32', labels: drawn(inFloat32, 9) },
      { datatype: 'float64', labels: drawn(near60.slice(3), 10) },
    ],
    [
      '65535 in uint16',
      { datatype: 'uint16', labels: drawn([65_535n, 9n], 11) },
      { datatype: 'uint16', labels: drawn([65_535n, 8n], 12) },
    ],
    [
      'one side only',
      { datatype: 'uint16', labels: drawn([1n, 2n], 13) },
      { datatype: 'uint64', labels: drawn(near60, 14) },
    ],
  ])('%s', async (_name, prediction, reference) => {
    const { tally } = await scoreTile(prediction, reference);
    expect(tally.faults).toEqual([]);
    expect(tally.confusion).toEqual(pairsOf(prediction.labels, reference.labels));
  });

  test('more than a table holds, 2,000 labels a side', async () => {
    const many = Array.from({ length: 2000 }, (_, i) => 2n ** 60n + BigInt(i));
    const [prediction, reference] = [drawn(many, 15), drawn(many, 16)];
    const { tally } = await scoreTile(
      { datatype: 'uint64', labels: prediction },
      { datatype: 'uint64', labels: reference },
    );
    expect(tally.confusion).toEqual(pairsOf(prediction, reference));
  });

  test('a slope that makes labels large', async () => {
    const [prediction, reference] = [drawn([1n, 2n, 30_000n], 17), drawn([1n, 2n], 18)];
    const { tally } = await scoreTile(
      { datatype: 'uint16', slope: 1000, labels: prediction },
      { datatype: 'uint32', slope: 1000, labels: reference },
    );
    const times = (labels: readonly bigint[]) => labels.map((label) => 1000n * label);
    expect(tally.confusion).toEqual(pairsOf(times(prediction), times(reference)));
  });
});

test('an ignored label beside large ones, among the predictions too, and a class of a large label', async () => {
  const [prediction, reference] = [drawn([...near60, 255n], 19), drawn([...near60, 255n], 20)];
  const kept = reference.flatMap((label, i) => (label === 255n ? [] : [i]));
  const config = {
    ignoreLabel: 255,
    classes: { one: [1], atlas: [65_536] },
    unknownLabels: 'background',
  } as const;
  const sides = [prediction, reference].map((labels) => ({ datatype: 'uint64', labels }) as const);
  const { tally } = await scoreTile(sides[0]!, sides[1]!, config);
  expect(tally.ignored).toBe(voxels - kept.length);
  const pick = (labels: readonly bigint[]) => kept.map((i) => labels[i]!);
  expect(tally.confusion).toEqual(pairsOf(pick(prediction), pick(reference)));
  const refused = await scoreTile(sides[0]!, sides[1]!, { ...config, unknownLabels: 'refuse' });
  const first = reference.findIndex((label) => ![0n, 1n, 65_536n, 255n].includes(label));
  expect(refused.tally.faults).toMatchObject([
    { kind: 'unknown-label', channel: -1, firstIndex: first, firstValue: String(reference[first]) },
  ]);
});

test('negative values and fractions beside large labels are no labels; the negative ignored one is left out', async () => {
  const reference = drawn(near60, 21).with(5, -7n).with(9, -7n);
  const prediction = drawn(near60, 22).with(11, -3n);
  const sides = [prediction, reference].map((labels) => ({ datatype: 'int64', labels }) as const);
  const { tally } = await scoreTile(sides[0]!, sides[1]!, { ignoreLabel: -7 });
  expect(tally.ignored).toBe(2);
  expect(tally.faults).toMatchObject([
    { kind: 'not-a-label', channel: 0, count: 1, firstIndex: 11, firstValue: '-3' },
  ]);
});
