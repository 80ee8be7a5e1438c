import type { Box, Vec3 } from '../../base/box.ts';
import { voxelCount } from '../../base/box.ts';
import type { AxisMapping } from './axis-mapping.ts';

/** The prediction's voxels that lie on the reference's box, as a box of the prediction of `predictionShape`. */
export function predictionBox(mapping: AxisMapping, referenceBox: Box, predictionShape: Vec3): Box {
  const origin: [number, number, number] = [0, 0, 0];
  const shape: [number, number, number] = [0, 0, 0];
  mapping.forEach(({ axis, reversed }, at) => {
    const first = referenceBox.origin[at]!;
    const count = referenceBox.shape[at]!;
    origin[axis] = reversed ? predictionShape[axis] - first - count : first;
    shape[axis] = count;
  });
  return { origin, shape };
}

/**
 * Lays the voxels of a prediction's box (as `predictionBox` gives it) in the reference's order, x fastest.
 * Whole voxels are moved, nothing is interpolated.
 * @param source bytes of the prediction's box, in the prediction's order
 * @param shape the box's shape `[x, y, z]` in the reference's order
 * @param target as long as `source`, and another memory
 */
export function reorientBytes(
  source: Uint8Array,
  bytesPerVoxel: number,
  mapping: AxisMapping,
  shape: Vec3,
  target: Uint8Array,
): void {
  const bytes = voxelCount(shape) * bytesPerVoxel;
  if (source.length !== bytes || target.length !== bytes) {
    throw new RangeError(
      `[${shape}] of ${bytesPerVoxel} bytes needs ${bytes}, not ${source.length}, ${target.length}`,
    );
  }
  const { first, steps } = stepsOf(mapping, shape);
  const [nx, ny, nz] = shape;
  const wholeRows = steps[0] === 1;
  const unit = unitBytes(source, target, bytesPerVoxel);
  const from = unitsOf(source, unit);
  const to = unitsOf(target, unit);
  const units = bytesPerVoxel / unit;
  let out = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const row = first + z * steps[2] + y * steps[1];
      if (wholeRows) {
        to.set(from.subarray(row * units, (row + nx) * units), out);
        out += nx * units;
      } else if (units === 1) {
        for (let x = 0, at = row; x < nx; x++, at += steps[0]) to[out++] = from[at]!;
      } else {
        for (let x = 0, at = row * units; x < nx; x++, at += steps[0] * units) {
          for (let part = 0; part < units; part++) to[out++] = from[at + part]!;
        }
      }
    }
  }
}

/** Index in the prediction's box of the reference's first voxel, and its change with one step along each axis. */
function stepsOf(mapping: AxisMapping, shape: Vec3): { first: number; steps: [number, number, number] } {
  const sourceShape: [number, number, number] = [0, 0, 0];
  mapping.forEach(({ axis }, at) => {
    sourceShape[axis] = shape[at]!;
  });
  const strides = [1, sourceShape[0], sourceShape[0] * sourceShape[1]] as const;
  let first = 0;
  const steps: [number, number, number] = [0, 0, 0];
  mapping.forEach(({ axis, reversed }, at) => {
    steps[at] = reversed ? -strides[axis] : strides[axis];
    if (reversed) first += strides[axis] * (shape[at]! - 1);
  });
  return { first, steps };
}

/** The widest integer that divides a voxel and both positions in memory: integers keep every bit, floats might not. */
function unitBytes(source: Uint8Array, target: Uint8Array, bytesPerVoxel: number): 1 | 2 | 4 {
  const positions = source.byteOffset | target.byteOffset | bytesPerVoxel;
  return positions % 4 === 0 ? 4 : positions % 2 === 0 ? 2 : 1;
}

function unitsOf(bytes: Uint8Array, unit: 1 | 2 | 4): Uint8Array | Uint16Array | Uint32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (unit === 4) return new Uint32Array(buffer, byteOffset, byteLength / 4);
  if (unit === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return bytes;
}
