import { mapVec3, type Vec3 } from '../../base/box.ts';
import { inputFault } from '../faults.ts';
import type { Affine, VolumeHeader } from '../types.ts';

/** The header's fields that place voxels in space, in the header's unit of length. */
export interface SpatialFields {
  readonly sformCode: number;
  readonly qformCode: number;
  /** `srow_x`, `srow_y`, `srow_z`: 12 numbers. */
  readonly srows: readonly number[];
  /** `quatern_b`, `quatern_c`, `quatern_d`. */
  readonly quaternion: Vec3;
  readonly qoffset: Vec3;
  /** `pixdim[0..3]`; `pixdim[0]` is qfac. */
  readonly pixdim: readonly [number, number, number, number];
  /** mm in one unit of the header (1 for mm and for unknown units). */
  readonly unitMm: number;
}

export type Placement = Pick<
  VolumeHeader,
  'affine' | 'affineSource' | 'spacingMm' | 'unsizedAxes' | 'voxelMm3' | 'rotationErrorRad'
>;

/** Axes whose unit vectors span less than this are in one plane. */
const leastUnitVolume = 1e-6;
/** Below this nifti1_io.c takes 1 - (b^2 + c^2 + d^2) for 0. */
const nearHalfTurn = 1e-7;
/** See `rotationError`. */
const quaternionError = 2 ** -22;

/**
 * Where voxels lie: the sform if its code is above 0, else the qform, else the bare voxel sizes (NIfTI-1,
 * nifti1.h, methods 3, 2 and 1). A voxel size of 0 counts as 1 and is told in `unsizedAxes`, a negative one counts as its
 * absolute value.
 * The third axis of a slice may have no length: the voxel is then as thick as `pixdim` says, across the slice.
 * @throws InputError `bad-affine` for numbers that are not finite, axes without length and axes in one plane.
 */
export function placementOf(fields: SpatialFields, shape: Vec3, file: string): Placement {
  const affineSource = fields.sformCode > 0 ? 'sform' : fields.qformCode > 0 ? 'qform' : 'pixdim';
  const rows =
    affineSource === 'sform'
      ? fields.srows
      : affineSource === 'qform'
        ? qformRows(fields, file)
        : pixdimRows(fields.pixdim);
  const affine = [...rows.map((value) => value * fields.unitMm), 0, 0, 0, 1];
  const column = affine.findIndex((value) => !Number.isFinite(value));
  if (column >= 0) {
    const message = `${file}: the ${affineSource} holds ${affine[column]}; it places no voxel. Write the header again.`;
    throw inputFault('bad-affine', message, { file, field: affineSource });
  }
  const lengths = columnLengths(affine);
  const empty = ([0, 1, 2] as const).filter((axis) => lengths[axis] === 0);
  const without = empty.find((axis) => shape[axis] > 1);
  if (without !== undefined) {
    const message =
      `${file}: the ${affineSource} gives axis ${'xyz'[without]} no length, so its ${shape[without]} voxels ` +
      'lie at one place. Write the header again.';
    throw inputFault('bad-affine', message, { file, field: affineSource });
  }
  const thickness = voxelSizes(fields.pixdim).map((size) => size * fields.unitMm);
  const spacingMm = mapVec3(lengths, (length, axis) => length || thickness[axis]!);
  const box = spacingMm[0] * spacingMm[1] * spacingMm[2];
  const voxelMm3 =
    empty.length === 0
      ? Math.abs(determinant(affine))
      : empty.length === 1
        ? areaMm2(affine, empty[0]!) * spacingMm[empty[0]!]
        : box;
  if (!(voxelMm3 > leastUnitVolume * box)) {
    const message =
      `${file}: the axes of the ${affineSource} lie in one plane, so its voxels have no volume. ` +
      'Write the header again.';
    throw inputFault('bad-affine', message, { file, field: affineSource });
  }
  // The columns of an sform are sizes of their own; pixdim gives the thickness of a slice that has none.
  const sized = affineSource === 'sform' ? empty : ([0, 1, 2] as const);
  const unsizedAxes = sized.filter((axis) => fields.pixdim[axis + 1] === 0);
  const rotationErrorRad = affineSource === 'qform' ? rotationError(fields.quaternion) : 0;
  return {
    ...{ affine, affineSource, spacingMm, voxelMm3, rotationErrorRad },
    ...(unsizedAxes.length > 0 && { unsizedAxes }),
  };
}

/** Lengths of the first three columns: the voxel size `[x, y, z]` in mm. */
export function columnLengths(affine: Affine): Vec3 {
  const length = (axis: number) => Math.hypot(affine[axis]!, affine[4 + axis]!, affine[8 + axis]!);
  return [length(0), length(1), length(2)];
}

function determinant(m: Affine): number {
  return (
    m[10]! * (m[0]! * m[5]! - m[1]! * m[4]!) -
    m[9]! * (m[0]! * m[6]! - m[2]! * m[4]!) +
    m[8]! * (m[1]! * m[6]! - m[2]! * m[5]!)
  );
}

/** Area of the parallelogram that the two axes beside `axis` span. */
function areaMm2(affine: Affine, axis: 0 | 1 | 2): number {
  const column = (at: number): Vec3 => [affine[at]!, affine[4 + at]!, affine[8 + at]!];
  const [[ax, ay, az], [bx, by, bz]] = [column((axis + 1) % 3), column((axis + 2) % 3)];
  return Math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx);
}

/**
 * How far, in radians, the rotation that a quaternion gives may lie from the one that its writer had. Only b, c and d
 * are stored, as float32; a is the root of 1 - (b^2 + c^2 + d^2). Rounding b, c and d (relative 2^-24) moves that
 * difference by up to 2^-23, and writers that also compute in float32 by as much again. Near a turn of 180 degrees
 * a is near 0, so that the root turns 2^-22 into up to 0.0005; a rotation turns twice as far as its quaternion.
 */
function rotationError([b, c, d]: Vec3): number {
  const square = 1 - (b * b + c * c + d * d);
  const a = square < nearHalfTurn ? 0 : Math.sqrt(square);
  const most = Math.sqrt(Math.max(0, square + quaternionError));
  const least = Math.sqrt(Math.max(0, square - quaternionError));
  return 2 * (Math.max(most - a, a - least) + quaternionError);
}

function pixdimRows(pixdim: SpatialFields['pixdim']): number[] {
  const [x, y, z] = voxelSizes(pixdim);
  return [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0];
}

function voxelSizes([, x, y, z]: SpatialFields['pixdim']): Vec3 {
  const size = (value: number) => (value === 0 ? 1 : Math.abs(value));
  return [size(x), size(y), size(z)];
}

function qformRows(fields: SpatialFields, file: string): number[] {
  let [b, c, d] = fields.quaternion;
  const square = b * b + c * c + d * d;
  // Rounding may leave a little more than 1; much more is not a rotation.
  if (!(square < 1.01)) {
    const message = `${file}: the qform's quaternion (${b}, ${c}, ${d}) is not a rotation. Write the header again.`;
    throw inputFault('bad-affine', message, { file, field: 'qform' });
  }
  // As nifti1_io.c does, near a turn of 180 degrees: scale (b, c, d) to length 1 rather than take a root of rounding.
  let a = 0;
  if (1 - square < nearHalfTurn) {
    const length = Math.sqrt(square);
    b /= length;
    c /= length;
    d /= length;
  } else {
    a = Math.sqrt(1 - square);
  }
  const [x, y, size] = voxelSizes(fields.pixdim);
  const z = fields.pixdim[0] < 0 ? -size : size;
  const [ox, oy, oz] = fields.qoffset;
  return [
    (a * a + b * b - c * c - d * d) * x,
    2 * (b * c - a * d) * y,
    2 * (b * d + a * c) * z,
    ox,
    2 * (b * c + a * d) * x,
    (a * a + c * c - b * b - d * d) * y,
    2 * (c * d - a * b) * z,
    oy,
    2 * (b * d - a * c) * x,
    2 * (c * d + a * b) * y,
    (a * a + d * d - b * b - c * c) * z,
    oz,
  ];
}
