import { truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Vec3 } from '../../base/box.ts';
import { makeFolder } from '../../base/make-folder.ts';
import { writeNifti } from '../../volumes/nifti/write.ts';
import { depthInside, randomBlobs } from './blobs.ts';
import { randomNumbers } from './random.ts';

/** A made-up patient of the demo. */
interface DemoCase {
  readonly id: string;
  readonly group: string;
  /** Voxels along `[x, y, z]`, and their size in mm. */
  readonly shape: Vec3;
  readonly spacingMm: Vec3;
  readonly tumours: number;
  /** How far, in voxels, the prediction lies beside the truth. */
  readonly shift: number;
  readonly gzip: boolean;
  /** Cut the prediction's file off, as a copy that broke does. */
  readonly broken?: true;
}

const north = { group: 'north', shape: [96, 96, 64], spacingMm: [1, 1, 1.5], gzip: true } as const;
const south = { group: 'south', shape: [80, 88, 72], spacingMm: [1.2, 1.2, 1.2], gzip: false } as const;

const patients: readonly DemoCase[] = [
  { ...north, id: 'north-01', tumours: 1, shift: 0.5 },
  { ...north, id: 'north-02', tumours: 3, shift: 1.5 },
  { ...north, id: 'north-03', tumours: 0, shift: 0 },
  { ...south, id: 'south-01', tumours: 2, shift: 1 },
  { ...south, id: 'south-02', tumours: 1, shift: 5 },
  { ...south, id: 'south-03', tumours: 2, shift: 1, broken: true },
];

/** Id of the case whose prediction is cut off, and of the one without a tumour. */
export const brokenCase = 'south-03';
export const emptyCase = 'north-03';

/**
 * Writes a small made-up hospital: float32 probabilities of a network that is fairly good, uint8 references, two sites.
 * The voxels depend on nothing but this folder. Returns the path of the manifest.
 */
export async function writeHospital(folder: string): Promise<string> {
  for (const name of ['predictions', 'references']) makeFolder(resolve(folder, name));
  const rows = ['case,prediction,reference,group'];
  for (const [index, patient] of patients.entries()) {
    const ending = patient.gzip ? 'nii.gz' : 'nii';
    const prediction = `predictions/${patient.id}.${ending}`;
    const reference = `references/${patient.id}.${ending}`;
    const { probabilities, labels } = makeVolumes(patient, index);
    const { shape, spacingMm, gzip } = patient;
    const affine = [spacingMm[0], 0, 0, 0, 0, spacingMm[1], 0, 0, 0, 0, spacingMm[2], 0, 0, 0, 0, 1];
    const grid = { shape, spacingMm, affine, gzip };
    await writeNifti(join(folder, prediction), { ...grid, datatype: 'float32', data: probabilities });
    await writeNifti(join(folder, reference), { ...grid, datatype: 'uint8', data: labels });
    if (patient.broken) truncateSync(join(folder, prediction), 2 * probabilities.length);
    rows.push([patient.id, prediction, reference, patient.group].join(','));
  }
  const manifest = join(folder, 'cases.csv');
  writeFileSync(manifest, `${rows.join('\n')}\n`);
  return manifest;
}

function makeVolumes({ shape, tumours, shift }: DemoCase, index: number) {
  const random = randomNumbers(1000 + index);
  const truth = randomBlobs(shape, tumours, random);
  const found = truth.map(({ centre: [x, y, z], radius }) => ({
    centre: [x + shift, y - shift / 2, z] as const,
    radius: radius * (0.9 + 0.2 * random()),
  }));
  const labels = Uint8Array.from(depthInside(shape, truth), (depth) => (depth > 0 ? 1 : 0));
  const probabilities = Float32Array.from(depthInside(shape, found), (depth) => {
    const logit = 1.2 * depth + 1.5 * (random() - 0.5);
    return 1 / (1 + Math.exp(-Math.max(-8, logit)));
  });
  return { probabilities, labels };
}
