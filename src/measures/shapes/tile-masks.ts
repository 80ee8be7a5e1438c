/** The masks of a tile: runs of each label of the reference and of the prediction, or of each class where scores decide. */
import type { Box } from '../../base/box.ts';
import type { Label } from '../../base/label.ts';

/** `ignored`: voxels that are left out of both. Classes of scores go by their index, those of label maps by label. */
export const maskSides = ['reference', 'prediction', 'ignored'] as const;
export type MaskSide = (typeof maskSides)[number];

/** The runs of one mask in one tile (masks/tile-runs.ts). */
export interface TileMask {
  readonly side: MaskSide;
  readonly key: Label;
  readonly bytes: Uint8Array;
}

/** A tile's masks and where it lies. */
export interface TileMasks {
  readonly box: Box;
  readonly masks: readonly TileMask[];
}
