/** What the viewer paints is what the run decided: its counts are those of the results, for every kind of scores. */
import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Vec3 } from '../../../src/base/box.ts';
import type { ManifestCase } from '../../../src/cases/types.ts';
import { randomNumbers } from '../../../src/cli/demo/random.ts';
import type { ConfigInput } from '../../../src/settings/schema.ts';
import { type NiftiVolume, writeNifti } from '../../../src/volumes/nifti/write.ts';
import type { VolumeHeader } from '../../../src/volumes/types.ts';
import type { CaseView } from '../../../src/web/viewer/case-view.ts';
import { ClassSets } from '../../../src/web/viewer/class-sets.ts';
import { labelSets, valuesOf } from '../../../src/web/viewer/decisions.ts';
import { countClass } from '../../../src/web/viewer/page/paint.ts';
import { logit, probability, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { openCases, overview, testReader, viewOf } from './support.ts';

const at = temporaryFolder();
const reader = testReader();
const shape: Vec3 = [13, 9, 7];
let runs = 0;

/** Scores a case, and compares what each view of it counts with the results. */
async function expectSameCounts(entry: ManifestCase, config: ConfigInput): Promise<CaseView> {
  const out = at(`out-${runs++}`);
  const { results } = await score([entry], { losses: 'dice', ...config }, out);
  const [result] = results.cases;
  if (result?.status !== 'ok') throw new Error(JSON.stringify(result));
  const cases = openCases(out, reader);
  const whole = await viewOf(cases, 0, overview);
  expect(whole.stride).toEqual([1, 1, 1]);
  const planes: CaseView[] = [];
  for (let z = 0; z < result.shape[2]; z++) {
    planes.push(await viewOf(cases, 0, { kind: 'plane', axis: 2, at: z }));
  }
  const others = [
    await viewOf(cases, 0, { kind: 'plane', axis: 0, at: 3 }),
    await viewOf(cases, 0, { kind: 'plane', axis: 1, at: 2 }),
  ];
  for (const [index, { name }] of results.classes.entries()) {
    const { tp, fp, fn } = result.classes[name]!.metrics;
    expect(tp + fp + fn, name).toBeGreaterThan(0);
    expect(countClass(whole, index), name).toEqual({ tp, fp, fn });
    const sums = { tp: 0, fp: 0, fn: 0 };
    for (const plane of planes) {
      const counts = countClass(plane, index);
      for (const key of ['tp', 'fp', 'fn'] as const) sums[key] += counts[key];
    }
    expect(sums, name).toEqual({ tp, fp, fn });
    for (const [k, axis] of [0, 1].entries()) {
      const inWhole = countClass(whole, index, { axis, at: [3, 2][k]! - whole.origin[axis]! });
      expect(countClass(others[k]!, index), `${name} across ${axis}`).toEqual(inWhole);
    }
  }
  return whole;
}

test.each([
  ['probabilities', probability, 1, 2, { classes: { core: [1] } }],
  ['probabilities by another threshold', probability, 1, 2, { threshold: 0.3, classes: { core: [1] } }],
  ['logits', logit, 1, 2, { scores: 'logit', classes: { core: [1] } }],
  ['logits by another threshold', logit, 1, 2, { scores: 'logit', threshold: 0.8 }],
  [
    'independent probabilities',
    probability,
    3,
    4,
    { channels: 'independent', classes: { a: [1], b: [2, 3], c: [3] } },
  ],
  [
    'independent logits',
    logit,
    2,
    3,
    { scores: 'logit', channels: 'independent', classes: { a: [1, 2], b: [2] } },
  ],
  ['competing logits', logit, 4, 4, { scores: 'logit', channels: 'exclusive' }],
  [
    'competing logits in regions',
    logit,
    4,
    4,
    { scores: 'logit', channels: 'exclusive', classes: { whole: [1, 2, 3], core: [3] } },
  ],
] as const)('%s', async (id, values, channels, labels, config) => {
  const entry = await writeCase({ folder: at('data'), id, seed: 7, score: values, shape, channels, labels });
  await expectSameCounts(entry, config as unknown as ConfigInput);
});

test('competing probabilities: the largest, of equal ones the first, even where none is above the threshold', async () => {
  // Of eighths, so that many are equal.
  const eighths = (random: () => number, label: number, channel: number) =>
    1 + Math.floor(random() * 3) + (label === channel ? 1 : 0);
  const made = {
    folder: at('data'),
    seed: 3,
    score: eighths,
    shape,
    channels: 4,
    labels: 4,
    normalise: true,
  };
  await expectSameCounts(await writeCase({ ...made, id: 'ties' }), { channels: 'exclusive' });
  const regions = { channels: 'exclusive', classes: { whole: [1, 2, 3], edge: [2, 3], core: [3] } } as const;
  await expectSameCounts(await writeCase({ ...made, id: 'regions' }), regions);
});

/** Volumes of the same labels or scores, stored as the two layouts say. */
async function writePair(
  id: string,
  prediction: Omit<NiftiVolume, 'shape'>,
  reference: Omit<NiftiVolume, 'shape'>,
): Promise<ManifestCase> {
  mkdirSync(at('data'), { recursive: true });
  const files = { prediction: at('data', `${id}.nii.gz`), reference: at('data', `${id}-ref.nii.gz`) };
  await writeNifti(files.prediction, { shape, gzip: true, ...prediction });
  await writeNifti(files.reference, { shape, gzip: true, ...reference });
  return { id, predictions: [files.prediction], reference: files.reference };
}

const voxels = shape[0] * shape[1] * shape[2];
function labels(seed: number, many: number): number[] {
  const random = randomNumbers(seed);
  return Array.from({ length: voxels }, () => (random() < 0.5 ? 0 : Math.floor(random() * many)));
}

test('label maps: every label is a class; gzip, byte orders, slopes', async () => {
  const entry = await writePair(
    'labels',
    {
      datatype: 'int16',
      littleEndian: false,
      slope: 0.5,
      data: Int16Array.from(labels(1, 5), (label) => 2 * label),
    },
    { datatype: 'float64', data: Float64Array.from(labels(2, 5)) },
  );
  const view = await expectSameCounts(entry, { scores: 'label' });
  expect(view.sets).toContainEqual([3]);
});

test('labels that are nearly whole, and scores that are scaled', async () => {
  const near = (seed: number) => Float32Array.from(labels(seed, 4), (label, i) => label + (i % 3) * 1e-6);
  const entry = await writePair(
    'near',
    { datatype: 'float32', data: near(1) },
    { datatype: 'float32', data: near(2) },
  );
  await expectSameCounts(entry, { scores: 'label', roundLabels: 1e-4, classes: { a: [1], b: [2, 3] } });
  const percent = await writePair(
    'percent',
    { datatype: 'uint8', data: Uint8Array.from(labels(1, 255)) },
    { datatype: 'uint8', data: Uint8Array.from(labels(2, 2)) },
  );
  await expectSameCounts(percent, { scores: 'probability', scale: 1 / 255 });
});

test('ignored voxels are of no class and counted nowhere', async () => {
  const entry = await writePair(
    'ignored',
    { datatype: 'uint8', data: Uint8Array.from(labels(1, 4)) },
    { datatype: 'uint8', data: Uint8Array.from(labels(2, 4)) },
  );
  const view = await expectSameCounts(entry, {
    scores: 'label',
    classes: { a: [1], b: [1, 2] },
    ignoreLabel: 3,
  });
  expect(view.ignoredPair).not.toBeNull();
  expect(view.sets).toContainEqual([0, 1]);
});

test('a prediction whose axes run otherwise is shown on the grid of its reference', async () => {
  const folder = at('data');
  const reference = labels(2, 2);
  const turned = labels(5, 2);
  const affine = [2, 0, 0, 5, 0, 3, 0, -4, 0, 0, 1, 7, 0, 0, 0, 1];
  await writeNifti(at('data', 'turned-ref.nii'), {
    shape,
    affine,
    datatype: 'uint8',
    data: Uint8Array.from(reference),
  });
  // x of the file runs along y of the reference, y against x.
  const [nx, ny, nz] = shape;
  const stored = new Float32Array(voxels);
  for (let at = 0; at < voxels; at++) {
    const [x, y, z] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / nx / ny)];
    stored[y + ny * (nx - 1 - x + nx * z)] = turned[at]! > 0 ? 0.9 : 0.2;
  }
  await writeNifti(at('data', 'turned.nii'), {
    shape: [ny, nx, nz],
    affine: [0, -2, 0, 5 + 2 * (nx - 1), 3, 0, 0, -4, 0, 0, 1, 7, 0, 0, 0, 1],
    datatype: 'float32',
    data: stored,
  });
  const entry = {
    id: 'turned',
    predictions: [`${folder}/turned.nii`],
    reference: `${folder}/turned-ref.nii`,
  };
  await expectSameCounts(entry, { scores: 'probability', reorient: true, classes: { core: [1] } });
});

test('labels of 64 bits are told apart', () => {
  const stored = BigUint64Array.from([0n, 2n ** 60n, 2n ** 60n + 1n, 5n]);
  const classes = [2n ** 60n, 2n ** 60n + 1n, 5].map((label) => ({ labels: [label], channels: [0] }));
  const sets = new ClassSets();
  const values = valuesOf({ slope: 1, intercept: 0 } as VolumeHeader, stored);
  const found = labelSets(values, stored.length, classes, sets);
  expect(Array.from(found, (set) => sets.sets[set])).toEqual([[], [0], [1], [2]]);
});

test('where too many classes meet, the chosen one is shown, and counted right', async () => {
  const side: Vec3 = [40, 40, 10];
  const map = (seed: number) => {
    const random = randomNumbers(seed);
    return Uint16Array.from({ length: 16_000 }, () => Math.floor(random() * 300));
  };
  const files = { prediction: at('many.nii'), reference: at('many-ref.nii') };
  await writeNifti(files.prediction, { shape: side, datatype: 'uint16', data: map(1) });
  await writeNifti(files.reference, { shape: side, datatype: 'uint16', data: map(2) });
  const entry = { id: 'many', predictions: [files.prediction], reference: files.reference };
  const { results } = await score([entry], { scores: 'label', losses: 'dice' }, at('many'));
  const [result] = results.cases;
  if (result?.status !== 'ok') throw new Error('no score');
  const view = await viewOf(openCases(at('many'), reader), 0, overview, 5);
  expect(view.onlyClass).toBe(5);
  const { tp, fp, fn } = result.classes[results.classes[5]!.name]!.metrics;
  expect(countClass(view, 5)).toEqual({ tp, fp, fn });
});
