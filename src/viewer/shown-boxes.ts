/** The boxes with the most error of a case, as the page of the case lists them. */
import { PartialError } from '../errors.ts';
import type { RunFolder } from '../run/run-folder.ts';
import { readCaseErrors } from '../tile-errors/case-errors.ts';
import { boxesOf, middle, worldOf } from '../tile-errors/worst-boxes.ts';
import type { Box, Vec3 } from '../voxel/box.ts';

export interface ShownBox {
  /** In voxels of the reference. */
  readonly box: Box;
  /** Its middle by the affine with which the volumes are shown. */
  readonly mm: Vec3;
  /** Share in the error of the class, from 0 to 1, and errors in voxels. */
  readonly share: number;
  readonly fp: number;
  readonly fn: number;
}

const mostShown = 12;

/** Worst first; none where the run left no list, or one box is the whole volume and so says nothing. */
export function shownBoxes(folder: RunFolder, caseIndex: number, className: string): ShownBox[] {
  try {
    const errors = readCaseErrors(folder, caseIndex);
    if (errors.voxels.length === 1) return [];
    const boxes = boxesOf(errors, '', { class: className, measure: 'soft' });
    const whole = boxes.reduce((sum, { error }) => sum + error, 0);
    return boxes
      .sort((a, b) => b.error - a.error)
      .slice(0, mostShown)
      .map(({ box, error, fp, fn }) => ({
        box,
        mm: worldOf(errors.affine, middle(box)),
        share: error / whole,
        fp,
        fn,
      }));
  } catch (error) {
    if (error instanceof PartialError) return [];
    throw error;
  }
}
