/** The scan under the masks, at the voxels of the scored grid. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writeNifti } from '../../../src/volumes/nifti/write.ts';
import type { Affine } from '../../../src/volumes/types.ts';
import { nearestPlaces } from '../../../src/web/viewer/grid-places.ts';
import { probability, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { openCases, overview, testReader, viewOf } from './support.ts';

const at = temporaryFolder();
const reader = testReader();
const scaling = (sizes: readonly number[], origin: readonly number[]): Affine => [
  ...[sizes[0]!, 0, 0, origin[0]!],
  ...[0, sizes[1]!, 0, origin[1]!],
  ...[0, 0, sizes[2]!, origin[2]!],
  ...[0, 0, 0, 1],
];

const places = [[0, 1, 2, 3], [0, 1], [0]] as const;
const scored = { affine: scaling([2, 1, 1], [0, 0, 0]), shape: [4, 2, 1] } as const;

test('the nearest voxels of a finer scan that begins elsewhere', () => {
  const found = nearestPlaces(places, scored, { affine: scaling([1, 1, 1], [1, 0, 0]), shape: [6, 2, 1] });
  // The first voxel lies before the scan, the last one in it is its fifth.
  expect(found!.map(({ axis }) => axis)).toEqual([0, 1, 2]);
  expect(found![0].places).toEqual([-1, 1, 3, 5]);
});

test('a scan whose axes are permuted and reversed', () => {
  const affine = [0, 2, 0, 0, -1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1];
  const found = nearestPlaces(places, scored, { affine, shape: [2, 4, 1] });
  expect(found!.map(({ axis }) => axis)).toEqual([1, 0, 2]);
  expect(found![0].places).toEqual([0, 1, 2, 3]);
  expect(found![1].places).toEqual([1, 0]);
});

test('a scan that lies askew has no such voxels', () => {
  const turned = [1.4, -1.4, 0, 0, 1.4, 1.4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  expect(nearestPlaces(places, scored, { affine: turned, shape: [4, 4, 1] })).toBeUndefined();
});

test('a view has the values of the scan, and says why it has none', async () => {
  const shape = [9, 8, 7] as const;
  const voxels = 9 * 8 * 7;
  const entry = await writeCase({ folder: at('data'), id: 'one', seed: 1, score: probability });
  const spacing = scaling([1, 1, 1.5], [0, 0, 0]);
  const data = Int16Array.from({ length: voxels }, (_, i) => i - 200);
  await writeNifti(at('scan.nii.gz'), { shape, affine: spacing, datatype: 'int16', data, gzip: true });
  const affine = [0.7, -0.7, 0, 0, 0.7, 0.7, 0, 0, 0, 0, 1.5, 0, 0, 0, 0, 1];
  await writeNifti(at('askew.nii'), { shape, affine, datatype: 'int16', data });
  // The scored files have no form, as what `writeCase` writes; their scan has the same voxel sizes.
  const cases = ['scan.nii.gz', 'askew.nii', 'gone.nii'].map((image, index) => ({
    ...entry,
    id: `case-${index}`,
    image: at(image),
  }));
  await score(cases, { classes: { core: [1] }, losses: 'dice' }, at('out'));
  const run = openCases(at('out'), reader);
  const view = await viewOf(run, 0, overview);
  expect(view.scan!.voxels).toEqual(shared(data));
  expect(view.scan!.percentiles[0]).toBe(-200);
  expect(view.scan!.percentiles[3]).toBe(voxels - 201);
  const plane = await viewOf(run, 0, { kind: 'plane', axis: 0, at: 4 });
  expect(Array.from(plane.scan!.voxels.slice(0, 3))).toEqual([4, 13, 22].map((i) => i - 200));
  expect((await viewOf(run, 1)).scanFault).toContain('askew');
  expect((await viewOf(run, 2)).scanFault).toContain('cannot be read');

  // A folder of scans stands before those of the manifest.
  mkdirSync(at('scans'));
  copyFileSync(at('scan.nii.gz'), at('scans', 'case-2_0000.nii.gz'));
  const other = openCases(at('out'), reader, { images: at('scans') });
  expect((await viewOf(other, 2)).scan!.voxels).toEqual(shared(data));
  expect((await viewOf(other, 0)).scan!.voxels).toEqual(shared(data));
  expect(() => openCases(at('out'), reader, { images: at('no-scans') })).toThrow(/no-scans/);
});

function shared(values: Int16Array): Int16Array {
  const target = new Int16Array(new SharedArrayBuffer(values.byteLength));
  target.set(values);
  return target;
}
