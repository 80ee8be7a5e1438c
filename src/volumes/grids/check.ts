import { inputFault } from '../faults.ts';
import type { VolumeHeader } from '../types.ts';
import type { AxisMapping } from './axis-mapping.ts';
import { identityMapping } from './axis-mapping.ts';
import { compareGeometry, type GeometryComparison } from './compare.ts';

/** The largest that the setting may be. */
export const largestToleranceMm = 10;

export interface GeometryOptions {
  /** The setting `geometryToleranceMm`: how far apart any corner of the two volumes may land (see `compareGeometry`). */
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
  const message =
    `${caseId === undefined ? '' : `case ${caseId}: `}${prediction.path} is not on the grid of ${reference.path}: ` +
    `${comparison.differences.map((each) => each.text).join('; ')}. ${advice(comparison, reference, toleranceMm)}`;
  const place = { file: prediction.path, field: 'affine' };
  throw inputFault('geometry-mismatch', message, caseId === undefined ? place : { ...place, caseId });
}

type Refused = Exclude<GeometryComparison, { kind: 'same' }>;

/** What to do about grids that differ, with the setting's value that would accept them where one can. */
function advice(comparison: Refused, { spacingMm }: VolumeHeader, toleranceMm: number): string {
  if (comparison.kind === 'reorientable') {
    return 'It is one grid stored in another axis order; --reorient accepts it without interpolation.';
  }
  const resample = 'Resample or export the prediction on the grid of its reference.';
  if (comparison.corners === undefined) return resample;
  const { mm: cornersMm, allowedMm } = comparison.corners;
  const storage =
    toleranceMm === allowedMm ? '' : ` and ${digits(allowedMm)} mm with what a qform cannot hold`;
  const measured =
    `Corners of the volumes are up to ${digits(cornersMm)} mm apart, and geometryToleranceMm allows ` +
    `${toleranceMm} mm${storage}.`;
  const needed = roundedUp(cornersMm);
  if (needed > largestToleranceMm) return `${measured} ${resample}`;
  const flag = `--geometry-tolerance-mm ${needed}`;
  return cornersMm < Math.min(...spacingMm) / 2
    ? `${measured} If they are one grid, ${flag} accepts it; otherwise resample or export the prediction again.`
    : `${measured} ${resample} ${flag} would accept it, and compare voxels that lie that far apart.`;
}

function digits(mm: number): string {
  return String(Number(mm.toPrecision(3)));
}

/** To two digits, never below. */
function roundedUp(mm: number): number {
  const unit = 10 ** (Math.floor(Math.log10(mm)) - 1);
  return Number((Math.ceil(mm / unit) * unit).toPrecision(2));
}
