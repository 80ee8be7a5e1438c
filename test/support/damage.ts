/** Ways in which a gzip file becomes one that can be read in part only. */

export interface Damage {
  readonly name: string;
  /** Of the fault that the case has then. */
  readonly code: RegExp;
  /** Whether the length in the last bytes is no longer that of the voxels. */
  readonly showsInLength: boolean;
  readonly apply: (whole: Buffer) => Buffer;
}

/** With some bytes inverted. */
function inverted(whole: Buffer, from: number, count: number): Buffer {
  const bytes = Buffer.from(whole);
  for (let at = from; at < from + count; at++) bytes[at] = ~bytes[at]! & 0xff;
  return bytes;
}

const cut = (name: string, length: (whole: Buffer) => number): Damage => ({
  name: `cut ${name}`,
  code: /^gzip-cut-off$/,
  showsInLength: true,
  apply: (whole) => whole.subarray(0, length(whole)),
});

export const damages: readonly Damage[] = [
  cut('near the start', ({ length }) => Math.floor(length / 8)),
  cut('in the middle', ({ length }) => length >> 1),
  cut('before the last block ends', ({ length }) => length - 12),
  cut('before the checksum', ({ length }) => length - 8),
  cut('in the checksum', ({ length }) => length - 6),
  cut('before the length', ({ length }) => length - 4),
  {
    name: 'a block of the middle is damaged',
    // Whether the damaged codes are none, or others, depends on where they are.
    code: /^gzip-(corrupt|checksum)$/,
    showsInLength: false,
    apply: (whole) => Buffer.from(whole).fill(0xff, whole.length >> 1, (whole.length >> 1) + 64),
  },
  {
    name: 'the checksum is another',
    code: /^gzip-checksum$/,
    showsInLength: false,
    apply: (whole) => inverted(whole, whole.length - 8, 4),
  },
  {
    name: 'the length is another',
    code: /^gzip-checksum$/,
    showsInLength: true,
    apply: (whole) => inverted(whole, whole.length - 4, 1),
  },
];
