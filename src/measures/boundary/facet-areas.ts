/** The area of the surface at a corner of the voxel grid, by the code of its eight voxels. */
import type { Vec3 } from '../../base/box.ts';
import { facetNormals } from './facet-normals.ts';

/** Area in mm^2 of the facets of each code, for a spacing in mm. */
export function facetAreasMm2([sx, sy, sz]: Vec3): Float64Array {
  return Float64Array.from(facetNormals, (facets) =>
    facets.reduce(
      (sum, [x, y, z]) => sum + Math.sqrt((x * sy * sz) ** 2 + (y * sx * sz) ** 2 + (z * sx * sy) ** 2),
      0,
    ),
  );
}
