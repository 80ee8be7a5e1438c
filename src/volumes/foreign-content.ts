/** What a file is that bears a volume's name and is none: told by its first bytes, so that a message can say what to do. */

/** A pointer that a version control system left where the content should be. */
interface Pointer {
  readonly kind: 'pointer';
  readonly what: string;
  readonly advice: string;
}

/** Content of another kind. */
interface OtherFormat {
  readonly kind: 'format';
  readonly what: string;
  readonly advice: string;
}

export type ForeignContent = Pointer | OtherFormat;

const annexAdvice = 'fetch the content with "git annex get" (or "datalad get") on this file';

/** A link into a git-annex store, whose content has not been fetched. */
export const annexLink: Pointer = {
  kind: 'pointer',
  what: 'a git-annex link whose content is not on this machine',
  advice: annexAdvice,
};

const archive = (name: string): OtherFormat => ({
  kind: 'format',
  what: `${name}, not a NIfTI file`,
  advice: 'unpack it and name the NIfTI file that is in it',
});
const image = (name: string): OtherFormat => ({
  kind: 'format',
  what: `${name}, not a NIfTI file`,
  advice: 'convert it to NIfTI',
});

/** Bytes as Latin-1 at a position of the file. */
const signatures: readonly (readonly [at: number, bytes: string, content: ForeignContent])[] = [
  [0, 'PK\x03\x04', archive('a zip archive')],
  [0, 'PK\x05\x06', archive('an empty zip archive')],
  [257, 'ustar', archive('a tar archive')],
  [0, '7z\xbc\xaf\x27\x1c', archive('a 7-Zip archive')],
  [0, 'Rar!', archive('a RAR archive')],
  [0, 'BZh', archive('a bzip2 file')],
  [0, '\xfd7zXZ\x00', archive('an xz file')],
  [0, '\x28\xb5\x2f\xfd', archive('a zstd file')],
  [0, '\x1f\x8b', archive('a gzip file inside a gzip file')],
  [0, 'NRRD000', image('an NRRD volume')],
  [0, 'ObjectType', image('a MetaImage header')],
  [0, 'NDims', image('a MetaImage header')],
  [128, 'DICM', image('a DICOM file')],
  [0, '\x00\x00\x00\x01\x00\x00\x01', image('a FreeSurfer MGH volume')],
  [0, '\x93NUMPY', image('a NumPy array')],
  [0, '\x89HDF\r\n', image('an HDF5 file')],
  [0, 'CDF\x01', image('a NetCDF (MINC) file')],
  [0, '\x89PNG', image('a PNG image')],
  [0, '\xff\xd8\xff', image('a JPEG image')],
  [0, 'II*\x00', image('a TIFF image')],
  [0, 'MM\x00*', image('a TIFF image')],
  [0, '%PDF', image('a PDF document')],
];

/** Text that does not begin at the file's first byte: after a byte order mark and white space. */
const texts: readonly (readonly [pattern: RegExp, content: ForeignContent])[] = [
  [
    /^version https:\/\/git-lfs\.github\.com\//,
    {
      kind: 'pointer',
      what: 'a Git LFS pointer whose content is not on this machine',
      advice: 'fetch the content with "git lfs pull"',
    },
  ],
  [
    /^(\.\.\/)*(\.git)?\/?annex\/objects\//,
    {
      kind: 'pointer',
      what: 'a git-annex pointer whose content is not on this machine',
      advice: annexAdvice,
    },
  ],
  [
    /^<(!doctype html|html|head|body)\b/i,
    {
      kind: 'format',
      what: 'an HTML page (such as the log-in or error page of a download), not a NIfTI file',
      advice: 'download the file again',
    },
  ],
  [
    /^(<\?xml|<[a-z])/i,
    {
      kind: 'format',
      what: 'an XML document, not a NIfTI file',
      advice: 'download or export the file again',
    },
  ],
];

/** What the first bytes say (512 are enough for all that is known here); undefined where they say nothing. */
export function foreignContent(start: Uint8Array): ForeignContent | undefined {
  const bytes = String.fromCharCode(...start.subarray(0, 512));
  const signature = signatures.find(([at, wanted]) => bytes.startsWith(wanted, at));
  if (signature) return signature[2];
  const text = bytes.replace(/^\xef\xbb\xbf/, '').trimStart();
  const found = texts.find(([pattern]) => pattern.test(text));
  if (found) return found[1];
  if (start.length >= 348 && start.every((byte) => byte === 0)) {
    return {
      kind: 'format',
      what: 'nothing but zeros at its start, as a copy that was allocated and not written leaves it',
      advice: 'copy the file again',
    };
  }
  // Printable ASCII all through: whatever it is, its first words tell more than a number would.
  if (/^[\t\n\r\x20-\x7e]+$/.test(text)) {
    const [line = ''] = text.split(/[\r\n]/, 1);
    const begins = line.length > 60 ? `${line.slice(0, 60)}...` : line;
    return {
      kind: 'format',
      what: `text that begins with ${JSON.stringify(begins)}, not a NIfTI file`,
      advice: 'copy or export the file again',
    };
  }
  return undefined;
}
