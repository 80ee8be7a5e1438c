import { InputError } from '../errors.ts';
import type { Kernels, Layout } from '../kernels/kernels.ts';
import { bucketCount as codeCount } from '../shard/directory.ts';
import type { Tally } from '../tally/tally.ts';
import type { TileRegions } from './memory.ts';

/** Reference labels times predicted labels, in a tile and in a case. */
const maxCells = 2 ** 22;

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

  /** [reference label, predicted label, voxels], sorted, of `count` voxels whose codes stand at two addresses. */
  count(referenceCodes: number, predictionCodes: number, count: number): Tally['confusion'] {
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
    this.#kernels.countPairs(referenceCodes, predictionCodes, count, row, column, predictions.length, counts);
    const confusion: [number, number, number][] = [];
    references.forEach((reference, r) => {
      predictions.forEach((prediction, c) => {
        const voxels = table[r * predictions.length + c]!;
        if (voxels > 0) confusion.push([reference, prediction, voxels]);
      });
    });
    return confusion;
  }

  /** The codes that occur, ascending; their ranks are written to the table at `ranks`. */
  #rankCodes(codes: number, count: number, ranks: number): number[] {
    const { lut } = this.#regions;
    const marks = new Uint8Array(this.#kernels.memory.buffer, lut, codeCount).fill(0);
    this.#kernels.markCodes(codes, count, lut);
    const table = new Uint16Array(this.#kernels.memory.buffer, ranks, codeCount);
    const found: number[] = [];
    marks.forEach((mark, code) => {
      if (!mark) return;
      table[code] = found.length;
      found.push(code);
    });
    return found;
  }
}
