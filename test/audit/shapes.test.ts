/** Borders and lesions are audited: what the run keeps of a tile, and what kernels find in it, against the plain definitions. */
import { expect, test } from 'vitest';
import { plainComponents } from '../../src/audit/shapes/plain-components.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { randomNumbers, writePair } from '../run/volumes.ts';
import { golden } from '../support/golden.ts';
import { pair } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { auditInProcess } from './in-process.ts';
import { editBlob } from './partial-file.ts';

const folder = temporaryFolder();
const measures: ConfigInput['measures'] = ['overlap', 'boundary', 'lesions'];

/** Label maps with an ignored label and one beyond 2^53. */
async function writeLabels(prediction: string, reference: string): Promise<void> {
  const shape = [14, 11, 9] as const;
  const random = randomNumbers(3);
  const labels = [0n, 0n, 1n, 2n, 2n ** 60n + 1n, 7n];
  const some = () =>
    BigUint64Array.from({ length: 14 * 11 * 9 }, () => labels[Math.floor(labels.length * random())]!);
  await writeNifti(prediction, { shape, datatype: 'uint64', data: some(), spacingMm: [1, 0.8, 2] });
  await writeNifti(reference, { shape, datatype: 'uint64', data: some(), spacingMm: [1, 0.8, 2] });
}

test('label maps agree: ignored voxels, large labels, any tiles, gzip that is streamed', async () => {
  const [prediction, reference] = [folder('large.nii'), folder('large-ref.nii')];
  await writeLabels(prediction, reference);
  const cases = [
    pair('large', prediction, reference),
    pair('labels', golden('shapes/labels.nii.gz'), golden('shapes/labels_ref.nii.gz')),
  ];
  const config = { scores: 'label', measures, ignoreLabel: 7, tile: { shape: [99, 99, 4] } } as const;
  const report = await auditInProcess(cases, config as ConfigInput, folder('labels'), 'wasm');
  expect(report.passed, JSON.stringify(report.differences[0])).toBe(true);
  expect(report.largest.map(({ quantity }) => quantity)).toEqual(
    expect.arrayContaining([
      'ignored mask voxels',
      'prediction mask voxels',
      'reference voxel elements',
      'prediction surfel distances',
      'overlaps of components by 18 neighbours',
    ]),
  );
});

test('thresholds, channels that compete and regions agree', async () => {
  const [soft, truth] = [folder('soft.nii'), folder('soft-ref.nii')];
  await writePair(soft, truth, { shape: [12, 10, 9], seed: 5 });
  const [many, labels] = [folder('many.nii'), folder('many-ref.nii')];
  const random = randomNumbers(8);
  const [shape, voxels] = [[12, 10, 9] as const, 1080];
  const logits = Float32Array.from({ length: 3 * voxels }, () => 8 * (random() - 0.5));
  await writeNifti(many, { shape, channels: 3, datatype: 'float32', data: logits });
  const data = Uint8Array.from({ length: voxels }, () => Math.floor(3 * random()));
  await writeNifti(labels, { shape, datatype: 'uint8', data });
  const tile = { shape: [12, 10, 4] as [number, number, number] };
  for (const [id, files, config] of [
    ['soft', [soft, truth], { scores: 'probability' }],
    ['many', [many, labels], { scores: 'logit', classes: { any: [1, 2], one: [1] } }],
  ] as const) {
    const report = await auditInProcess(
      [pair(id, ...files)],
      { measures, tile, ...config } as unknown as ConfigInput,
      folder(`${id}-run`),
      'wasm',
    );
    expect(report.passed, JSON.stringify(report.differences[0])).toBe(true);
    expect(report.largest.some(({ quantity }) => quantity === 'reference surfel elements')).toBe(true);
  }
});

test('a wrong run of a mask in one tile is found', async () => {
  const files = [golden('shapes/organ.nii'), golden('shapes/organ_ref.nii')] as const;
  const tiles = { shape: [99, 99, 8] as [number, number, number], bundle: 1 };
  const report = await auditInProcess(
    [pair('organ', ...files)],
    { scores: 'label', measures, tile: tiles },
    folder('wrong-run'),
    'wasm',
    (run, index) =>
      editBlob(run.store.pathOf(run.bundle(index, 1)), 'shapes/0', (bytes) => {
        // The first run begins a voxel earlier; the next gap makes up for it.
        bytes[0]!--;
        bytes[2]!++;
      }),
  );
  expect(report.passed).toBe(false);
  expect(new Set(report.differences.map(({ tile }) => tile))).toEqual(new Set([1]));
  const found = report.differences.map(({ quantity }) => quantity);
  expect(found).toEqual(expect.arrayContaining(['reference mask voxels', 'reference surfel elements']));
});

test('plain components are those on paper', () => {
  const inside = Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 1);
  const shape = [2, 2, 2] as const;
  // Voxels 000 and 110 share an edge; 110 and 111 a face.
  expect([...plainComponents(inside, shape, 6)]).toEqual([1, 0, 0, 2, 0, 0, 0, 2]);
  expect([...plainComponents(inside, shape, 18)]).toEqual([1, 0, 0, 1, 0, 0, 0, 1]);
});
