import * as z from 'zod';
import type { Box } from '../base/box.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import { vec3Schema, voxelVec3Schema } from '../base/vec3-schema.ts';

/** Stored types of voxels that can be scored. */
const datatypes = z.enum([
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'uint64',
  'int64',
  'float32',
  'float64',
]);
export type Datatype = z.infer<typeof datatypes>;

/** Bytes of one stored voxel. */
export const datatypeBytes: Readonly<Record<Datatype, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float32: 4,
  float64: 8,
};

/** Row-major 4 x 4 matrix from voxel `[i, j, k, 1]` to world `[x, y, z, 1]` in mm (RAS+). */
export const affineSchema = z.array(z.number()).length(16);
export type Affine = DeepReadonly<z.infer<typeof affineSchema>>;

/** Some of the axes 0 to 2, ascending. */
export const unsizedAxesSchema = z.array(z.union([z.literal(0), z.literal(1), z.literal(2)])).min(1);

/** Which fields of a header gave the affine. */
export const affineSources = z.enum(['sform', 'qform', 'pixdim']);

/** What a header says of a volume, checked: sizes are positive integers and the file is long enough (raw files). */
export const volumeHeaderSchema = z.object({
  /** The file that was named (the `.hdr` of a pair). */
  path: z.string(),
  /** The file that holds the voxels; differs from `path` for `.hdr/.img` pairs. */
  dataPath: z.string(),
  format: z.enum(['nifti1', 'nifti2']),
  /** Whether `dataPath` is gzip: readable only from its start. */
  compressed: z.boolean(),
  /** Voxels along `[x, y, z]`. */
  shape: voxelVec3Schema,
  /** Volumes behind each other in the file (product of the dims beyond the third). */
  channels: z.int().min(1),
  datatype: datatypes,
  littleEndian: z.boolean(),
  /** value = stored * slope + intercept; 1 and 0 where the header has none. */
  slope: z.number(),
  intercept: z.number(),
  /** Byte offset of the first voxel in the inflated data file. */
  dataOffset: z.int().min(0),
  /** Length of the header's file and data file on disk in bytes (one file: equal). */
  fileBytes: z.int().min(0),
  affine: affineSchema,
  affineSource: affineSources,
  /** Voxel size along `[x, y, z]` in mm: the lengths of the affine's columns. */
  spacingMm: vec3Schema,
  /** Axes along which the header gives no voxel size, so that one unit of length is assumed; absent where it gives all. */
  unsizedAxes: unsizedAxesSchema.exactOptional(),
  /** Volume of a voxel: the determinant of the affine, less than the product of the sizes where axes are sheared. */
  voxelMm3: z.number(),
  /** How far the rotation may lie from its writer's because it is stored as a float32 quaternion; 0 for other forms. */
  rotationErrorRad: z.number(),
});
export type VolumeHeader = DeepReadonly<z.infer<typeof volumeHeaderSchema>>;

/** A volume whose stored bytes can be read at any place. Not safe for concurrent use; one per thread. */
export interface VolumeSource {
  readonly header: VolumeHeader;
  /**
   * Copies the stored bytes (file's type and endianness) of a box of one channel into `target`, x fastest.
   * `target.length` must be `voxelCount(box.shape) * datatypeBytes[header.datatype]`.
   * @throws InputError when the file has become shorter, MachineError when storage fails.
   */
  readBox(channel: number, box: Box, target: Uint8Array): void;
  close(): void;
}

/** A volume that can only be read from its start, as gzip can. */
export interface VolumeStream {
  readonly header: VolumeHeader;
  /**
   * Fills `target` with the next stored bytes, first voxel first. Bytes before `dataOffset` have been skipped.
   * @throws InputError naming the file for a cut-off stream or a checksum that fails.
   */
  read(target: Uint8Array): Promise<void>;
  /** Checks that nothing but the data was there and that every gzip checksum holds, then closes. */
  finish(): Promise<void>;
  /** Stops early and frees everything; safe at any time and more than once. */
  close(): void;
}
