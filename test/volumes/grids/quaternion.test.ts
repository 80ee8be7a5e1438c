/** The same grid as an sform in one file and as a qform in the other: what float32 quaternions cost, against the bound. */
import { expect, test } from 'vitest';
import type { Vec3 } from '../../../src/base/box.ts';
import { readHeader } from '../../../src/volumes/formats.ts';
import { axisMappings } from '../../../src/volumes/grids/axis-mapping.ts';
import { checkGeometry } from '../../../src/volumes/grids/check.ts';
import { compareGeometry, cornerDistance } from '../../../src/volumes/grids/compare.ts';
import { placementOf, type SpatialFields } from '../../../src/volumes/nifti/affine.ts';
import { sharedCase } from '../../run/cases.ts';
import { randomNumbers } from '../../run/volumes.ts';

type Quaternion = readonly [a: number, b: number, c: number, d: number];
const shape: Vec3 = [512, 480, 400];
const pixdim = [1, 0.8, 0.9, 1.1].map(Math.fround) as unknown as SpatialFields['pixdim'];
const qoffset = [-180.5, 210.25, -700.125].map(Math.fround) as unknown as Vec3;

function rotation([a, b, c, d]: Quaternion): number[][] {
  return [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
  ];
}

/** One grid, once with its matrix and once with its quaternion, each rounded to float32 as a header does. */
function twice(quaternion: Quaternion) {
  const rows = rotation(quaternion).flatMap((row, i) => [
    ...row.map((value, axis) => Math.fround(value * pixdim[axis + 1]!)),
    qoffset[i]!,
  ]);
  const common = { qoffset, pixdim, unitMm: 1 };
  const stored = quaternion.slice(1).map(Math.fround) as unknown as Vec3;
  const sform = { ...common, sformCode: 1, qformCode: 0, srows: rows, quaternion: [0, 0, 0] as const };
  const qform = { ...common, sformCode: 0, qformCode: 1, srows: rows, quaternion: stored };
  return {
    sform: { shape, ...placementOf(sform, shape, 's.nii') },
    qform: { shape, ...placementOf(qform, shape, 'q.nii') },
  };
}

/** A rotation whose quaternion has a first element of about `a`. */
function withA(a: number, random: () => number): Quaternion {
  const axis = [0, 1, 2].map(() => random() * 2 - 1);
  const length = Math.hypot(...axis);
  const rest = Math.sqrt(1 - a * a);
  const [b, c, d] = axis.map((value) => (value / length) * rest) as [number, number, number];
  return [a, b, c, d];
}

test('rotations of all kinds are the same grid by default, both ways, and the bound is not far above the worst', () => {
  const random = randomNumbers(7);
  let worst = 0;
  for (let i = 0; i < 2_000; i++) {
    // As many near half turns, where the root is sensitive, as anywhere else.
    const a = random() < 0.5 ? random() : 10 ** (-7 * random());
    const { sform, qform } = twice(withA(a, random));
    const { mm, allowedMm } = cornerDistance(axisMappings[0]!, qform, sform, 0.001);
    worst = Math.max(worst, mm / allowedMm);
    expect(mm, `a = ${a}`).toBeLessThanOrEqual(allowedMm);
    expect(compareGeometry(qform, sform, 0.001).kind).toBe('same');
    expect(compareGeometry(sform, qform, 0.001).kind).toBe('same');
  }
  expect(worst).toBeGreaterThan(0.25);
});

test('axis-aligned and LPS, LAS and half-turned grids lose nothing, and a shift of half a voxel, or another spacing, is still found', () => {
  const halfTurns: Quaternion[] = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [0, Math.SQRT1_2, Math.SQRT1_2, 0],
  ];
  for (const quaternion of halfTurns) {
    const { sform, qform } = twice(quaternion);
    expect(compareGeometry(sform, qform, 0.001).kind).toBe('same');
    const shifted = { ...qform, affine: qform.affine.with(3, qform.affine[3]! + 0.4) };
    expect(compareGeometry(shifted, sform, 0.001).kind).toBe('different');
    const wider = {
      ...qform,
      affine: qform.affine.map((value, i) => (i % 4 === 0 ? value * 1.0005 : value)),
    };
    expect(compareGeometry(wider, sform, 0.001).kind).toBe('different');
    expect(cornerDistance(axisMappings[0]!, qform, sform, 0).allowedMm).toBe(0);
  }
});

test.each(['39-lps-q', '39b-lps-q'])(
  '%s: an sform against its qform passes with default settings',
  async (name) => {
    const { prediction, reference } = sharedCase(name);
    const headers = await Promise.all([readHeader(prediction), readHeader(reference)]);
    expect(headers.map(({ affineSource }) => affineSource).sort()).toEqual(['qform', 'sform']);
    expect(() =>
      checkGeometry(headers[0]!, headers[1]!, { toleranceMm: 0.001, reorient: false }),
    ).not.toThrow();
  },
);

test('19f-captk-real: refused with the distance, the setting and a value that accepts it', async () => {
  const { prediction, reference } = sharedCase('19f-captk-real');
  const [ours, theirs] = [await readHeader(prediction), await readHeader(reference)];
  let message = '';
  try {
    checkGeometry(ours, theirs, { toleranceMm: 0.001, reorient: false });
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toMatch(/up to 0\.\d+ mm apart, and geometryToleranceMm allows 0\.001 mm/);
  const value = Number(/--geometry-tolerance-mm ([\d.]+) accepts it/.exec(message)?.[1]);
  expect(() => checkGeometry(ours, theirs, { toleranceMm: value, reorient: false })).not.toThrow();
});
