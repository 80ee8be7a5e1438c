/** What a thread holds of the case that it scores: its files, and the kernel memory laid out for its tiles. */
import { type Box, voxelCount } from '../base/box.ts';
import { type TileGrid, tileGrid } from '../base/tile-grid.ts';
import { type KernelCode, type Kernels, loadKernels } from '../kernels/kernels.ts';
import { slabBoxes, slabsOf } from '../measures/box-errors/boxes.ts';
import type { Encoding } from '../measures/tile/encoding.ts';
import { TileScorer, type TileScores, type WriteRowShard } from '../measures/tile/tile-scorer.ts';
import { type CasePlan, channelHeaders } from '../run/plan/case-plan.ts';
import { isFatal } from '../run/tile-partial.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { CaseBoxes } from '../volumes/case-reader.ts';
import type { VolumeHeader } from '../volumes/types.ts';

/** Kept for the next tile of the same plan: of the same files, settings, tiles and start of the run. */
export interface OpenCase {
  readonly plan: CasePlan;
  /** The boxes by which its errors are listed, where they are thinner than tiles. */
  readonly slabGrid: TileGrid | undefined;
  readonly scorer: TileScorer;
  /** Null where the tiles of the case are not read from raw files. */
  readonly files: CaseBoxes | null;
}

export class CaseBench {
  readonly #kernelCode: KernelCode;
  #kernels: Kernels | undefined;
  #open: OpenCase | undefined;
  /** The scorer that the kernel memory is laid out for, and the kind of files that it takes; of one run's settings. */
  #scorer: { readonly kind: string; readonly scorer: TileScorer } | undefined;

  constructor(kernelCode: KernelCode) {
    this.#kernelCode = kernelCode;
  }

  /** For who lays their memory out anew: what was in it is given up. */
  takeKernels(): Kernels {
    this.leave();
    return this.#loaded;
  }

  get #loaded(): Kernels {
    this.#kernels ??= loadKernels(this.#kernelCode);
    return this.#kernels;
  }

  get open(): OpenCase | undefined {
    return this.#open;
  }

  enter(plan: CasePlan, settings: RunSettings): OpenCase {
    this.close();
    this.#open = {
      plan,
      slabGrid: slabBoxes(plan, settings.classes.length),
      scorer: this.#scorerFor(plan, settings),
      files: plan.mode === 'tiles' ? new CaseBoxes(plan) : null,
    };
    return this.#open;
  }

  /** The scorer of the case before, where files and tiles are of the same kind: its tables stay. */
  #scorerFor({ predictions, reference, shape, tileShape }: CasePlan, settings: RunSettings): TileScorer {
    const encodings = [...channelHeaders(predictions), reference].map(encodingOf);
    const kind = JSON.stringify([encodings, shape, tileShape]);
    if (this.#scorer?.kind !== kind) {
      const input = { predictions: encodings.slice(0, -1), reference: encodings.at(-1)!, shape };
      const voxels = voxelCount(tileGrid(shape, tileShape).tileShape);
      this.#scorer = { kind, scorer: new TileScorer(this.#loaded, settings, input, voxels) };
    }
    return this.#scorer.scorer;
  }

  /** Scores the tile whose bytes are there. `oneTile`: it is the whole case, and rows may be finished with it. */
  score(open: OpenCase, box: Box, oneTile?: WriteRowShard): TileScores {
    // What is interrupted, or must not be scored, may leave something of it behind: no other case is scored with it.
    const scorer = this.#scorer;
    this.#scorer = undefined;
    const scores = open.scorer.score(box, slabsOf(open.slabGrid, box), oneTile);
    if (!isFatal(scores.gate)) this.#scorer = scorer;
    return scores;
  }

  /** Closes the files. */
  close(): void {
    this.#open?.files?.close();
    this.#open = undefined;
  }

  /** Gives up the kernel memory as well. */
  leave(): void {
    this.close();
    this.#scorer = undefined;
  }
}

function encodingOf({ datatype, littleEndian, slope, intercept }: VolumeHeader): Encoding {
  return { datatype, littleEndian, slope, intercept };
}
