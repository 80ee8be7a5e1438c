import type { Vec3 } from '../../base/box.ts';
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

export type Placement = Pick<VolumeHeader, 'affine' | 'affineSource' | 'spacingMm'>;

/**
 * Where voxels lie: the sform if its code is above 0, else the qform, else the bare voxel sizes (NIfTI-1,
 * nifti1.h, methods 3, 2 and 1). A voxel size of 0 counts as 1, a negative one as its absolute value.
 * @throws InputError `bad-affine` for numbers that are not finite and for axes without length.
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
  const spacingMm = columnLengths(affine);
  for (const axis of [0, 1, 2] as const) {
    if (spacingMm[axis] === 0 && shape[axis] > 1) {
      const message =
        `${file}: the ${affineSource} gives axis ${'xyz'[axis]} no length, so its ${shape[axis]} voxels ` +
        'lie at one place. Write the header again.';
      throw inputFault('bad-affine', message, { file, field: affineSource });
    }
  }
  return { affine, affineSource, spacingMm };
}

/** Lengths of the first three columns: the voxel size `[x, y, z]` in mm. */
export function columnLengths(affine: Affine): Vec3 {
  const length = (axis: number) => Math.hypot(affine[axis]!, affine[4 + axis]!, affine[8 + axis]!);
  return [length(0), length(1), length(2)];
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
  // Rounding may leave a little more than 1; much more is no rotation.
  if (!(square < 1.01)) {
    const message = `${file}: the qform's quaternion (${b}, ${c}, ${d}) is no rotation. Write the header again.`;
    throw inputFault('bad-affine', message, { file, field: 'qform' });
  }
  // As nifti1_io.c does, near a turn of 180 degrees: scale (b, c, d) to length 1 rather than take a root of rounding.
  let a = 0;
  if (1 - square < 1e-7) {
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
