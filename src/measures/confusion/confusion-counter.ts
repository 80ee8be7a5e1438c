import { InputError } from '../../base/errors.ts';
import type { Kernels, Layout } from '../../kernels/kernels.ts';
import { bucketCount as codeCount } from '../sorted-errors/shard/directory.ts';
import type { Tally } from '../tally/tally.ts';
import type { TileRegions } from '../tile/memory.ts';

/** Reference labels times predicted labels, in a tile and in a case. */
const maxCells = 2 ** 22;

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

/** Refuses label maps of more labels than a confusion matrix is kept for; alike for any tiling. @throws InputError */
export function checkLabelCounts(references: number, predictions: number): void {
  if (references * predictions <= maxCells) return;
  throw new InputError(
    'too-many-labels',
    `reference and prediction hold so many labels that a confusion matrix has more than ${maxCells} cells; check that both are label maps`,
  );
}

/** `checkLabelCounts` of a whole case. */
export function checkConfusion(confusion: Tally['confusion']): void {
  checkLabelCounts(
    new Set(confusion.map(([reference]) => reference)).size,
    new Set(confusion.map(([, prediction]) => prediction)).size,
  );
}

/** Counts predicted labels against reference labels, whatever labels there are, in kernel memory. */
export class ConfusionCounter {
  readonly #kernels: Kernels;
  readonly #layout: Layout;
  readonly #regions: TileRegions;
  /** Room for the largest matrix, made once: most label maps never need it. */
  #largeCounts: number | undefined;

  constructor(kernels: Kernels, layout: Layout, regions: TileRegions) {
    this.#kernels = kernels;
    this.#layout = layout;
    this.#regions = regions;
  }

  /** Counts voxels whose codes stand at two addresses, `slabs` of them behind each other. */
  count(referenceCodes: number, predictionCodes: number, slabs: readonly number[]): LabelPairs {
    const count = slabs.reduce((sum, voxels) => sum + voxels, 0);
    const { ranks, scratch } = this.#regions;
    const row = ranks;
    const column = ranks + 2 * codeCount;
    const references = this.#rankCodes(referenceCodes, count, row);
    const predictions = this.#rankCodes(predictionCodes, count, column);
    checkLabelCounts(references.length, predictions.length);
    const cells = references.length * predictions.length;
    if (4 * cells > 12 * codeCount) this.#largeCounts ??= this.#layout.region(4 * maxCells);
    const counts = 4 * cells > 12 * codeCount ? this.#largeCounts! : scratch;
    const table = new Uint32Array(this.#kernels.memory.buffer, counts, cells).fill(0);
    const bySlab = slabs.length > 1 && slabs.length * cells <= maxSlabCells(count);
    const tables: Uint32Array[] = [];
    let at = 0;
    for (const voxels of bySlab ? slabs : [count]) {
      const [reference, prediction] = [referenceCodes + 2 * at, predictionCodes + 2 * at];
      this.#kernels.countPairs(reference, prediction, voxels, row, column, predictions.length, counts);
      if (bySlab) tables.push(table.slice());
      at += voxels;
    }
    const confusion: [number, number, number][] = [];
    const found: number[] = [];
    references.forEach((reference, r) => {
      predictions.forEach((prediction, c) => {
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
