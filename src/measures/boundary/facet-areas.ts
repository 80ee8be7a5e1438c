/** The area of the surface at a corner of the voxel grid, by the code of its eight voxels. */
import type { Vec3 } from '../../base/box.ts';
import { facetNormals } from './facet-normals.ts';

/** The areas that were asked for last: the classes of a case share them. */
let known: { readonly spacingMm: Vec3; readonly areas: Float64Array } | undefined;

/** Area in mm^2 of the facets of each code, for a spacing in mm; not to be changed. */
export function facetAreasMm2(spacingMm: Vec3): Float64Array {
  if (known === undefined || spacingMm.some((size, axis) => size !== known!.spacingMm[axis])) {
    known = { spacingMm: [...spacingMm] as unknown as Vec3, areas: areasOf(spacingMm) };
  }
  return known.areas;
}

function areasOf([sx, sy, sz]: Vec3): Float64Array {
  return Float64Array.from(facetNormals, (facets) =>
    facets.reduce(
      (sum, [x, y, z]) => sum + Math.sqrt((x * sy * sz) ** 2 + (y * sx * sz) ** 2 + (z * sx * sy) ** 2),
      0,
    ),
  );
}
