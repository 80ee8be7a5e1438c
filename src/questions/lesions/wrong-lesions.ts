/** The lesions of one case that were missed or invented, the largest first: what a viewer leads to. No volume is read. */
import type { Vec3 } from '../../base/box.ts';
import { lesionsOf } from '../../results/shapes/lesion-list.ts';
import { readOutcome } from '../../run/case-outcome.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import { readStoredShapes } from '../../run/shapes.ts';

export interface WrongLesion {
  readonly case: string;
  readonly class: string;
  readonly kind: 'missed' | 'invented';
  /** By first voxel among the components of its mask, from 1 on. */
  readonly number: number;
  /** The voxel nearest to its centre of mass, `[x, y, z]` from 0 on; of a hollow lesion it may lie outside of it. */
  readonly voxel: Vec3;
  /** Lowest and highest voxel along each axis. */
  readonly first: Vec3;
  readonly last: Vec3;
  readonly voxels: number;
  readonly ml: number;
}

/**
 * Those of a class, by default of all; none of a case without a score; undefined where the run did not look for lesions. Lesions of one size are in the order
 * of classes and numbers.
 * @throws PartialError where what the run kept of the case is gone or damaged
 */
export function wrongLesions(
  folder: RunFolder,
  caseIndex: number,
  className?: string,
): WrongLesion[] | undefined {
  const { shapes } = folder.readSettings();
  if (!shapes?.lesions) return undefined;
  const { id } = folder.readCases()[caseIndex]!;
  const outcome = readOutcome(folder, caseIndex);
  if (outcome.status !== 'ok') return [];
  const stored = readStoredShapes(
    folder,
    outcome,
    className === undefined ? undefined : new Set([className]),
  );
  const wrong = lesionsOf(id, stored, shapes).flatMap((lesion): WrongLesion[] => {
    const { status, centreVoxel, low, high, number, voxels, ml } = lesion;
    if (status !== 'missed' && status !== 'invented') return [];
    const place = { voxel: centreVoxel, first: low, last: high };
    return [{ case: id, class: lesion.class, kind: status, number, ...place, voxels, ml }];
  });
  return wrong.sort((a, b) => b.ml - a.ml);
}
