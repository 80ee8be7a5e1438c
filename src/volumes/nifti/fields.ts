import { NIFTI1, NIFTI2 } from 'nifti-reader-js';
import { inputFault } from '../faults.ts';
import { foreignContent } from '../foreign-content.ts';
import type { SpatialFields } from './affine.ts';

/** Header sizes in bytes; also the value of `sizeof_hdr`, which tells format and byte order. */
export const headerBytes = { nifti1: 348, nifti2: 540 } as const;

/** Where voxels start in a single file with no extensions: the header and 4 bytes of extension flag. */
export const firstDataOffset = { nifti1: 352, nifti2: 544 } as const;

/** The fields of a header that this project uses, as stored: checked for nothing yet. */
export interface HeaderFields extends SpatialFields {
  readonly format: 'nifti1' | 'nifti2';
  readonly littleEndian: boolean;
  /** Whether the voxels are in a file of their own (`.hdr/.img`). */
  readonly pair: boolean;
  /** `dim[0..7]`; `dim[0]` is how many of them count. */
  readonly dim: readonly number[];
  readonly datatypeCode: number;
  readonly voxOffset: number;
  readonly slope: number;
  readonly intercept: number;
}

/**
 * Parses the first 540 bytes of a file (fewer when the file is shorter).
 * @throws InputError `header-short`, `pointer-only`, `not-nifti` or `analyze-75`.
 */
export function parseFields(bytes: Uint8Array<ArrayBuffer>, file: string): HeaderFields {
  const { format, littleEndian } = formatOf(bytes, file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magicAt = format === 'nifti1' ? 344 : 4;
  const magic = String.fromCharCode(...bytes.subarray(magicAt, magicAt + 3));
  const digit = format === 'nifti1' ? '1' : '2';
  if (magic !== `n+${digit}` && magic !== `ni${digit}`) throw noMagic(format, magic, file);

  // The parser is given exactly a header: of one byte more it would read the extension flag and what follows, past
  // the end of what there is.
  const exact = bytes.slice(0, headerBytes[format]).buffer;
  const header = format === 'nifti1' ? new NIFTI1() : new NIFTI2();
  header.readHeader(exact);
  const real = (at: number) =>
    format === 'nifti1' ? view.getFloat32(at, littleEndian) : view.getFloat64(at, littleEndian);
  const srowAt = format === 'nifti1' ? 280 : 400;
  const realBytes = format === 'nifti1' ? 4 : 8;
  return {
    format,
    littleEndian,
    pair: magic.startsWith('ni'),
    // The parser's 64-bit integers are wrong for negative and for many big-endian values.
    dim: format === 'nifti1' ? header.dims : Array.from({ length: 8 }, (_, i) => int64(view, 16 + 8 * i)),
    voxOffset: format === 'nifti1' ? header.vox_offset : int64(view, 168),
    datatypeCode: header.datatypeCode,
    slope: header.scl_slope,
    intercept: header.scl_inter,
    sformCode: header.sform_code,
    qformCode: header.qform_code,
    // The parser's affine follows the larger form code, and keeps the sform only then.
    srows: Array.from({ length: 12 }, (_, i) => real(srowAt + realBytes * i)),
    quaternion: [header.quatern_b, header.quatern_c, header.quatern_d],
    qoffset: [header.qoffset_x, header.qoffset_y, header.qoffset_z],
    pixdim: [header.pixDims[0]!, header.pixDims[1]!, header.pixDims[2]!, header.pixDims[3]!],
    unitMm: mmPerUnit[header.xyzt_units & 7] ?? 1,
  };

  function int64(data: DataView, at: number): number {
    return Number(data.getBigInt64(at, littleEndian));
  }
}

/** mm in the spatial unit of `xyzt_units`: 1 metre, 2 millimetre, 3 micrometre. */
const mmPerUnit: Readonly<Record<number, number>> = { 1: 1000, 2: 1, 3: 0.001 };

function formatOf(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
): Pick<HeaderFields, 'format' | 'littleEndian'> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const littleEndian of [true, false]) {
    const size = bytes.length < 4 ? 0 : view.getInt32(0, littleEndian);
    const format =
      size === headerBytes.nifti1 ? 'nifti1' : size === headerBytes.nifti2 ? 'nifti2' : undefined;
    if (format === undefined) continue;
    if (bytes.length >= headerBytes[format]) return { format, littleEndian };
    const message =
      `${file}: the file holds ${bytes.length} bytes, but the header alone takes ${headerBytes[format]}. ` +
      'Copy or export the file again.';
    throw inputFault('header-short', message, { file });
  }
  const content = foreignContent(bytes);
  if (content) {
    const code = content.kind === 'pointer' ? 'pointer-only' : 'not-nifti';
    throw inputFault(code, `${file}: ${content.what}; ${content.advice}.`, { file });
  }
  const message =
    `${file}: not a NIfTI file: its first 4 bytes are neither 348 (NIfTI-1) nor 540 (NIfTI-2) in any byte order. ` +
    'Convert it to NIfTI.';
  throw inputFault('not-nifti', message, { file, field: 'sizeof_hdr' });
}

function noMagic(format: 'nifti1' | 'nifti2', magic: string, file: string) {
  if (format === 'nifti1') {
    const message =
      `${file}: an Analyze 7.5 header (348 bytes, no NIfTI magic at byte 344). Analyze does not say ` +
      'which way the image lies; convert it to NIfTI with a tool that knows.';
    return inputFault('analyze-75', message, { file, field: 'magic' });
  }
  const message = `${file}: not a NIfTI file: its magic is ${JSON.stringify(magic)}, not "n+2" or "ni2".`;
  return inputFault('not-nifti', message, { file, field: 'magic' });
}
