/** What the rows see of a tile: its place, its voxels in kernel memory, and what several rows take from one pass over them. */
import type { Box } from '../../base/box.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import type { LabelPairs } from '../confusion/confusion-counter.ts';
import type { ClassPass } from './class-pass.ts';
import type { LabelCodes } from './label-codes.ts';
import type { TileRegions } from './memory.ts';

export interface TileView {
  readonly kernels: Kernels;
  readonly settings: RunSettings;
  readonly regions: TileRegions;
  readonly box: Box;
  /** What the codes of labels stand for in this tile. */
  readonly codes: LabelCodes;
  /** Voxels as stored, and those that are left once the ignored ones are gone. */
  readonly stored: number;
  readonly voxels: number;
  /** Voxels left of each slab: parts of the tile behind each other, by which its errors are listed. */
  readonly slabs: readonly number[];
  /** Gives all voxels their predicted labels (`regions.labels`), where the run has any: for `TileMeter.whole`. */
  decideWhole(): void;
  /** Pairs of reference and predicted labels, of label maps also by slab; counted once, whoever asks. */
  pairs(): LabelPairs;
  /** Σ -log p of the labels' channels. */
  crossEntropy(): { readonly voxels: number; readonly sum: bigint };
}

/** One class: float32 scores and a mask byte (1 on foreground) for each voxel that is left. */
export interface ClassView {
  readonly tile: TileView;
  /** Place of the class in the settings. */
  readonly index: number;
  readonly scores: number;
  readonly mask: number;
  /** 1 where the scores are logits, 0 where they are probabilities. */
  readonly logit: 0 | 1;
  /** Counts and sums of the class; made in one pass over the voxels, whoever asks. */
  readonly sums: ClassPass;
}
