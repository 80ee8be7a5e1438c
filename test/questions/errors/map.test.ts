/** The map of a case's errors, read back: where its voxels lie and what they hold. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { type Vec3, voxelAt, voxelCount, voxelIndex } from '../../../src/base/box.ts';
import { tileBox, tileGrid } from '../../../src/base/tile-grid.ts';
import { boxAffine, errorDensities, writeErrorMap } from '../../../src/questions/errors/error-map.ts';
import { worldOf } from '../../../src/questions/errors/worst-boxes.ts';
import { type CaseErrors, readCaseErrors } from '../../../src/run/box-errors/case-errors.ts';
import { localStore } from '../../../src/run/open-store.ts';
import { RunFolder } from '../../../src/run/run-folder.ts';
import { readHeader } from '../../../src/volumes/formats.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { count, type Made, makeCase } from './volumes.ts';

const path = temporaryFolder();
const shape: Vec3 = [13, 9, 7];
const question = { measure: 'soft' } as const;
let made: Made;
let errors: CaseErrors;

beforeAll(async () => {
  made = await makeCase(path, 'a', { shape });
  const config = {
    scores: 'probability',
    losses: 'dice',
    tile: { shape: [4, 3, 5] as [number, number, number] },
  } as const;
  await score([made.entry], config, path('out'));
  errors = readCaseErrors(new RunFolder(localStore(path('out', 'work'))), 0);
});

/** The values of a float32 map. */
async function values(file: string): Promise<Float32Array> {
  const header = await readHeader(file);
  const bytes = readFileSync(file);
  const plain = file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  expect(header).toMatchObject({ datatype: 'float32', slope: 1, intercept: 0 });
  expect(plain.length).toBe(header.dataOffset + 4 * voxelCount(header.shape));
  return Float32Array.from({ length: voxelCount(header.shape) }, (_, i) =>
    plain.readFloatLE(header.dataOffset + 4 * i),
  );
}

/** Error by voxel in the box that holds a voxel. */
function expectedAt(voxel: Vec3): number {
  const origin = voxel.map((at, axis) => at - (at % errors.boxShape[axis]!)) as unknown as Vec3;
  const box = { origin, shape: errors.boxShape };
  const { softFp, softFn, voxels } = count(
    made,
    box,
    (i) => made.scores[0]![i]!,
    (label) => label > 0,
  );
  return (softFp + softFn) / voxels;
}

test.each(['map.nii', 'map.nii.gz'])('one voxel per box: %s lies over the turned reference', async (name) => {
  await writeErrorMap(path(name), errors, question, 'boxes');
  const map = await readHeader(path(name));
  const reference = await readHeader(made.entry.reference);
  const found = await values(path(name));
  const grid = tileGrid(shape, errors.boxShape);
  expect(map).toMatchObject({ shape: [4, 3, 2], affineSource: 'sform' });
  // The middle of a whole box is where the map's voxel lies.
  for (let box = 0; box < grid.length; box++) {
    const { origin } = tileBox(grid, box);
    const centre = origin.map((first, axis) => first + (errors.boxShape[axis]! - 1) / 2) as unknown as Vec3;
    const here = worldOf(map.affine, voxelAt(box, grid.counts));
    for (const [axis, mm] of worldOf(reference.affine, centre).entries())
      expect(here[axis]).toBeCloseTo(mm, 4);
  }
  // Every voxel of the reference, ragged ends too, lies in the map's voxel that holds its box's error.
  for (let at = 0; at < voxelCount(shape); at++) {
    const voxel = voxelAt(at, shape);
    const inMap = solve(map.affine, worldOf(reference.affine, voxel)).map(Math.round) as unknown as Vec3;
    expect(found[voxelIndex(inMap, map.shape)]).toBeCloseTo(expectedAt(voxel), 6);
  }
});

test.each(['grid.nii', 'grid.nii.gz'])('on the grid of the reference: %s', async (name) => {
  await writeErrorMap(path(name), errors, question, 'voxels');
  const map = await readHeader(path(name));
  const reference = await readHeader(made.entry.reference);
  expect(map.shape).toEqual(reference.shape);
  expect(map.affine).toEqual(reference.affine);
  const found = await values(path(name));
  for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expectedAt(voxelAt(at, shape)), 6);
});

test('a voxel a plane, where boxes are thinner than tiles', async () => {
  await score([made.entry], { scores: 'probability', losses: 'dice' }, path('planes'));
  const list = readCaseErrors(new RunFolder(localStore(path('planes', 'work'))), 0);
  await writeErrorMap(path('planes.nii'), list, question, 'boxes');
  const [map, reference] = [await readHeader(path('planes.nii')), await readHeader(made.entry.reference)];
  expect(map.shape).toEqual([1, 1, 7]);
  const found = await values(path('planes.nii'));
  for (let z = 0; z < 7; z++) {
    const box = { origin: [0, 0, z], shape: [13, 9, 1] } as const;
    const { softFp, softFn, voxels } = count(
      made,
      box,
      (i) => made.scores[0]![i]!,
      (label) => label > 0,
    );
    expect(found[z]).toBeCloseTo((softFp + softFn) / voxels, 6);
    for (const [axis, mm] of worldOf(reference.affine, [6, 4, z]).entries())
      expect(worldOf(map.affine, [0, 0, z])[axis]).toBeCloseTo(mm, 4);
  }
});

test('a reference without a place in the world gets a map of its own grid', async () => {
  const lost = await makeCase(path, 'lost', { shape, affine: null });
  await score([lost.entry], { scores: 'probability', losses: 'dice' }, path('lost-out'));
  const list = readCaseErrors(new RunFolder(localStore(path('lost-out', 'work'))), 0);
  await expect(writeErrorMap(path('no.nii'), list, question, 'boxes')).rejects.toMatchObject({
    code: 'map-grid',
  });
  await writeErrorMap(path('lost.nii'), list, question, 'voxels');
  const [map, reference] = [await readHeader(path('lost.nii')), await readHeader(lost.entry.reference)];
  expect(map).toMatchObject({ shape, affineSource: 'pixdim', affine: reference.affine });
});

test('a map that cannot be written leaves nothing', async () => {
  await expect(writeErrorMap(path('nowhere', 'm.nii'), errors, question, 'boxes')).rejects.toThrow(/m\.nii/);
  expect(readdirSync(path()).filter((name) => name.includes('.tmp'))).toEqual([]);
});

test('a box without a scored voxel holds 0', () => {
  const empty = { ...errors, voxels: errors.voxels.map(() => 0), classes: [] };
  expect([...errorDensities(empty, question)]).toEqual(errors.voxels.map(() => 0));
});

test('boxes of one voxel keep the affine', () => {
  expect(boxAffine(errors.affine, [1, 1, 1])).toEqual(errors.affine);
});

/** The place in voxels of a world position, by Cramer's rule. */
function solve(m: readonly number[], world: Vec3): Vec3 {
  const column = (axis: number) => [m[axis]!, m[4 + axis]!, m[8 + axis]!];
  const rest = world.map((mm, row) => mm - m[4 * row + 3]!);
  const columns = [0, 1, 2].map(column);
  const whole = determinant(columns);
  return [0, 1, 2].map(
    (axis) => determinant(columns.map((own, at) => (at === axis ? rest : own))) / whole,
  ) as unknown as Vec3;
}

function determinant([a, b, c]: readonly (readonly number[])[]): number {
  return (
    a![0]! * (b![1]! * c![2]! - b![2]! * c![1]!) -
    a![1]! * (b![0]! * c![2]! - b![2]! * c![0]!) +
    a![2]! * (b![0]! * c![1]! - b![1]! * c![0]!)
  );
}
