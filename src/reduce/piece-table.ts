/** The keys of a range of buckets in kernel memory, from any number of shard files, listed by bucket. */
import { PartialError } from '../errors.ts';
import type { Kernels, Layout } from '../kernels/kernels.ts';
import { eachBucket } from '../shard/directory.ts';
import type { Section, ShardFile } from '../shard/file.ts';

/** A row of the table in kernel memory: address, bytes, side, encoding (uint32 each). */
const rowBytes = 16;

/** The keys of one bucket and side in one file. */
interface Piece {
  readonly bucket: number;
  readonly file: string;
  readonly keys: number;
  readonly row: readonly [address: number, bytes: number, side: number, encoding: number];
}

export class PieceTable {
  /** Buckets that hold keys, ascending, and how many of each side: [background, foreground] pairs. */
  readonly buckets: Uint16Array;
  readonly counts: Float64Array;
  readonly #kernels: Kernels;
  readonly #pieces: readonly Piece[];
  /** Rank of the first piece of each bucket, and the number of pieces. */
  readonly #starts: Uint32Array;
  readonly #address: number;

  /** Reads buckets [first, end) of a class of all files into regions of `layout`. */
  constructor(
    kernels: Kernels,
    layout: Layout,
    files: Iterable<ShardFile>,
    classIndex: number,
    first: number,
    end: number,
  ) {
    this.#kernels = kernels;
    const pieces: Piece[] = [];
    for (const file of files) {
      for (const side of [0, 1] as const) {
        const section = file.section(classIndex, side);
        if (section) readSection(kernels, layout, file, section, first, end, pieces);
      }
    }
    // Stable, so that the pieces of a bucket stay in the order of their places in memory.
    this.#pieces = pieces.sort((a, b) => a.bucket - b.bucket);
    const starts: number[] = [];
    pieces.forEach(({ bucket }, rank) => {
      if (rank === 0 || pieces[rank - 1]!.bucket !== bucket) starts.push(rank);
    });
    this.buckets = Uint16Array.from(starts, (rank) => pieces[rank]!.bucket);
    this.counts = new Float64Array(2 * starts.length);
    this.#starts = Uint32Array.of(...starts, pieces.length);
    this.#address = layout.region(rowBytes * pieces.length);
    const rows = new Uint32Array(kernels.memory.buffer, this.#address, 4 * pieces.length);
    let at = -1;
    pieces.forEach(({ row, keys }, rank) => {
      rows.set(row, 4 * rank);
      if (rank === starts[at + 1]) at++;
      this.counts[2 * at + row[2]]! += keys;
    });
  }

  /**
   * Adds the keys of the bucket at `rank` into cells of uint32 (`wide` 0) or uint64 (1).
   * @throws PartialError naming the file whose keys are not what its directory says
   */
  add(rank: number, cells: number, bitmap: number, wide: 0 | 1): void {
    const first = this.#starts[rank]!;
    const end = this.#starts[rank + 1]!;
    const added = this.#addRows(first, end, cells, bitmap, wide);
    if (added !== this.counts[2 * rank]! + this.counts[2 * rank + 1]!)
      this.#blame(first, end, cells, bitmap, wide);
  }

  #addRows(first: number, end: number, cells: number, bitmap: number, wide: 0 | 1): number {
    return this.#kernels.addPieces(this.#address + rowBytes * first, end - first, cells, bitmap, wide);
  }

  #blame(first: number, end: number, cells: number, bitmap: number, wide: 0 | 1): never {
    for (let rank = first; rank < end; rank++) {
      const { file, keys } = this.#pieces[rank]!;
      if (this.#addRows(rank, rank + 1, cells, bitmap, wide) === keys) continue;
      throw new PartialError(
        'shard-corrupt',
        `${file}: a bucket does not hold the keys that its directory lists`,
        { file },
      );
    }
    throw new PartialError('shard-corrupt', 'a bucket does not hold the keys that its directories list');
  }
}

function readSection(
  kernels: Kernels,
  layout: Layout,
  file: ShardFile,
  section: Section,
  first: number,
  end: number,
  pieces: Piece[],
): void {
  const span = file.span(section, first, end);
  if (span.bytes === 0) return;
  const address = layout.region(span.bytes);
  file.readSpan(section, span, new Uint8Array(kernels.memory.buffer, address, span.bytes));
  const start = address - span.offset;
  for (const block of span.blocks) {
    eachBucket(block, (bucket, encoding, keys, offset, bytes) => {
      if (bucket < first || bucket >= end) return;
      pieces.push({ bucket, file: file.path, keys, row: [start + offset, bytes, section.side, encoding] });
    });
  }
}
