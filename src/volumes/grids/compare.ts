import type { Vec3 } from '../../base/box.ts';
import { columnLengths } from '../nifti/affine.ts';
import type { Affine, VolumeHeader } from '../types.ts';
import type { AxisMapping } from './axis-mapping.ts';
import { axisMappings, mappedAffine, mappedShape } from './axis-mapping.ts';

type Grid = Pick<VolumeHeader, 'shape' | 'affine' | 'affineSource'> &
  Partial<Pick<VolumeHeader, 'rotationErrorRad'>>;

/** One way in which two grids differ. */
export interface GridDifference {
  readonly kind: 'shape' | 'no-form' | 'permutation' | 'flip' | 'spacing' | 'rotation' | 'shift' | 'corners';
  /** How far voxels land from where they should, in mm, by this difference alone; at least 0. */
  readonly mm: number;
  /** One clause with the numbers, for messages. */
  readonly text: string;
}

export type GeometryComparison =
  /** The grids agree within the tolerance. */
  | { readonly kind: 'same' }
  /** One grid, stored in another axis order or direction: voxels can be moved, exactly. */
  | {
      readonly kind: 'reorientable';
      readonly mapping: AxisMapping;
      readonly differences: readonly GridDifference[];
    }
  | {
      readonly kind: 'different';
      readonly differences: readonly GridDifference[];
      /** Of grids of one shape. */
      readonly corners?: CornerDistance;
    };

/**
 * Compares two grids by where the corners of their volumes land, so that a rotation counts more the larger the
 * volume is, and no shift cancels another. Files with no form have voxel sizes only, and these are compared.
 * @param toleranceMm how far apart any corner may be, in mm
 */
export function compareGeometry(prediction: Grid, reference: Grid, toleranceMm: number): GeometryComparison {
  if (fits(axisMappings[0]!, prediction, reference, toleranceMm)) return { kind: 'same' };
  const differences = differencesOf(prediction, reference, toleranceMm);
  // A file with no form does not say its directions: that its axes could be turned to fit is not evidence.
  const placed = prediction.affineSource !== 'pixdim' && reference.affineSource !== 'pixdim';
  const mapping = placed && axisMappings.find((each) => fits(each, prediction, reference, toleranceMm));
  if (mapping) return { kind: 'reorientable', mapping, differences };
  const sameShape = prediction.shape.every((size, axis) => size === reference.shape[axis]);
  if (!sameShape) return { kind: 'different', differences };
  return {
    kind: 'different',
    differences,
    corners: cornerDistance(axisMappings[0]!, prediction, reference, toleranceMm),
  };
}

/**
 * Whether one grid is the other. Beyond the tolerance a corner may be off by what the storage of a rotation as a float32
 * quaternion (qform) can cost: that header's rotation error times the distance from its first voxel, around which the
 * quaternion turns. So neither a shift nor another spacing is taken for a rotation. A tolerance of 0 demands equal affines.
 */
function fits(mapping: AxisMapping, prediction: Grid, reference: Grid, toleranceMm: number): boolean {
  const shape = mappedShape(mapping, prediction.shape);
  if (shape.some((size, axis) => size !== reference.shape[axis])) return false;
  if (!cornerDistance(mapping, prediction, reference, toleranceMm).fits) return false;
  const ours = columnLengths(mappedAffine(mapping, prediction.affine, prediction.shape));
  const theirs = columnLengths(reference.affine);
  // Corners within the tolerance imply this; it is of interest where quaternions have been allowed more.
  return shape.every((size, axis) => Math.abs(ours[axis]! - theirs[axis]!) * size <= 2 * toleranceMm);
}

export interface CornerDistance {
  /** Whether every corner is as near as it must be. */
  readonly fits: boolean;
  /** The largest distance in mm, and what was allowed there. */
  readonly mm: number;
  readonly allowedMm: number;
}

/** How far apart two grids of one shape put the corners of the volume. */
export function cornerDistance(
  mapping: AxisMapping,
  prediction: Grid,
  reference: Grid,
  toleranceMm: number,
): CornerDistance {
  const { shape } = reference;
  const affine = mappedAffine(mapping, prediction.affine, prediction.shape);
  const firstOfPrediction = shape.map((size, axis) => (mapping[axis]!.reversed ? size - 1 : 0));
  const turns = [
    { errorRad: prediction.rotationErrorRad ?? 0, around: firstOfPrediction },
    { errorRad: reference.rotationErrorRad ?? 0, around: [0, 0, 0] },
  ];
  let fits = true;
  let worst = { mm: 0, allowedMm: toleranceMm };
  for (const corner of corners(shape)) {
    const mm = Math.hypot(...minus(placeOf(affine, corner), placeOf(reference.affine, corner)));
    let allowedMm = toleranceMm;
    for (const { errorRad, around } of toleranceMm === 0 ? [] : turns) {
      if (errorRad === 0) continue;
      const arm = minus(placeOf(reference.affine, corner), placeOf(reference.affine, around));
      allowedMm += errorRad * Math.hypot(...arm);
    }
    fits &&= mm <= allowedMm;
    if (mm > worst.mm) worst = { mm, allowedMm };
  }
  return { fits, ...worst };
}

/** `[x, y, z]` in mm of a place in voxels. */
function placeOf(affine: Affine, voxel: readonly number[]): number[] {
  return [0, 1, 2].map((row) =>
    [0, 1, 2].reduce((sum, axis) => sum + affine[4 * row + axis]! * voxel[axis]!, affine[4 * row + 3]!),
  );
}

function minus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - b[i]!);
}

/** The eight corners of a volume in voxels: half a voxel beyond the centres of its outermost voxels. */
function corners(shape: Vec3): number[][] {
  return Array.from({ length: 8 }, (_, corner) =>
    shape.map((size, axis) => ((corner >> axis) & 1 ? size - 0.5 : -0.5)),
  );
}

/** The largest distance in mm between the places that two affines give to a corner of a volume of `shape`. */
export function cornerDistanceMm(a: Affine, b: Affine, shape: Vec3): number {
  let largest = 0;
  for (const voxel of corners(shape)) {
    const gap = [0, 1, 2].map((row) =>
      [0, 1, 2].reduce(
        (sum, axis) => sum + (a[4 * row + axis]! - b[4 * row + axis]!) * voxel[axis]!,
        a[4 * row + 3]! - b[4 * row + 3]!,
      ),
    );
    largest = Math.max(largest, Math.hypot(...gap));
  }
  return largest;
}

function differencesOf(prediction: Grid, reference: Grid, toleranceMm: number): GridDifference[] {
  const found: GridDifference[] = [];
  const mapping = closestMapping(prediction.affine, reference.affine);
  const shape = mappedShape(mapping, prediction.shape);
  const affine = mappedAffine(mapping, prediction.affine, prediction.shape);
  const spacing = columnLengths(affine);
  const wanted = columnLengths(reference.affine);
  const overMm = (mm: number) => mm > toleranceMm;
  const add = (kind: GridDifference['kind'], mm: number, text: string) => found.push({ kind, mm, text });

  const axes = [0, 1, 2] as const;
  if (axes.some((axis) => prediction.shape[axis] !== reference.shape[axis])) {
    const gaps = axes.map((axis) => Math.abs(shape[axis] - reference.shape[axis]) * wanted[axis]);
    const mm = Math.max(...gaps);
    add(
      'shape',
      mm,
      `shape [${prediction.shape.join(', ')}] against [${reference.shape.join(', ')}] voxels (${text(mm)} mm)`,
    );
  }
  if ((prediction.affineSource === 'pixdim') !== (reference.affineSource === 'pixdim')) {
    const which = prediction.affineSource === 'pixdim' ? 'the prediction' : 'the reference';
    const mm = cornerDistanceMm(prediction.affine, reference.affine, reference.shape);
    add('no-form', mm, `${which} has neither sform nor qform, the other has (corners ${text(mm)} mm apart)`);
  }
  if (mapping.some(({ axis }, at) => axis !== at)) {
    const order = mapping.map(({ axis }) => 'xyz'[axis]).join(', ');
    const mm = cornerDistanceMm(prediction.affine, reference.affine, reference.shape);
    add(
      'permutation',
      mm,
      `axes permuted: x, y, z of the reference are ${order} of the prediction (${text(mm)} mm)`,
    );
  }
  mapping.forEach(({ axis, reversed }, at) => {
    if (!reversed) return;
    const mm = reference.shape[at]! * wanted[at]!;
    add('flip', mm, `axis ${'xyz'[axis]} of the prediction flipped (over ${text(mm)} mm)`);
  });
  for (const axis of axes) {
    const mm = Math.abs(spacing[axis] - wanted[axis]) * reference.shape[axis];
    if (!overMm(mm)) continue;
    const sizes = `${text(spacing[axis])} against ${text(wanted[axis])} mm`;
    add('spacing', mm, `spacing along ${'xyz'[axis]} ${sizes} (${text(mm)} mm over the volume)`);
  }
  const turn = turnOf(affine, reference.affine, spacing, wanted, reference.shape);
  if (overMm(turn.mm)) {
    add(
      'rotation',
      turn.mm,
      `rotated or sheared by ${text(turn.degrees)} degrees (${text(turn.mm)} mm over the volume)`,
    );
  }
  const shift = [3, 7, 11].map((at) => affine[at]! - reference.affine[at]!);
  const shiftMm = Math.hypot(...shift);
  if (overMm(shiftMm)) {
    const parts = shift.map((mm) => text(mm)).join(', ');
    add('shift', shiftMm, `shifted by [${parts}] mm along x, y, z (${text(shiftMm)} mm)`);
  }
  if (found.length === 0) {
    const mm = cornerDistanceMm(affine, reference.affine, reference.shape);
    add(
      'corners',
      mm,
      `corners ${text(mm)} mm apart, by small differences of spacing, rotation and shift together`,
    );
  }
  return found;
}

/** The mapping that turns the prediction's axes closest to the reference's directions. */
function closestMapping(prediction: Affine, reference: Affine): AxisMapping {
  const ours = directions(prediction);
  const theirs = directions(reference);
  let best = axisMappings[0]!;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const mapping of axisMappings) {
    const score = mapping.reduce((sum, { axis, reversed }, at) => {
      const cosine = dot(ours[axis], theirs[at]!);
      return sum + (reversed ? -cosine : cosine);
    }, 0);
    // Ties go to the earlier, simpler mapping, and rounding must not break them.
    if (score > bestScore + 1e-6) {
      best = mapping;
      bestScore = score;
    }
  }
  return best;
}

/** Largest turn of an axis: its degrees, and the mm by which the axis's far end moves. */
function turnOf(
  a: Affine,
  b: Affine,
  spacingA: Vec3,
  spacingB: Vec3,
  shape: Vec3,
): { mm: number; degrees: number } {
  const ours = directions(a);
  const theirs = directions(b);
  let mm = 0;
  let degrees = 0;
  for (const axis of [0, 1, 2] as const) {
    if (spacingA[axis] === 0 || spacingB[axis] === 0) continue;
    const chord = Math.hypot(...ours[axis].map((value, row) => value - theirs[axis][row]!));
    mm = Math.max(mm, chord * spacingB[axis] * shape[axis]);
    degrees = Math.max(degrees, (2 * Math.asin(Math.min(1, chord / 2)) * 180) / Math.PI);
  }
  return { mm, degrees };
}

/** Unit vectors along the voxel axes; zero for an axis without length. */
function directions(affine: Affine): readonly [Vec3, Vec3, Vec3] {
  const lengths = columnLengths(affine);
  const column = (axis: 0 | 1 | 2): Vec3 => {
    const length = lengths[axis] || 1;
    return [affine[axis]! / length, affine[4 + axis]! / length, affine[8 + axis]! / length];
  };
  return [column(0), column(1), column(2)];
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** At most 6 significant digits, without trailing zeros. */
function text(value: number): string {
  return String(Number(value.toPrecision(6)));
}
