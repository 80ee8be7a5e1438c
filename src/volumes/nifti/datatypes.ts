import type { Datatype } from '../types.ts';

/** NIfTI type codes whose voxels are one real number of at most 64 bits (nifti1.h, DT_*). */
export const datatypeOfCode: ReadonlyMap<number, Datatype> = new Map([
  [2, 'uint8'],
  [4, 'int16'],
  [8, 'int32'],
  [16, 'float32'],
  [64, 'float64'],
  [256, 'int8'],
  [512, 'uint16'],
  [768, 'uint32'],
  [1024, 'int64'],
  [1280, 'uint64'],
]);

/** Type codes that NIfTI defines and that hold no score or label. */
export const refusedDatatypes: ReadonlyMap<number, string> = new Map([
  [0, 'DT_UNKNOWN'],
  [1, 'binary (1 bit a voxel)'],
  [32, 'complex64'],
  [128, 'RGB24'],
  [255, 'DT_ALL'],
  [1536, 'float128'],
  [1792, 'complex128'],
  [2048, 'complex256'],
  [2304, 'RGBA32'],
]);

/** NIfTI type code of a datatype. */
export function codeOfDatatype(datatype: Datatype): number {
  for (const [code, name] of datatypeOfCode) if (name === datatype) return code;
  throw new RangeError(`No NIfTI code for ${datatype}`);
}
