/** Small cases with known voxels, and their errors counted voxel by voxel. */

import { type Box, type Vec3, voxelAt, voxelCount } from '../../../src/base/box.ts';
import type { ManifestCase } from '../../../src/cases/types.ts';
import { randomNumbers } from '../../../src/cli/demo/random.ts';
import { type NiftiVolume, writeNifti } from '../../../src/volumes/nifti/write.ts';

/** Turned about two axes, voxels of 0.8 x 1.2 x 2.5 mm. */
export const turned = [
  ...[0.64, -0.72, 0.9, -31.5],
  ...[0.48, 0.9216, -0.5, 12.25],
  ...[0.0, 0.273, 2.278, 100.125],
  ...[0, 0, 0, 1],
];

export interface Made {
  readonly entry: ManifestCase;
  readonly shape: Vec3;
  /** Of each channel, float32. */
  readonly scores: readonly Float32Array[];
  readonly labels: Uint8Array;
}

/** Probabilities of `channels` channels (several sum to about 1), or label maps where `asLabels`. */
export async function makeCase(
  path: (name: string) => string,
  id: string,
  options: {
    readonly shape: Vec3;
    readonly seed?: number;
    readonly labels?: number;
    readonly channels?: number;
    readonly asLabels?: boolean;
    readonly gzip?: boolean;
    readonly affine?: readonly number[] | null;
  },
): Promise<Made> {
  const { shape, seed = 5, labels: many = 2, channels = 1, asLabels = false, gzip = false } = options;
  const affine = options.affine === undefined ? turned : options.affine;
  const random = randomNumbers(seed);
  const voxels = voxelCount(shape);
  const labels = Uint8Array.from({ length: voxels }, () =>
    random() < 0.6 ? 0 : Math.floor(random() * many),
  );
  const scores = Array.from({ length: channels }, () => new Float32Array(voxels));
  for (let at = 0; at < voxels; at++) {
    if (asLabels) scores[0]![at] = random() < 0.8 ? labels[at]! : Math.floor(random() * many);
    else if (channels === 1) scores[0]![at] = labels[at]! > 0 ? 1 - random() ** 2 : random() ** 2;
    else {
      const values = scores.map((_, channel) => random() + (channel === labels[at] ? 1 : 0));
      const sum = values.reduce((a, b) => a + b);
      for (const [channel, value] of values.entries()) scores[channel]![at] = value / sum;
    }
  }
  const end = gzip ? 'nii.gz' : 'nii';
  const files = { prediction: path(`${id}.${end}`), reference: path(`${id}-ref.${end}`) };
  const grid = { shape, gzip, ...(affine === null ? { spacingMm: [0.8, 1.2, 2.5] as const } : { affine }) };
  const data = new Float32Array(channels * voxels);
  for (const [channel, values] of scores.entries()) data.set(values, channel * voxels);
  const prediction: Pick<NiftiVolume, 'datatype' | 'data'> = asLabels
    ? { datatype: 'uint8', data: Uint8Array.from(data) }
    : { datatype: 'float32', data };
  await writeNifti(files.prediction, { ...grid, channels, ...prediction });
  await writeNifti(files.reference, { ...grid, datatype: 'uint8', data: labels });
  return {
    entry: { id, predictions: [files.prediction], reference: files.reference },
    shape,
    scores,
    labels,
  };
}

export interface Counted {
  voxels: number;
  foreground: number;
  fp: number;
  fn: number;
  softFp: number;
  softFn: number;
}

/**
 * The errors in a box: `score` gives the probability of the class, `isClass` says whether a label is of it, `isGiven`
 * whether a voxel is given to it.
 */
export function count(
  { shape, labels }: Made,
  { origin, shape: size }: Box,
  score: (at: number) => number,
  isClass: (label: number) => boolean,
  ignore?: number,
  isGiven = (at: number) => score(at) > 0.5,
): Counted {
  const counted: Counted = { voxels: 0, foreground: 0, fp: 0, fn: 0, softFp: 0, softFn: 0 };
  for (let at = 0; at < labels.length; at++) {
    const inside = voxelAt(at, shape).every(
      (place, axis) => place >= origin[axis]! && place < origin[axis]! + size[axis]!,
    );
    if (!inside || labels[at] === ignore) continue;
    const p = score(at);
    counted.voxels++;
    if (isClass(labels[at]!)) {
      counted.foreground++;
      counted.softFn += 1 - p;
      if (!isGiven(at)) counted.fn++;
    } else {
      counted.softFp += p;
      if (isGiven(at)) counted.fp++;
    }
  }
  return counted;
}
