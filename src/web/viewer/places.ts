/** Places of a case that are worth a look, worst first: the page lists them and leads from one to the next. */

import { mapVec3, type Vec3 } from '../../base/box.ts';
import { PartialError } from '../../base/errors.ts';
import { voxelRanges } from '../../questions/errors/table.ts';
import { boxesOf } from '../../questions/errors/worst-boxes.ts';
import { wrongLesions } from '../../questions/lesions/wrong-lesions.ts';
import { readCaseErrors } from '../../run/box-errors/case-errors.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import { count, figure } from '../report/format.ts';

export interface Place {
  /** Where the crosshair goes, voxel `[x, y, z]` of the reference. */
  readonly voxel: Vec3;
  /** First and last voxel of the part that it stands for: the picture looks for the slice with the most error in it. */
  readonly first: Vec3;
  readonly last: Vec3;
  /** What stands out: a share, or a size. */
  readonly weight: string;
  readonly name: string;
  readonly detail: string;
}

export interface PlaceList {
  readonly title: string;
  /** What the list is of, in one sentence. */
  readonly basis: string;
  readonly places: readonly Place[];
}

const mostShown = 12;

/**
 * The lesions of a class that were missed or invented, the largest first, where the run looked for lesions and any were;
 * else the boxes with the most error.
 */
export function placesOf(folder: RunFolder, caseIndex: number, className: string): PlaceList | undefined {
  return wrongLesionPlaces(folder, caseIndex, className) ?? worstBoxPlaces(folder, caseIndex, className);
}

function wrongLesionPlaces(folder: RunFolder, caseIndex: number, className: string): PlaceList | undefined {
  try {
    const lesions = wrongLesions(folder, caseIndex, className) ?? [];
    if (lesions.length === 0) return undefined;
    const rest = lesions.length - mostShown;
    return {
      title: 'Missed and invented lesions',
      basis: `Missed: a lesion of the reference that no prediction touches; invented: one of the prediction that touches no reference.${rest > 0 ? ` And ${rest} smaller ones.` : ''}`,
      places: lesions.slice(0, mostShown).map(
        ({ voxel, first, last, kind, ml, voxels }): Place => ({
          voxel,
          first,
          last,
          weight: `${figure(ml)} ml`,
          name: kind,
          detail: `${count(voxels, 'voxel')} around [${voxel.join(', ')}]`,
        }),
      ),
    };
  } catch (error) {
    if (error instanceof PartialError) return undefined;
    throw error;
  }
}

/** The boxes with the most error of a class; none where the run left no list, or one box is the whole volume and so says nothing. */
function worstBoxPlaces(folder: RunFolder, caseIndex: number, className: string): PlaceList | undefined {
  try {
    const errors = readCaseErrors(folder, caseIndex);
    if (errors.voxels.length === 1) return undefined;
    const boxes = boxesOf(errors, '', { class: className, measure: 'hard' });
    const whole = boxes.reduce((sum, { error }) => sum + error, 0);
    if (whole === 0) return undefined;
    const places = boxes
      .sort((a, b) => b.error - a.error)
      .slice(0, mostShown)
      .map(({ box, error, fp, fn }): Place => {
        const last = mapVec3(box.origin, (first, axis) => first + box.shape[axis] - 1);
        return {
          voxel: mapVec3(box.origin, (first, axis) => (first + last[axis]) >> 1),
          first: box.origin,
          last,
          weight: `${((100 * error) / whole).toFixed(1)} %`,
          name: voxelRanges(box),
          detail: `extra ${figure(fp)}; missed ${figure(fn)}`,
        };
      });
    return {
      title: 'Boxes with the most error',
      basis: 'Share of the errors of the class; voxels along x, y, z; errors in voxels.',
      places,
    };
  } catch (error) {
    if (error instanceof PartialError) return undefined;
    throw error;
  }
}
