import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import type { Vec3 } from '../../base/box.ts';
import { temporaryName } from '../../base/write-whole.ts';
import { storageFault } from '../faults.ts';
import type { Affine, Datatype } from '../types.ts';
import { datatypeBytes } from '../types.ts';
import { columnLengths } from './affine.ts';
import { codeOfDatatype } from './datatypes.ts';
import { firstDataOffset, headerBytes } from './fields.ts';

/** What a written header says. */
export interface NiftiLayout {
  /** Voxels along `[x, y, z]`. */
  readonly shape: Vec3;
  /** Volumes behind each other; above 1 the file is 4D. Default 1. */
  readonly channels?: number;
  readonly datatype: Datatype;
  /** Voxel size in mm; default the lengths of the affine's columns, or 1. */
  readonly spacingMm?: Vec3;
  /** Written as the sform (code 1). Without it the file has no form, only voxel sizes. */
  readonly affine?: Affine;
  /** Default 1: stored as is. */
  readonly slope?: number;
  /** Default 0. */
  readonly intercept?: number;
  /** Default true. */
  readonly littleEndian?: boolean;
  /** Default `nifti1`, whose sizes end at 32,767. */
  readonly format?: 'nifti1' | 'nifti2';
  /** Write the header of an `.hdr/.img` pair, whose voxels start at byte 0 of the `.img`. Default false. */
  readonly pair?: boolean;
}

export type VoxelArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

export interface NiftiVolume extends NiftiLayout {
  /** Stored values of all channels, x fastest, of the typed array that fits `datatype`. */
  readonly data: VoxelArray;
  /** `members` writes several gzip members behind each other. Default false. */
  readonly gzip?: boolean | 'members';
}

/**
 * The bytes before the voxels: 352 (NIfTI-1) or 544 (NIfTI-2), with an empty extension flag.
 * A volume of any size is these bytes followed by its voxels, chunk by chunk.
 */
export function niftiHeaderBytes(layout: NiftiLayout): Uint8Array {
  const format = layout.format ?? 'nifti1';
  const bytes = new Uint8Array(firstDataOffset[format]);
  const put = new HeaderWriter(bytes, layout.littleEndian ?? true, format);
  const channels = layout.channels ?? 1;
  const dim = channels === 1 ? [3, ...layout.shape, 1, 1, 1, 1] : [4, ...layout.shape, channels, 1, 1, 1];
  const spacing = layout.spacingMm ?? spacingOf(layout.affine);
  const datatype = codeOfDatatype(layout.datatype);
  const bitpix = 8 * datatypeBytes[layout.datatype];
  const magic = `${layout.pair ? 'ni' : 'n+'}${format === 'nifti1' ? '1\0' : '2\0\r\n\x1a\n'}`;
  const at = format === 'nifti1' ? nifti1Offsets : nifti2Offsets;
  put.int32(0, headerBytes[format]);
  put.text(at.magic, magic);
  for (const [i, size] of dim.entries()) {
    if (!Number.isSafeInteger(size) || size < 1 || (format === 'nifti1' && size > 32_767)) {
      throw new RangeError(`${format} cannot hold a size of ${size}`);
    }
    put.size(at.dim, i, size);
  }
  put.int16(at.datatype, datatype);
  put.int16(at.bitpix, bitpix);
  for (const [i, size] of [1, ...spacing, 1, 1, 1, 1].entries()) put.real(at.pixdim, i, size);
  put.voxOffset(at.voxOffset, layout.pair ? 0 : bytes.length);
  put.real(at.slope, 0, layout.slope ?? 1);
  put.real(at.slope, 1, layout.intercept ?? 0);
  put.unitsMm(at.units);
  if (layout.affine !== undefined) {
    put.formCode(at.sformCode, 1);
    for (const [i, value] of layout.affine.slice(0, 12).entries()) put.real(at.srow, i, value);
  }
  return bytes;
}

/**
 * Writes a volume. Meant for tests and small demonstrations: the voxels are in memory.
 * @throws MachineError when storage fails.
 */
export async function writeNifti(path: string, volume: NiftiVolume): Promise<void> {
  const chunks = [niftiHeaderBytes(volume), voxelBytes(volume)];
  try {
    if (volume.gzip === true) {
      await pipeline(Readable.from(chunks), createGzip(), createWriteStream(path));
      return;
    }
    const written = volume.gzip === 'members' ? inMembers(Buffer.concat(chunks)) : chunks;
    await pipeline(Readable.from(written), createWriteStream(path));
  } catch (error) {
    throw storageFault(error, path);
  }
}

/**
 * Writes a volume of any size, chunk by chunk, gzip where the name ends in `.gz`; the file is whole or not there.
 * @throws MachineError when storage fails.
 */
export async function writeNiftiWhole(
  path: string,
  layout: NiftiLayout,
  voxels: Iterable<Uint8Array>,
): Promise<void> {
  const temporary = temporaryName(path);
  const chunks = function* () {
    yield niftiHeaderBytes(layout);
    yield* voxels;
  };
  const source = Readable.from(chunks(), { objectMode: true });
  const target = createWriteStream(temporary, { flags: 'wx' });
  try {
    if (path.endsWith('.gz')) await pipeline(source, createGzip({ level: 1 }), target);
    else await pipeline(source, target);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw storageFault(error, path);
  }
}

/** The voxels' bytes in the layout's byte order. */
export function voxelBytes(volume: NiftiVolume): Uint8Array {
  const { data, datatype, shape } = volume;
  const size = datatypeBytes[datatype];
  const count = shape[0] * shape[1] * shape[2] * (volume.channels ?? 1);
  if (data.BYTES_PER_ELEMENT !== size || data.length !== count) {
    throw new RangeError(`${datatype} [${shape}] needs ${count} elements of ${size} bytes`);
  }
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (volume.littleEndian ?? true) return bytes;
  const swapped = Buffer.from(bytes);
  if (size === 2) swapped.swap16();
  if (size === 4) swapped.swap32();
  if (size === 8) swapped.swap64();
  return swapped;
}

function inMembers(bytes: Buffer): Buffer[] {
  const third = Math.ceil(bytes.length / 3);
  return [0, 1, 2].map((i) => gzipSync(bytes.subarray(i * third, (i + 1) * third)));
}

function spacingOf(affine: Affine | undefined): Vec3 {
  return affine === undefined ? [1, 1, 1] : columnLengths(affine);
}

/** Byte offsets of fields (nifti1.h, nifti2.h). */
const nifti1Offsets = {
  magic: 344,
  dim: 40,
  datatype: 70,
  bitpix: 72,
  pixdim: 76,
  voxOffset: 108,
  slope: 112,
  units: 123,
  sformCode: 254,
  srow: 280,
};
const nifti2Offsets: typeof nifti1Offsets = {
  magic: 4,
  dim: 16,
  datatype: 12,
  bitpix: 14,
  pixdim: 104,
  voxOffset: 168,
  slope: 176,
  units: 500,
  sformCode: 348,
  srow: 400,
};

/** Puts numbers in the width that the format gives them. */
class HeaderWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #wide: boolean;

  constructor(bytes: Uint8Array, littleEndian: boolean, format: 'nifti1' | 'nifti2') {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = littleEndian;
    this.#wide = format === 'nifti2';
  }

  int16(at: number, value: number): void {
    this.#view.setInt16(at, value, this.#little);
  }

  int32(at: number, value: number): void {
    this.#view.setInt32(at, value, this.#little);
  }

  text(at: number, value: string): void {
    this.#bytes.set(Buffer.from(value, 'latin1'), at);
  }

  size(at: number, index: number, value: number): void {
    if (this.#wide) this.#view.setBigInt64(at + 8 * index, BigInt(value), this.#little);
    else this.int16(at + 2 * index, value);
  }

  real(at: number, index: number, value: number): void {
    if (this.#wide) this.#view.setFloat64(at + 8 * index, value, this.#little);
    else this.#view.setFloat32(at + 4 * index, value, this.#little);
  }

  voxOffset(at: number, value: number): void {
    if (this.#wide) this.#view.setBigInt64(at, BigInt(value), this.#little);
    else this.#view.setFloat32(at, value, this.#little);
  }

  formCode(at: number, value: number): void {
    if (this.#wide) this.int32(at, value);
    else this.int16(at, value);
  }

  unitsMm(at: number): void {
    if (this.#wide) this.int32(at, 2);
    else this.#bytes[at] = 2;
  }
}
