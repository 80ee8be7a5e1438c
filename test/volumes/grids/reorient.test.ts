import { describe, expect, it } from 'vitest';
import type { Box, Vec3 } from '../../../src/base/box.ts';
import { voxelCount, voxelIndex } from '../../../src/base/box.ts';
import type { AxisMapping } from '../../../src/volumes/grids/axis-mapping.ts';
import {
  axisMappings,
  identityMapping,
  isIdentity,
  mappedAffine,
  mappedShape,
} from '../../../src/volumes/grids/axis-mapping.ts';
import { predictionBox, reorientBytes } from '../../../src/volumes/grids/reorient.ts';

const predictionShape: Vec3 = [4, 3, 2];
const predictionAffine = [0.5, -2, 0.25, 10, 3, 0.125, 0, -20, 0, 1, 4, 30, 0, 0, 0, 1];

/** The prediction's voxel that lies on a voxel of the reference, by the definition of a mapping. */
function sourceVoxel(mapping: AxisMapping, voxel: Vec3): Vec3 {
  const source: [number, number, number] = [0, 0, 0];
  mapping.forEach(({ axis, reversed }, at) => {
    source[axis] = reversed ? predictionShape[axis] - 1 - voxel[at]! : voxel[at]!;
  });
  return source;
}

function* voxelsOf({ origin, shape }: Box): Generator<Vec3> {
  for (let z = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[0]; x++) yield [origin[0] + x, origin[1] + y, origin[2] + z];
    }
  }
}

/** The bytes of a box, voxel by voxel. */
function cut(whole: Uint8Array, bytes: number, box: Box, shape: Vec3): Uint8Array {
  const parts = [...voxelsOf(box)].map((voxel) => {
    const from = voxelIndex(voxel, shape) * bytes;
    return whole.subarray(from, from + bytes);
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** A copy at an odd place in memory, where no wider integer could be read. */
function misaligned(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length + 1).subarray(1);
  copy.set(bytes);
  return copy;
}

describe('axis mappings', () => {
  it('are all 48, each once, the identity first', () => {
    expect(new Set(axisMappings.map((each) => JSON.stringify(each))).size).toBe(48);
    expect(axisMappings[0]).toEqual(identityMapping);
    expect(axisMappings.filter(isIdentity)).toHaveLength(1);
  });

  it('give every voxel the place in the world that it had', () => {
    const world = (affine: readonly number[], [x, y, z]: Vec3) =>
      [0, 4, 8].map(
        (row) => affine[row]! * x + affine[row + 1]! * y + affine[row + 2]! * z + affine[row + 3]!,
      );
    for (const mapping of axisMappings) {
      const affine = mappedAffine(mapping, predictionAffine, predictionShape);
      const shape = mappedShape(mapping, predictionShape);
      for (const voxel of voxelsOf({ origin: [0, 0, 0], shape })) {
        expect(world(affine, voxel)).toEqual(world(predictionAffine, sourceVoxel(mapping, voxel)));
      }
    }
  });
});

describe('reorientBytes', () => {
  for (const bytes of [1, 2, 4, 8]) {
    it(`moves voxels of ${bytes} bytes as brute force does, over all mappings and boxes`, () => {
      const whole = Uint8Array.from(
        { length: voxelCount(predictionShape) * bytes },
        (_, i) => (i * 97 + 5) % 256,
      );
      for (const mapping of axisMappings) {
        const [nx, ny, nz] = mappedShape(mapping, predictionShape);
        const boxes: Box[] = [
          { origin: [0, 0, 0], shape: [nx, ny, nz] },
          { origin: [1, 0, 1], shape: [nx - 1, ny, nz - 1] },
          { origin: [0, 1, 0], shape: [1, ny - 1, nz] },
          { origin: [nx - 1, ny - 1, nz - 1], shape: [1, 1, 1] },
        ];
        for (const box of boxes) {
          const source = cut(whole, bytes, predictionBox(mapping, box, predictionShape), predictionShape);
          const wanted = Buffer.concat(
            [...voxelsOf(box)].map((voxel) => {
              const from = voxelIndex(sourceVoxel(mapping, voxel), predictionShape) * bytes;
              return whole.subarray(from, from + bytes);
            }),
          );
          const target = new Uint8Array(new SharedArrayBuffer(source.length));
          reorientBytes(source, bytes, mapping, box.shape, target);
          expect(Buffer.compare(target, wanted)).toBe(0);
          const odd = new Uint8Array(source.length);
          reorientBytes(misaligned(source), bytes, mapping, box.shape, odd);
          expect(Buffer.compare(odd, wanted)).toBe(0);
        }
      }
    });
  }

  it('refuses memory of another length', () => {
    const eight = new Uint8Array(8);
    expect(() => reorientBytes(eight, 2, identityMapping, [2, 2, 2], eight)).toThrow(RangeError);
  });
});
