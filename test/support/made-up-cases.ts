/** Small made-up cases on disk. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Vec3 } from '../../src/base/box.ts';
import type { ManifestCase } from '../../src/cases/types.ts';
import { randomNumbers } from '../../src/cli/demo/random.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';

export type Score = (random: () => number, label: number, channel: number) => number;

/** A probability that is right more often than not; 1 in 4 is one of few values, so scores repeat. */
export const probability: Score = (random, label) => {
  const p = label > 0 ? 1 - random() ** 2 : random() ** 2;
  return random() < 0.25 ? Math.round(p * 8) / 8 : p;
};

export const logit: Score = (random, label) => {
  const x = (label > 0 ? 1 : -1) + 6 * (random() - 0.5);
  return random() < 0.25 ? Math.round(x) : x;
};

export interface MadeUp {
  readonly folder: string;
  readonly id: string;
  readonly seed: number;
  readonly score: Score;
  readonly shape?: Vec3;
  readonly spacingMm?: Vec3;
  readonly channels?: number;
  /** Labels 0 to `labels - 1`. */
  readonly labels?: number;
  /** Scores of a voxel are made to sum to 1. */
  readonly normalise?: boolean;
  readonly group?: string;
}

/** Writes a case and gives its manifest line. */
export async function writeCase(madeUp: MadeUp): Promise<ManifestCase> {
  const { folder, id, seed, score, shape = [9, 8, 7], channels = 1, labels = 2, group } = madeUp;
  const spacingMm = madeUp.spacingMm ?? [1, 1, 1.5];
  mkdirSync(folder, { recursive: true });
  const random = randomNumbers(seed);
  const voxels = shape[0] * shape[1] * shape[2];
  const reference = new Uint8Array(voxels);
  const data = new Float32Array(voxels * channels);
  for (let voxel = 0; voxel < voxels; voxel++) {
    reference[voxel] = random() < 0.4 ? Math.floor(random() * labels) : 0;
    for (let channel = 0; channel < channels; channel++) {
      data[channel * voxels + voxel] = score(random, reference[voxel]!, channel);
    }
    if (!madeUp.normalise) continue;
    const at = (channel: number) => channel * voxels + voxel;
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += data[at(channel)]!;
    for (let channel = 0; channel < channels; channel++) data[at(channel)]! /= sum;
  }
  const files = { prediction: join(folder, `${id}.nii`), reference: join(folder, `${id}-ref.nii`) };
  await writeNifti(files.prediction, { shape, channels, spacingMm, datatype: 'float32', data });
  await writeNifti(files.reference, { shape, spacingMm, datatype: 'uint8', data: reference });
  return {
    id,
    predictions: [files.prediction],
    reference: files.reference,
    ...(group === undefined ? {} : { group }),
  };
}

/** Writes a case of one channel and one row of voxels. */
export async function writeRow(
  folder: string,
  id: string,
  scores: readonly number[],
  labels: readonly number[],
): Promise<ManifestCase> {
  mkdirSync(folder, { recursive: true });
  const shape: Vec3 = [scores.length, 1, 1];
  const files = { prediction: join(folder, `${id}.nii`), reference: join(folder, `${id}-ref.nii`) };
  await writeNifti(files.prediction, { shape, datatype: 'float32', data: Float32Array.from(scores) });
  await writeNifti(files.reference, { shape, datatype: 'uint8', data: Uint8Array.from(labels) });
  return { id, predictions: [files.prediction], reference: files.reference };
}
