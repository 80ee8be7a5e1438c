/** The keys of a range of buckets in kernel memory: read from shard files and added into cells, a bucket at a time. */
import { PartialError } from '../errors.ts';
import type { Kernels, Layout } from '../kernels/kernels.ts';
import { eachBucket, runs } from '../shard/directory.ts';
import type { Section, ShardFile } from '../shard/file.ts';

/** The keys of one bucket and side in one file. */
export interface Piece {
  readonly side: 0 | 1;
  readonly bucket: number;
  readonly encoding: number;
  readonly keys: number;
  readonly address: number;
  readonly bytes: number;
  /** Path of its file, for messages. */
  readonly file: string;
}

/**
 * Reads buckets [first, end) of a section into a region of `layout`. Memory is that of these buckets alone, so many
 * files cost no more than few; the file may be closed afterwards.
 */
export function readPieces(
  kernels: Kernels,
  layout: Layout,
  file: ShardFile,
  section: Section,
  first: number,
  end: number,
): Piece[] {
  const span = file.span(section, first, end);
  if (span.bytes === 0) return [];
  const buckets: { bucket: number; encoding: number; keys: number; offset: number; bytes: number }[] = [];
  for (const block of span.blocks) {
    eachBucket(block, (bucket, encoding, keys, offset, bytes) => {
      if (bucket >= first && bucket < end) buckets.push({ bucket, encoding, keys, offset, bytes });
    });
  }
  if (buckets.length === 0) return [];
  const payload = Buffer.allocUnsafe(span.bytes);
  file.readSpan(section, span, payload);
  const from = buckets[0]!.offset;
  const last = buckets.at(-1)!;
  const bytes = last.offset + last.bytes - from;
  const address = layout.region(bytes);
  const start = from - span.offset;
  new Uint8Array(kernels.memory.buffer, address, bytes).set(payload.subarray(start, start + bytes));
  return buckets.map(({ bucket, encoding, keys, offset, bytes }) => ({
    side: section.side,
    bucket,
    encoding,
    keys,
    address: address + offset - from,
    bytes,
    file: file.path,
  }));
}

/** Pieces by bucket. */
export function groupPieces(pieces: Iterable<Piece>): Map<number, Piece[]> {
  const buckets = new Map<number, Piece[]>();
  for (const piece of pieces) {
    const known = buckets.get(piece.bucket);
    if (known) known.push(piece);
    else buckets.set(piece.bucket, [piece]);
  }
  return buckets;
}

/** Adds a piece to cells of uint32 (`wide` 0) or uint64 (1). @throws PartialError when it is not what its directory says. */
export function addPiece(
  kernels: Kernels,
  { side, encoding, keys, address, bytes, file }: Piece,
  cells: number,
  bitmap: number,
  wide: 0 | 1,
): void {
  if (encoding === runs) {
    if (kernels.addRuns(address, bytes, cells, bitmap, side, wide) !== keys) {
      throw new PartialError(
        'shard-corrupt',
        `${file}: a bucket does not hold the keys that its directory lists`,
        {
          file,
        },
      );
    }
  } else if (wide) {
    kernels.addPacked64(address, keys, cells, bitmap, side);
  } else {
    kernels.addPacked32(address, keys, cells, bitmap, side);
  }
}
