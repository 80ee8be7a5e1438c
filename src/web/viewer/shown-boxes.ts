/** The boxes with the most error of a case, as the page of the case lists them. */

import type { Box, Vec3 } from '../../base/box.ts';
import { PartialError } from '../../base/errors.ts';
import { boxesOf, middle, worldOf } from '../../questions/errors/worst-boxes.ts';
import { readCaseErrors } from '../../run/box-errors/case-errors.ts';
import type { RunFolder } from '../../run/run-folder.ts';

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
