/** The errors of a case by box, as they are listed. */
import type { Vec3 } from '../../base/box.ts';

/** The errors of one class: columns over the boxes that hold any of its foreground or errors, ascending. */
export interface ClassErrors {
  readonly name: string;
  /** Places in the grid of boxes, x fastest. */
  readonly box: readonly number[];
  /** Voxels of the reference. */
  readonly foreground: readonly number[];
  /** Voxels above the threshold that are none of the class, and voxels of the class that are not above it. */
  readonly fp: readonly number[];
  readonly fn: readonly number[];
  /** Sums of p over background and of 1 - p over foreground, in voxels; none where predictions are labels. */
  readonly softFp?: readonly number[];
  readonly softFn?: readonly number[];
}

export interface BoxErrors {
  /** `[x, y, z]` of a box (boxes.ts), cut off at the volume's end. */
  readonly boxShape: Vec3;
  /** Voxels scored in each box. */
  readonly voxels: readonly number[];
  readonly classes: readonly ClassErrors[];
}
