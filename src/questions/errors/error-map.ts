/** The errors of a case as a NIfTI volume, to be laid over its images: error by voxel, the same all over a box. */
import { mapVec3, type Vec3 } from '../../base/box.ts';
import { UsageError } from '../../base/errors.ts';
import { tileGrid } from '../../base/tile-grid.ts';
import type { CaseErrors } from '../../run/box-errors/case-errors.ts';
import { columnLengths } from '../../volumes/nifti/affine.ts';
import { type NiftiLayout, writeNiftiWhole } from '../../volumes/nifti/write.ts';
import type { Affine } from '../../volumes/types.ts';
import { boxErrors, type ErrorQuestion, worldOf } from './worst-boxes.ts';

/**
 * `boxes`: one voxel per box, placed by its affine; a voxel at the far end covers a whole box, so it may reach beyond the
 * volume. `voxels`: the grid of the reference itself.
 */
export const mapGrids = ['boxes', 'voxels'] as const;
export type MapGrid = (typeof mapGrids)[number];

/** Largest side of NIfTI-1. */
const nifti1Side = 32_767;

/** Mean error of a voxel in each box, x fastest: fp + fn over the voxels scored, 0 where none is. */
export function errorDensities(errors: CaseErrors, question: ErrorQuestion): Float32Array {
  const { fp, fn } = boxErrors(errors, question);
  return Float32Array.from(errors.voxels, (voxels, box) =>
    voxels === 0 ? 0 : (fp[box]! + fn[box]!) / voxels,
  );
}

/** The affine of a grid with one voxel per box: its voxel 0 lies in the middle of the first whole box. */
export function boxAffine(affine: Affine, boxShape: Vec3): Affine {
  const first = worldOf(
    affine,
    mapVec3(boxShape, (side) => (side - 1) / 2),
  );
  return affine.map((value, at) => {
    if (at >= 12) return value;
    return at % 4 === 3 ? first[at >> 2]! : value * boxShape[at % 4]!;
  });
}

/**
 * Writes the map (float32) to a `.nii` or `.nii.gz` file, whole or not at all.
 * @throws UsageError when the reference has no place in the world and `boxes` are asked, MachineError when storage fails.
 */
export async function writeErrorMap(
  path: string,
  errors: CaseErrors,
  question: ErrorQuestion,
  grid: MapGrid,
): Promise<void> {
  const densities = errorDensities(errors, question);
  const boxes = tileGrid(errors.shape, errors.boxShape);
  const shape = grid === 'boxes' ? boxes.counts : errors.shape;
  const common = {
    shape,
    datatype: 'float32',
    format: Math.max(...shape) > nifti1Side ? 'nifti2' : 'nifti1',
  } as const;
  if (grid === 'boxes' && errors.affineSource === 'pixdim') {
    throw new UsageError(
      'map-grid',
      'the reference says nothing of where its voxels lie, so only a map on its own grid lies over it: --map-grid voxels',
      { field: 'map-grid' },
    );
  }
  // Without a form a viewer places a volume by its size and voxels, which must be those of the reference.
  const layout: NiftiLayout =
    errors.affineSource === 'pixdim'
      ? { ...common, spacingMm: columnLengths(errors.affine) }
      : { ...common, affine: grid === 'boxes' ? boxAffine(errors.affine, errors.boxShape) : errors.affine };
  const voxels = grid === 'boxes' ? [bytesOf(densities)] : planes(densities, errors);
  await writeNiftiWhole(path, layout, voxels);
}

/** The planes of the whole volume; those of one layer of boxes are equal. */
function* planes(densities: Float32Array, { shape, boxShape }: CaseErrors): Generator<Uint8Array> {
  const [nx, ny, nz] = shape;
  const [countX, countY] = tileGrid(shape, boxShape).counts;
  let plane = new Float32Array();
  for (let z = 0; z < nz; z++) {
    if (z % boxShape[2] === 0) {
      plane = new Float32Array(nx * ny);
      for (let y = 0; y < ny; y++) {
        const row = countX * (Math.floor(y / boxShape[1]) + countY * (z / boxShape[2]));
        for (let x = 0, box = row; x < nx; x += boxShape[0], box++) {
          plane.fill(densities[box]!, y * nx + x, y * nx + Math.min(nx, x + boxShape[0]));
        }
      }
    }
    yield bytesOf(plane);
  }
}

/** Little-endian, as every machine is that Node runs on today with WebAssembly. */
function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
