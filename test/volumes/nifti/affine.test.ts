import { describe, expect, it } from 'vitest';
import type { SpatialFields } from '../../../src/volumes/nifti/affine.ts';
import { placementOf } from '../../../src/volumes/nifti/affine.ts';
import { expectFault } from './faults.ts';

const none: SpatialFields = {
  sformCode: 0,
  qformCode: 0,
  srows: new Array<number>(12).fill(0),
  quaternion: [0, 0, 0],
  qoffset: [0, 0, 0],
  pixdim: [1, 2, 3, 4],
  unitMm: 1,
};
const place = (fields: Partial<SpatialFields>, shape: [number, number, number] = [5, 5, 5]) =>
  placementOf({ ...none, ...fields }, shape, 'scan.nii');
const srows = [0, -3, 0, 7, 2, 0, 0, 8, 0, 0, 5, 9];

describe('placementOf', () => {
  it('prefers the sform to the qform, whichever code is larger', () => {
    const { affine, affineSource, spacingMm } = place({ sformCode: 1, qformCode: 4, srows });
    expect(affineSource).toBe('sform');
    expect(affine).toEqual([...srows, 0, 0, 0, 1]);
    expect(spacingMm).toEqual([2, 3, 5]);
  });

  it('builds the qform from quaternion, offset, sizes and qfac', () => {
    // A quarter turn about z: x of the volume runs along y of the world.
    const { affine, affineSource } = place({
      qformCode: 1,
      quaternion: [0, 0, Math.SQRT1_2],
      qoffset: [10, 20, 30],
      pixdim: [-1, 2, 3, 4],
    });
    expect(affineSource).toBe('qform');
    const wanted = [0, -3, 0, 10, 2, 0, 0, 20, 0, 0, -4, 30, 0, 0, 0, 1];
    affine.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 12);
    });
  });

  it('clamps a quaternion a little longer than 1 and refuses one that is not a rotation', async () => {
    const { affine } = place({ qformCode: 1, quaternion: [0, 0, 1.0000002] });
    expect(affine.slice(0, 3)).toEqual([-2, 0, 0]);
    expect(affine[5]).toBe(-3);
    expect(affine[10]).toBe(4);
    for (const quaternion of [[2, 0, 0] as const, [Number.NaN, 0, 0] as const]) {
      await expectFault(() => place({ qformCode: 1, quaternion }), 'bad-affine', /quaternion/);
    }
  });

  it('falls back to voxel sizes, without a flip, and counts a size of 0 as 1', () => {
    const { affine, affineSource, unsizedAxes } = place({ pixdim: [-1, -2, 0, 4] });
    expect(affineSource).toBe('pixdim');
    expect(unsizedAxes).toEqual([1]);
    expect(affine).toEqual([2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1]);
  });

  it('tells the axes whose size is assumed, which those of an sform are not', () => {
    const pixdim = [1, 0, 3, 0] as const;
    expect(place({ pixdim }).unsizedAxes).toEqual([0, 2]);
    expect(place({ pixdim, qformCode: 1 }).unsizedAxes).toEqual([0, 2]);
    expect(place({ pixdim, sformCode: 1, srows })).not.toHaveProperty('unsizedAxes');
    expect(place({})).not.toHaveProperty('unsizedAxes');
    // A slice whose thickness neither says.
    const flat = place({ pixdim, sformCode: 1, srows: srows.with(10, 0) }, [5, 5, 1]);
    expect(flat).toMatchObject({ unsizedAxes: [2], spacingMm: [2, 3, 1] });
  });

  it('turns metres and micrometres into mm', () => {
    expect(place({ unitMm: 1000 }).spacingMm).toEqual([2000, 3000, 4000]);
    expect(place({ sformCode: 2, srows, unitMm: 0.5 }).affine[3]).toBe(3.5);
  });

  it('refuses numbers that are not finite and axes without length', async () => {
    const holes = srows.with(4, Number.NaN);
    await expectFault(() => place({ sformCode: 1, srows: holes }), 'bad-affine', /sform holds NaN/);
    const flat = srows.with(10, 0);
    await expectFault(() => place({ sformCode: 1, srows: flat }), 'bad-affine', /axis z no length/);
    await expectFault(
      () => place({ sformCode: 1, srows: [2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0] }),
      'bad-affine',
      /axes of the sform lie in one plane/,
    );
    await expectFault(() => place({ pixdim: [1, Number.POSITIVE_INFINITY, 1, 1] }), 'bad-affine', /pixdim/);
  });

  it('takes the volume of a voxel from the determinant, and the thickness of a slice from pixdim', () => {
    expect(place({ sformCode: 1, srows }).voxelMm3).toBe(30);
    const sheared = [2, 1, 0, 0, 0, 3, 1, 0, 0, 0, 5, 0];
    const { voxelMm3, spacingMm } = place({ sformCode: 1, srows: sheared });
    expect(voxelMm3).toBe(30);
    expect(spacingMm[0] * spacingMm[1] * spacingMm[2]).toBeGreaterThan(32);
    const slice = place({ sformCode: 1, srows: srows.with(10, 0) }, [5, 5, 1]);
    expect(slice).toMatchObject({ spacingMm: [2, 3, 4], voxelMm3: 24 });
  });
});
