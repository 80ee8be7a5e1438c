/**
 * Merges a range of buckets of one class over any number of shard files, by counting: adds the Lovász sums of each
 * bucket, writes the merged runs, or both. Memory is bounded by the range, not by the files.
 */
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import { Pieces } from './pieces.ts';
import { bucketCount, runs } from './shard/directory.ts';
import type { SectionContent, ShardFile } from './shard/file.ts';

/** Buckets [first, end) of one class. */
export interface BucketRange {
  readonly class: number;
  readonly first: number;
  readonly end: number;
}

/** What the Lovász sums of a range need to know of the rest. */
export interface RangeContext {
  readonly logit: boolean;
  /** Foreground voxels of the whole. */
  readonly total: number;
  /** Voxels of each side with a larger error than any of the range. */
  readonly foregroundAbove: number;
  readonly backgroundAbove: number;
}

/** The Lovász sums of a bucket, each with its compensation. */
export interface BucketSums {
  readonly bucket: number;
  readonly softmax: readonly [sum: number, compensation: number];
  readonly hinge: readonly [sum: number, compensation: number];
}

export interface MergedRange {
  readonly sums: readonly BucketSums[];
  readonly sections: readonly SectionContent[];
}

/** Runs of 65536 cells take at most this. */
const maxRunBytes = 12 * bucketCount;
const narrowLimit = 2 ** 32;

export class Merger {
  readonly #kernels: Kernels;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** @throws PartialError when a file does not hold what its directory says. */
  merge(
    files: Iterable<ShardFile>,
    range: BucketRange,
    context: RangeContext | null,
    write: boolean,
  ): MergedRange {
    const layout = new Layout(this.#kernels.memory);
    const cells = layout.region(16 * bucketCount);
    const bitmap = layout.region(8192);
    const runBuffer = layout.region(maxRunBytes);
    const out = layout.region(64);
    this.#view(cells, 16 * bucketCount).fill(0);
    this.#view(bitmap, 8192).fill(0);
    const pieces = new Pieces(this.#kernels, layout, range.first, range.end);
    for (const file of files) {
      for (const side of [0, 1] as const) {
        const section = file.section(range.class, side);
        if (section) pieces.read(file, section);
      }
    }
    pieces.list();

    const sums: BucketSums[] = [];
    const written = [new SectionBuilder(range.class, 0), new SectionBuilder(range.class, 1)] as const;
    let above = countAbove(pieces, range, context);
    for (let bucket = range.first; bucket < range.end; bucket++) {
      const counts = [pieces.keys(bucket, 0), pieces.keys(bucket, 1)] as const;
      const keys = counts[0] + counts[1];
      if (keys === 0) continue;
      above = { foreground: above.foreground - counts[1], background: above.background - counts[0] };
      const wide = keys >= narrowLimit ? 1 : 0;
      pieces.add(bucket, cells, bitmap, wide);
      if (context) {
        this.#kernels.evaluateCells(
          cells,
          bitmap,
          wide,
          bucket,
          context.logit ? 1 : 0,
          context.total,
          above.foreground,
          above.background,
          out,
        );
        const values = new Float64Array(this.#kernels.memory.buffer, out, 4);
        sums.push({ bucket, softmax: [values[0]!, values[2]!], hinge: [values[1]!, values[3]!] });
      }
      if (write) {
        for (const side of [0, 1] as const) {
          if (counts[side] === 0) continue;
          const bytes = this.#kernels.encodeCells(cells, bitmap, side, wide, runBuffer);
          written[side].add(bucket, counts[side], this.#view(runBuffer, bytes));
        }
      }
      if (wide) this.#kernels.clearCells64(cells, bitmap);
      else this.#kernels.clearCells32(cells, bitmap);
    }
    return { sums, sections: write ? written.map((builder) => builder.finish()) : [] };
  }

  #view(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#kernels.memory.buffer, address, bytes);
  }
}

/** Voxels of each side with at least the errors of the range: those above it and its own. */
function countAbove(pieces: Pieces, { first, end }: BucketRange, context: RangeContext | null) {
  let foreground = context?.foregroundAbove ?? 0;
  let background = context?.backgroundAbove ?? 0;
  for (let bucket = first; bucket < end; bucket++) {
    background += pieces.keys(bucket, 0);
    foreground += pieces.keys(bucket, 1);
  }
  return { foreground, background };
}

/** Gathers the merged buckets of one side. */
class SectionBuilder {
  readonly #class: number;
  readonly #side: 0 | 1;
  readonly #entries: number[] = [];
  readonly #payloads: Uint8Array[] = [];

  constructor(classIndex: number, side: 0 | 1) {
    this.#class = classIndex;
    this.#side = side;
  }

  add(bucket: number, keys: number, payload: Uint8Array): void {
    this.#entries.push(bucket, runs, keys, payload.length);
    this.#payloads.push(payload.slice());
  }

  finish(): SectionContent {
    return {
      class: this.#class,
      side: this.#side,
      entries: this.#entries,
      entryCount: this.#payloads.length,
      payload: Buffer.concat(this.#payloads),
    };
  }
}
