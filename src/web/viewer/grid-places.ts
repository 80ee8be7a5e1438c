/** Where the voxels of a shown grid lie in a file: axis by axis, so that a volume is read in its own order. */

import type { Vec3 } from '../../base/box.ts';
import type { Axis, AxisMapping } from '../../volumes/grids/axis-mapping.ts';
import type { Affine } from '../../volumes/types.ts';

/** One axis of a shown grid in a file: along which of its axes it runs, and the file's voxel at each place; -1 outside the file. */
export interface AxisPlaces {
  readonly axis: Axis;
  readonly places: readonly number[];
}

/** Axes `[x, y, z]` of the shown grid, each along another axis of the file. */
export type GridPlaces = readonly [AxisPlaces, AxisPlaces, AxisPlaces];

/** Voxel places along `[x, y, z]` of a scored volume. */
export type Places = readonly [readonly number[], readonly number[], readonly number[]];

const axes = [0, 1, 2] as const;

/** Every `stride`th place of an axis, from the middle of the first step; at least one. */
export function placesAlong(length: number, stride: number): number[] {
  const places: number[] = [];
  for (let at = stride >> 1; at < length; at += stride) places.push(at);
  return places.length > 0 ? places : [length >> 1];
}

/** In a file on the grid of the places, or on one whose axes are permuted or reversed against it. */
export function placesInFile(places: Places, mapping: AxisMapping | null, fileShape: Vec3): GridPlaces {
  return each((at) => {
    const { axis, reversed } = mapping?.[at] ?? { axis: at, reversed: false };
    const last = fileShape[axis] - 1;
    return { axis, places: reversed ? places[at].map((place) => last - place) : places[at] };
  });
}

/**
 * The nearest voxels of a file with another grid, whose axes run along those of the scored volume up to half a voxel;
 * undefined for a grid that lies askew.
 */
export function nearestPlaces(
  places: Places,
  scored: { readonly affine: Affine; readonly shape: Vec3 },
  file: { readonly affine: Affine; readonly shape: Vec3 },
): GridPlaces | undefined {
  const inverse = invert(file.affine);
  if (!inverse) return undefined;
  const toFile = (row: number, column: number) =>
    axes.reduce<number>((sum, k) => sum + inverse[3 * row + k]! * scored.affine[4 * k + column]!, 0);
  const sources: Axis[] = [];
  for (const at of axes) {
    const steps = axes.map((row) => Math.abs(toFile(row, at)));
    const axis = steps.indexOf(Math.max(...steps)) as Axis;
    const drift = (scored.shape[at] - 1) * Math.max(...steps.filter((_, row) => row !== axis));
    if (drift > 0.5 || sources.includes(axis)) return undefined;
    sources.push(axis);
  }
  return each((at) => {
    const axis = sources[at]!;
    const offset = axes.reduce<number>(
      (sum, k) => sum + inverse[3 * axis + k]! * (scored.affine[4 * k + 3]! - file.affine[4 * k + 3]!),
      0,
    );
    const step = toFile(axis, at);
    const inFile = (place: number) => {
      const voxel = Math.round(step * place + offset);
      return voxel >= 0 && voxel < file.shape[axis] ? voxel : -1;
    };
    return { axis, places: places[at].map(inFile) };
  });
}

function each(of: (at: Axis) => AxisPlaces): GridPlaces {
  return [of(0), of(1), of(2)];
}

/** Inverse of the 3 x 3 part, row-major; undefined where it has none. */
function invert(affine: Affine): number[] | undefined {
  const m = (row: number, column: number) => affine[4 * (row % 3) + (column % 3)]!;
  const cofactor = (row: number, column: number) =>
    m(row + 1, column + 1) * m(row + 2, column + 2) - m(row + 1, column + 2) * m(row + 2, column + 1);
  const determinant = axes.reduce<number>((sum, column) => sum + m(0, column) * cofactor(0, column), 0);
  if (!(Math.abs(determinant) > 0)) return undefined;
  return axes.flatMap((row) => axes.map((column) => cofactor(column, row) / determinant));
}
