import type { LabelPair } from '../../base/class-sums.ts';
import { InputError } from '../../base/errors.ts';
import type { Label } from '../../base/label.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { bucketCount as codeCount } from '../sorted-errors/shard/directory.ts';
import type { Tally } from '../tally/tally.ts';
import type { LabelCodes } from '../tile/label-codes.ts';
import type { TileRegions } from '../tile/memory.ts';

/** Pairs of labels that occur, in a tile and in a case. */
const maxPairs = 2 ** 22;

/** Cells of a table with a cell for each pair of labels; with more, only the pairs that occur are counted. */
const maxCells = (12 * codeCount) / 4;
/** Voxels whose pairs are sorted at once, in the memory of that table. */
const sortedVoxels = 2 ** 16;

/**
 * Slabs times cells, and times the pairs that occur, for which a tile is counted by slab: a copy of all cells and some
 * additions a pair must cost little beside the voxels.
 */
const maxSlabCells = (voxels: number) => 2 ** 14 + voxels / 4;
const maxSlabPairs = (voxels: number) => 2 ** 12 + voxels / 64;

export interface LabelPairs {
  /** [reference label, predicted label, voxels], sorted. */
  readonly confusion: Tally['confusion'];
  /** For each slab the voxels of each pair of `confusion`; empty where there are too many for that. */
  readonly slabs: readonly Uint32Array[];
}

/** Refuses what are no label maps; alike for any tiling. @throws InputError */
export function checkPairs(pairs: number): void {
  if (pairs <= maxPairs) return;
  throw new InputError(
    'too-many-labels',
    `reference and prediction hold more than ${maxPairs} different pairs of labels; check that both are label maps`,
  );
}

/** Counts predicted labels against reference labels, in kernel memory, at a cost of voxels plus pairs that occur. */
export class ConfusionCounter {
  readonly #kernels: Kernels;
  readonly #regions: TileRegions;

  constructor(kernels: Kernels, regions: TileRegions) {
    this.#kernels = kernels;
    this.#regions = regions;
  }

  /** Counts voxels whose codes stand at two addresses, `slabs` of them behind each other. `codes`: what they stand for. */
  count(
    referenceCodes: number,
    predictionCodes: number,
    slabs: readonly number[],
    codes: LabelCodes,
  ): LabelPairs {
    const count = slabs.reduce((sum, voxels) => sum + voxels, 0);
    const { ranks, scratch } = this.#regions;
    const row = ranks;
    const column = ranks + 2 * codeCount;
    const references = this.#rankCodes(referenceCodes, count, row);
    const predictions = this.#rankCodes(predictionCodes, count, column);
    const labels = [references, predictions].map((side) => side.map((code) => codes.labelOf(code)));
    const [referenceLabels, predictionLabels] = labels as [Label[], Label[]];
    const cells = references.length * predictions.length;
    if (cells > maxCells) {
      const found = this.#countOccurring(referenceCodes, predictionCodes, count, predictions.length);
      const confusion = [...found.keys()].sort((a, b) => a - b);
      return {
        confusion: confusion.map((cell) => [
          referenceLabels[Math.floor(cell / predictions.length)]!,
          predictionLabels[cell % predictions.length]!,
          found.get(cell)!,
        ]),
        slabs: [],
      };
    }
    const table = new Uint32Array(this.#kernels.memory.buffer, scratch, cells).fill(0);
    const bySlab = slabs.length > 1 && slabs.length * cells <= maxSlabCells(count);
    const tables: Uint32Array[] = [];
    let at = 0;
    for (const voxels of bySlab ? slabs : [count]) {
      const [reference, prediction] = [referenceCodes + 2 * at, predictionCodes + 2 * at];
      this.#kernels.countPairs(reference, prediction, voxels, row, column, predictions.length, scratch);
      if (bySlab) tables.push(table.slice());
      at += voxels;
    }
    const confusion: LabelPair[] = [];
    const found: number[] = [];
    referenceLabels.forEach((reference, r) => {
      predictionLabels.forEach((prediction, c) => {
        const cell = r * predictions.length + c;
        const voxels = table[cell]!;
        if (voxels === 0) return;
        confusion.push([reference, prediction, voxels]);
        found.push(cell);
      });
    });
    if (slabs.length * found.length > maxSlabPairs(count)) return { confusion, slabs: [] };
    return { confusion, slabs: tables.map((own, slab) => countsSince(tables[slab - 1], own, found)) };
  }

  /** Voxels by the place of their pair in a table of `columns` columns, of the pairs that occur. */
  #countOccurring(
    referenceCodes: number,
    predictionCodes: number,
    count: number,
    columns: number,
  ): Map<number, number> {
    const { buffer } = this.#kernels.memory;
    const { ranks, scratch } = this.#regions;
    const reference = new Uint16Array(buffer, referenceCodes, count);
    const prediction = new Uint16Array(buffer, predictionCodes, count);
    const row = new Uint16Array(buffer, ranks, codeCount);
    const column = new Uint16Array(buffer, ranks + 2 * codeCount, codeCount);
    const keys = new Uint32Array(buffer, scratch, sortedVoxels);
    const found = new Map<number, number>();
    for (let start = 0; start < count; start += sortedVoxels) {
      const length = Math.min(sortedVoxels, count - start);
      for (let i = 0; i < length; i++) {
        keys[i] = row[reference[start + i]!]! * columns + column[prediction[start + i]!]!;
      }
      const sorted = keys.subarray(0, length).sort();
      for (let first = 0; first < length; ) {
        const key = sorted[first]!;
        let end = first + 1;
        while (end < length && sorted[end] === key) end++;
        found.set(key, (found.get(key) ?? 0) + end - first);
        first = end;
      }
      checkPairs(found.size);
    }
    return found;
  }

  /** The codes that occur, ascending; their ranks are written to the table at `ranks`. */
  #rankCodes(codes: number, count: number, ranks: number): number[] {
    const { lut } = this.#regions;
    const marks = new Uint8Array(this.#kernels.memory.buffer, lut, codeCount).fill(0);
    this.#kernels.markCodes(codes, count, lut);
    const table = new Uint16Array(this.#kernels.memory.buffer, ranks, codeCount);
    const found: number[] = [];
    for (let code = marks.indexOf(1); code >= 0; code = marks.indexOf(1, code + 1)) {
      table[code] = found.length;
      found.push(code);
    }
    return found;
  }
}

/** What came to the counts of some cells between two times. */
function countsSince(
  before: Uint32Array | undefined,
  now: Uint32Array,
  cells: readonly number[],
): Uint32Array {
  const counts = new Uint32Array(cells.length);
  for (let i = 0; i < cells.length; i++) counts[i] = now[cells[i]!]! - (before ? before[cells[i]!]! : 0);
  return counts;
}
