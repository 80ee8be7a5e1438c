/** The formats of volumes, one row each: a new format is a reader of its headers and a row here. */
import { type ByteSource, openSource } from './byte-source.ts';
import { checkLength } from './length.ts';
import { headerFileOf } from './nifti/files.ts';
import { isNifti, readNiftiHeader } from './nifti/header.ts';
import type { VolumeHeader } from './types.ts';

export interface VolumeFormat {
  readonly id: string;
  /** Endings of the files that folders are searched for, each also with `.gz`. */
  readonly extensions: readonly string[];
  /** The file that holds the header, where another one of the volume may be named. */
  headerFile?(path: string): Promise<string>;
  /** Whether a file that starts with these bytes (at most `probeBytes`, inflated) is of this format. */
  probe(start: Uint8Array<ArrayBuffer>): boolean;
  /** @throws InputError for a header that no voxels can be read by. */
  readHeader(source: ByteSource): Promise<VolumeHeader>;
}

const nifti: VolumeFormat = {
  id: 'nifti',
  // An .img belongs to its .hdr.
  extensions: ['.nii', '.hdr'],
  headerFile: headerFileOf,
  probe: isNifti,
  readHeader: readNiftiHeader,
};

export const formats: readonly VolumeFormat[] = [nifti];

/** As many as the longest NIfTI header has. */
const probeBytes = 540;

/** Ending of a volume's name. */
export const volumeEnding = new RegExp(
  `(?:${formats
    .flatMap(({ extensions }) => extensions)
    .map((extension) => extension.replaceAll('.', '\\.'))
    .join('|')})(?:\\.gz)?$`,
  'i',
);

/**
 * Reads and checks the header of a volume, of whatever format its first bytes show. Of a file of no known format the NIfTI
 * reader says what it is instead.
 * @throws InputError with a code of `inputCodes`, MachineError when storage fails.
 */
export async function readHeader(path: string): Promise<VolumeHeader> {
  for (const format of formats) {
    const file = (await format.headerFile?.(path)) ?? path;
    const source = await openSource(file, probeBytes);
    if (format.probe(await source.read(0, probeBytes))) return checked(await format.readHeader(source));
  }
  return checked(await nifti.readHeader(await openSource(await headerFileOf(path), probeBytes)));
}

function checked(header: VolumeHeader): VolumeHeader {
  checkLength(header);
  return header;
}
