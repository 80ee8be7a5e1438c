import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vec3 } from '../../../src/base/box.ts';
import { readHeader } from '../../../src/volumes/formats.ts';
import { axisMappings, mappedAffine, mappedShape } from '../../../src/volumes/grids/axis-mapping.ts';
import { compareGeometry, cornerDistanceMm } from '../../../src/volumes/grids/compare.ts';
import type { Affine, VolumeHeader } from '../../../src/volumes/types.ts';

type Grid = Pick<VolumeHeader, 'shape' | 'affine' | 'affineSource'>;

/** An oblique grid of unequal sizes: no two axes could be taken for each other. */
const shape: Vec3 = [40, 30, 20];
const affine: Affine = [0.99, 0.1, 0, -60, -0.05, 1.99, 0.3, 12, 0, -0.15, 2.95, 7, 0, 0, 0, 1];
const grid: Grid = { shape, affine, affineSource: 'sform' };
const moved = (changes: Record<number, number>): Grid => ({
  ...grid,
  affine: affine.map((value, i) => value + (changes[i] ?? 0)),
});

function different(prediction: Grid, reference: Grid, toleranceMm = 0.01) {
  const comparison = compareGeometry(prediction, reference, toleranceMm);
  if (comparison.kind !== 'different') throw new Error(`kind ${comparison.kind}`);
  return comparison.differences;
}

describe('compareGeometry', () => {
  it('accepts differences within the tolerance and no larger ones', () => {
    expect(compareGeometry(grid, grid, 0)).toEqual({ kind: 'same' });
    expect(compareGeometry(moved({ 3: 0.009 }), grid, 0.01)).toEqual({ kind: 'same' });
    expect(different(moved({ 3: 0.011 }), grid)).toMatchObject([
      { kind: 'shift', mm: expect.closeTo(0.011, 9) },
    ]);
  });

  it('names a shift with its mm an axis and in all; opposite shifts do not cancel', () => {
    const [shift, ...rest] = different(moved({ 3: 30, 7: -30 }), grid);
    expect(rest).toEqual([]);
    expect(shift).toMatchObject({ kind: 'shift', mm: expect.closeTo(Math.hypot(30, 30), 9) });
    expect(shift!.text).toContain('[30, -30, 0] mm');
  });

  it('names the spacing of the axis that differs', () => {
    const wide: Grid = { ...grid, affine: affine.map((value, i) => (i % 4 === 1 ? value * 1.5 : value)) };
    const found = different(wide, grid);
    expect(found.map((each) => each.kind)).toEqual(['spacing']);
    expect(found[0]!.text).toMatch(/spacing along y 2\.9\d+ against 1\.9\d+ mm/);
    expect(found[0]!.mm).toBeCloseTo(0.5 * Math.hypot(0.1, 1.99, 0.15) * 30, 9);
  });

  it('counts a rotation by what it does at the size of the volume', () => {
    const turn = 0.002;
    const turned = (n: number): [Grid, Grid] => {
      const straight: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
      const { cos, sin } = Math;
      const rotated: Affine = [
        cos(turn),
        -sin(turn),
        0,
        0,
        sin(turn),
        cos(turn),
        0,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        1,
      ];
      const size: Vec3 = [n, n, n];
      return [
        { shape: size, affine: rotated, affineSource: 'sform' },
        { shape: size, affine: straight, affineSource: 'sform' },
      ];
    };
    expect(compareGeometry(...turned(5), 0.1).kind).toBe('same');
    const found = different(...turned(500), 0.1);
    expect(found.map((each) => each.kind)).toEqual(['rotation']);
    expect(found[0]!.mm).toBeCloseTo(turn * 500, 3);
    expect(found[0]!.text).toContain('0.114592 degrees');
  });

  it('finds each of the 48 mappings, and the mapping leads to the reference', () => {
    for (const mapping of axisMappings.slice(1)) {
      // The reference is the prediction, mapped.
      const reference: Grid = {
        shape: mappedShape(mapping, shape),
        affine: mappedAffine(mapping, affine, shape),
        affineSource: 'qform',
      };
      const comparison = compareGeometry(grid, reference, 1e-6);
      expect(comparison).toMatchObject({ kind: 'reorientable', mapping });
      if (comparison.kind !== 'reorientable') continue;
      const flips = comparison.differences.filter((each) => each.kind === 'flip');
      expect(flips).toHaveLength(mapping.filter((each) => each.reversed).length);
      const permuted = mapping.some(({ axis }, at) => axis !== at);
      expect(comparison.differences.some((each) => each.kind === 'permutation')).toBe(permuted);
    }
  });

  it('calls a flip about another place a flip and a shift, not one grid', () => {
    const flipped: Grid = { ...grid, affine: affine.map((value, i) => (i % 4 === 0 ? -value : value)) };
    const found = different(flipped, grid);
    expect(found.map((each) => each.kind)).toEqual(['flip', 'shift']);
    expect(found[0]!.text).toContain('axis x of the prediction flipped');
  });

  it('names the shape, and a difference that is small in each part only', () => {
    expect(different({ ...grid, shape: [39, 30, 20] }, grid)).toMatchObject([
      { kind: 'shape', text: expect.stringContaining('[39, 30, 20] against [40, 30, 20]') },
    ]);
    const straight: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const reference: Grid = { shape: [10, 10, 10], affine: straight, affineSource: 'sform' };
    const nearly: Grid = {
      ...reference,
      affine: straight.map((v, i) => (i === 0 ? v + 0.008 : i === 3 ? 0.08 : v)),
    };
    expect(different(nearly, reference, 0.1)).toMatchObject([{ kind: 'corners' }]);
  });

  it('compares files without forms by their voxel sizes only', () => {
    const sizes = (x: number, y: number, z: number, affineSource: Grid['affineSource']): Grid => ({
      shape: [8, 8, 8],
      affine: [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1],
      affineSource,
    });
    expect(compareGeometry(sizes(1, 2, 3, 'pixdim'), sizes(1, 2, 3, 'pixdim'), 0.01).kind).toBe('same');
    expect(different(sizes(1, 2, 3, 'pixdim'), sizes(1, 2, 4, 'pixdim'))).toMatchObject([
      { kind: 'spacing', mm: 8 },
    ]);
    expect(different(sizes(1, 2, 3, 'pixdim'), sizes(2, 1, 3, 'pixdim')).map((each) => each.kind)).toEqual([
      'spacing',
      'spacing',
    ]);
    // A form that says what the sizes say is no difference; any other is, and is never turned to fit.
    expect(compareGeometry(sizes(1, 2, 3, 'pixdim'), sizes(1, 2, 3, 'sform'), 0.01).kind).toBe('same');
    const mirrored = {
      ...sizes(1, 2, 3, 'sform'),
      affine: [-1, 0, 0, 7, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1],
    };
    const found = different(sizes(1, 2, 3, 'pixdim'), mirrored);
    expect(found[0]).toMatchObject({
      kind: 'no-form',
      text: expect.stringContaining('the prediction has neither'),
    });
  });

  it('any change of the affine that moves a corner beyond the tolerance is named', () => {
    const change = fc.tuple(fc.nat({ max: 11 }), fc.double({ min: -50, max: 50, noNaN: true }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const other = moved(Object.fromEntries(changes));
        const mm = cornerDistanceMm(other.affine, affine, shape);
        const comparison = compareGeometry(other, grid, 0.5);
        expect(comparison.kind === 'same').toBe(mm <= 0.5);
        if (comparison.kind !== 'same') expect(comparison.differences.length).toBeGreaterThan(0);
      }),
    );
  });

  it('names the faults of the golden inputs', async () => {
    const golden = (name: string) => readHeader(new URL(`../../golden/${name}`, import.meta.url).pathname);
    const reference = await golden('prob_f32_ref.nii');
    expect(compareGeometry(await golden('prob_f32.nii'), reference, 0.001).kind).toBe('same');
    expect(different(await golden('bad_shape.nii'), reference)).toMatchObject([{ kind: 'shape', mm: 1 }]);
    expect(different(await golden('bad_shift.nii'), reference)).toMatchObject([{ kind: 'shift', mm: 50 }]);
    expect(different(await golden('bad_shift2.nii'), reference)).toMatchObject([
      { kind: 'shift', text: expect.stringContaining('[30, -30, 0] mm') },
    ]);
    expect(different(await golden('bad_flip.nii'), reference)).toMatchObject([
      { kind: 'flip' },
      { kind: 'shift' },
    ]);
  });
});
