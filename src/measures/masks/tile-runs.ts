/**
 * The runs of each label of a tile: what a tile contributes to everything that is asked of shapes (borders, components).
 * Runs need no neighbours, so tiles need no rim; the runs of neighbouring tiles are united by `mergeTiles`.
 */
import type { Kernels } from '../../kernels/kernels.ts';

/** Runs of one label in a tile: varint(gap), varint(length - 1) in the order of the tile's voxels. */
export interface LabelRuns {
  readonly label: number;
  readonly runs: number;
  readonly voxels: number;
  readonly bytes: Uint8Array;
}

/** Voxels of a piece that the kernel takes at once. */
const pieceVoxels = 65536;
const tableBytes = 28 * pieceVoxels;
const endsOffset = 4 * pieceVoxels;
/** A run takes at most 8 bytes, and no piece has more runs than voxels. */
const outBytes = 8 * pieceVoxels;
const rowBytes = 16 * pieceVoxels;

/** Collects runs in kernel memory. One per thread; results are copies. */
export class RunCollector {
  readonly #kernels: Kernels;
  readonly #tables: number;
  readonly #out: number;
  readonly #rows: number;

  /** `address`: of `collectorBytes` bytes of kernel memory. */
  constructor(kernels: Kernels, address: number) {
    this.#kernels = kernels;
    this.#tables = address;
    this.#out = address + tableBytes;
    this.#rows = address + tableBytes + outBytes;
    this.#bytes(this.#tables, tableBytes).fill(0);
  }

  /** Runs of all labels above 0 among `count` 16-bit codes at an address, by ascending label. */
  collect(codes: number, count: number): LabelRuns[] {
    this.#bytes(this.#tables + endsOffset, 4 * pieceVoxels).fill(0);
    const found = new Map<number, Growing>();
    for (let base = 0; base < count; base += pieceVoxels) {
      const voxels = Math.min(pieceVoxels, count - base);
      const labels = this.#kernels.encodeLabelRuns(
        codes + 2 * base,
        voxels,
        base,
        this.#tables,
        this.#out,
        this.#rows,
      );
      const rows = new Uint32Array(this.#kernels.memory.buffer, this.#rows, 4 * labels);
      let at = this.#out;
      for (let i = 0; i < rows.length; i += 4) {
        const label = rows[i]!;
        const bytes = rows[i + 1]!;
        let growing = found.get(label);
        if (growing === undefined) {
          growing = new Growing();
          found.set(label, growing);
        }
        growing.append(this.#bytes(at, bytes), rows[i + 2]!, rows[i + 3]!);
        at += bytes;
      }
    }
    return [...found]
      .sort(([a], [b]) => a - b)
      .map(([label, { runs, voxels, bytes }]) => ({ label, runs, voxels, bytes }));
  }

  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#kernels.memory.buffer, address, length);
  }
}

/** Bytes of kernel memory that collecting takes. */
export const collectorBytes = tableBytes + outBytes + rowBytes;

class Growing {
  runs = 0;
  voxels = 0;
  #buffer = new Uint8Array(256);
  #length = 0;

  append(bytes: Uint8Array, runs: number, voxels: number): void {
    this.runs += runs;
    this.voxels += voxels;
    const needed = this.#length + bytes.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(2 * needed);
      larger.set(this.bytes);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = needed;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}
