import type { Vec3 } from '../../base/box.ts';
import { type ByteSource, openSource } from '../byte-source.ts';
import { inputFault } from '../faults.ts';
import type { Datatype, VolumeHeader } from '../types.ts';
import { placementOf } from './affine.ts';
import { datatypeOfCode, refusedDatatypes } from './datatypes.ts';
import type { HeaderFields } from './fields.ts';
import { firstDataOffset, headerBytes, parseFields } from './fields.ts';
import { imageFileOf } from './files.ts';

/** Whether bytes start with the size of a NIfTI-1 or NIfTI-2 header, in either byte order. */
export function isNifti(start: Uint8Array<ArrayBuffer>): boolean {
  if (start.length < 4) return false;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const sizes = [view.getInt32(0, true), view.getInt32(0, false)];
  return sizes.some((size) => size === headerBytes.nifti1 || size === headerBytes.nifti2);
}

/**
 * Reads and checks the header of a NIfTI-1 or NIfTI-2 volume: `.nii`, or the `.hdr` of a pair,
 * each gzip or not (told by content, not by name). Reads 540 bytes at most, whatever the header claims.
 * `path` of the result is the header's file and `fileBytes` the length of the file that holds the voxels.
 * @throws InputError with a code of `inputCodes`, MachineError when storage fails.
 */
export async function readNiftiHeader(source: ByteSource): Promise<VolumeHeader> {
  const headerPath = source.path;
  const fields = parseFields(await source.read(0, headerBytes.nifti2), headerPath);
  const { shape, channels } = extentOf(fields.dim, headerPath);
  const datatype = datatypeOf(fields.datatypeCode, headerPath);
  const dataOffset = dataOffsetOf(fields, headerPath);
  const placement = placementOf(fields, shape, headerPath);
  const dataPath = fields.pair ? await imageFileOf(headerPath) : headerPath;
  const { compressed, byteLength: fileBytes } = fields.pair ? await openSource(dataPath, 2) : source;
  return {
    path: headerPath,
    dataPath,
    format: fields.format,
    compressed,
    shape,
    channels,
    datatype,
    littleEndian: fields.littleEndian,
    ...scalingOf(fields),
    dataOffset,
    fileBytes,
    ...placement,
  };
}

function extentOf(dim: readonly number[], file: string): { shape: Vec3; channels: number } {
  const count = dim[0]!;
  const bad = (why: string) =>
    inputFault('bad-dims', `${file}: dim = [${dim.join(', ')}]: ${why}. Write the header again.`, {
      file,
      field: 'dim',
    });
  if (!(count >= 1 && count <= 7)) throw bad(`dim[0] is ${count}, not 1 to 7`);
  const sizes = dim.slice(1, count + 1);
  const wrong = sizes.findIndex((size) => !(size >= 1));
  if (wrong >= 0) throw bad(`dim[${wrong + 1}] is ${sizes[wrong]}, not a positive integer`);
  const voxels = sizes.reduce((product, size) => product * size, 1);
  if (!(voxels * 8 <= Number.MAX_SAFE_INTEGER))
    throw bad(`the product ${voxels} is beyond what can be counted`);
  return {
    shape: [sizes[0]!, sizes[1] ?? 1, sizes[2] ?? 1],
    channels: sizes.slice(3).reduce((product, size) => product * size, 1),
  };
}

function datatypeOf(code: number, file: string): Datatype {
  const datatype = datatypeOfCode.get(code);
  if (datatype !== undefined) return datatype;
  const name = refusedDatatypes.get(code);
  const place = { file, field: 'datatype' };
  const convert = 'Convert it to integers or floats of at most 64 bits.';
  if (name !== undefined) {
    throw inputFault(
      'datatype-refused',
      `${file}: voxels of type ${name} cannot be scored. ${convert}`,
      place,
    );
  }
  throw inputFault('datatype-unknown', `${file}: type code ${code} is not one of NIfTI's. ${convert}`, place);
}

function dataOffsetOf(fields: HeaderFields, file: string): number {
  const { format, pair, voxOffset } = fields;
  if (voxOffset === 0) return pair ? 0 : firstDataOffset[format];
  if (Number.isSafeInteger(voxOffset) && voxOffset >= (pair ? 0 : headerBytes[format])) return voxOffset;
  const least = pair ? 0 : firstDataOffset[format];
  const message = `${file}: vox_offset is ${voxOffset}; it must be an integer of at least ${least}. Write the header again.`;
  throw inputFault('bad-offset', message, { file, field: 'vox_offset' });
}

/** A slope of 0, NaN or infinity means that there is no scaling at all. */
function scalingOf({ slope, intercept }: HeaderFields): Pick<VolumeHeader, 'slope' | 'intercept'> {
  if (slope === 0 || !Number.isFinite(slope)) return { slope: 1, intercept: 0 };
  return { slope, intercept: Number.isFinite(intercept) ? intercept : 0 };
}
