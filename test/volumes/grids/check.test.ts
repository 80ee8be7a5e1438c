import { describe, expect, it } from 'vitest';
import { identityMapping } from '../../../src/volumes/grids/axis-mapping.ts';
import { checkGeometry } from '../../../src/volumes/grids/check.ts';
import type { VolumeHeader } from '../../../src/volumes/types.ts';
import { expectFault } from '../nifti/faults.ts';

const reference: VolumeHeader = {
  path: 'labels/a.nii',
  dataPath: 'labels/a.nii',
  format: 'nifti1',
  compressed: false,
  shape: [10, 20, 30],
  channels: 1,
  datatype: 'uint8',
  littleEndian: true,
  slope: 1,
  intercept: 0,
  dataOffset: 352,
  fileBytes: 6352,
  affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1],
  affineSource: 'sform',
  spacingMm: [1, 1, 2],
  voxelMm3: 2,
  rotationErrorRad: 0,
};
const prediction: VolumeHeader = { ...reference, path: 'preds/a.nii', dataPath: 'preds/a.nii' };
const flipped: VolumeHeader = { ...prediction, affine: [-1, 0, 0, 9, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1] };
const shifted: VolumeHeader = { ...prediction, affine: [1.5, 0, 0, 4, 0, 1, 0, -3, 0, 0, 2, 0, 0, 0, 0, 1] };

describe('checkGeometry', () => {
  it('gives the identity for one grid', () => {
    expect(checkGeometry(prediction, reference, { toleranceMm: 0.01, reorient: false })).toEqual(
      identityMapping,
    );
  });

  it('gives the mapping of a flipped grid only when asked, and otherwise says how to ask', async () => {
    expect(checkGeometry(flipped, reference, { toleranceMm: 0.01, reorient: true })).toEqual([
      { axis: 0, reversed: true },
      { axis: 1, reversed: false },
      { axis: 2, reversed: false },
    ]);
    const fault = await expectFault(
      () => checkGeometry(flipped, reference, { toleranceMm: 0.01, reorient: false, caseId: 'a' }),
      'geometry-mismatch',
      /^case a: preds\/a\.nii is not on the grid of labels\/a\.nii: axis x .* flipped .*--reorient/,
    );
    expect(fault.place).toEqual({ caseId: 'a', file: 'preds/a.nii', field: 'affine' });
  });

  it('names all differences of a grid that cannot be reoriented', async () => {
    const fault = await expectFault(
      () => checkGeometry(shifted, reference, { toleranceMm: 0.01, reorient: true }),
      'geometry-mismatch',
      /spacing along x 1\.5 against 1 mm .*; shifted by \[4, -3, 0\] mm .* \(5 mm\)\. Corners of the volumes are up to 9\.25 mm apart, and geometryToleranceMm allows 0\.01 mm\. Resample .* --geometry-tolerance-mm 9\.3 would accept it/,
    );
    expect(fault.message).not.toContain('--reorient');
  });
});
