import { inputFault } from '../faults.ts';
import type { VolumeHeader } from '../types.ts';
import type { AxisMapping } from './axis-mapping.ts';
import { identityMapping } from './axis-mapping.ts';
import { compareGeometry } from './compare.ts';

export interface GeometryOptions {
  /** How far apart any corner of the two volumes may land, in mm. */
  readonly toleranceMm: number;
  /** Accept axis flips and permutations of one grid; voxels are then moved, never interpolated. */
  readonly reorient: boolean;
  readonly caseId?: string;
}

/**
 * The gate for geometry: returns how the prediction's axes map to the reference's (the identity for the same grid).
 * @throws InputError `geometry-mismatch` that names every difference with its mm, and what to do.
 */
export function checkGeometry(
  prediction: VolumeHeader,
  reference: VolumeHeader,
  options: GeometryOptions,
): AxisMapping {
  const { toleranceMm, reorient, caseId } = options;
  const comparison = compareGeometry(prediction, reference, toleranceMm);
  if (comparison.kind === 'same') return identityMapping;
  if (comparison.kind === 'reorientable' && reorient) return comparison.mapping;
  const advice =
    comparison.kind === 'reorientable'
      ? 'It is one grid stored in another axis order; --reorient accepts it without interpolation.'
      : 'Resample or export the prediction on the grid of its reference.';
  const message =
    `${caseId === undefined ? '' : `case ${caseId}: `}${prediction.path} is not on the grid of ${reference.path}: ` +
    `${comparison.differences.map((each) => each.text).join('; ')}. Tolerance ${toleranceMm} mm. ${advice}`;
  const place = { file: prediction.path, field: 'affine' };
  throw inputFault('geometry-mismatch', message, caseId === undefined ? place : { ...place, caseId });
}
