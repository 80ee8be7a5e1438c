import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Vec3, voxelCount, voxelIndex } from '../../src/base/box.ts';
import { automaticTileShape, isFileOrder, tileBox, tileGrid } from '../../src/base/tile-grid.ts';

const vec = (max: number) =>
  fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));

/** Linear indices of a tile's voxels, in the tile's own order. */
function indices(shape: Vec3, { origin, shape: [nx, ny, nz] }: ReturnType<typeof tileBox>): number[] {
  const found: number[] = [];
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++)
        found.push(voxelIndex([origin[0] + x, origin[1] + y, origin[2] + z], shape));
  return found;
}

test('tiles hold every voxel of the volume once', () => {
  fc.assert(
    fc.property(vec(9), vec(12), (shape, tileShape) => {
      const grid = tileGrid(shape, tileShape);
      const all = Array.from({ length: grid.length }, (_, tile) =>
        indices(shape, tileBox(grid, tile)),
      ).flat();
      const expected = Array.from({ length: voxelCount(shape) }, (_, i) => i);
      expect(all.toSorted((a, b) => a - b)).toEqual(expected);
      // A stream gives voxels in the order of the file: then, and only then, the tiles may be cut from it.
      expect(isFileOrder(grid)).toBe(all.every((index, i) => index === i));
    }),
    { numRuns: 300 },
  );
});

test('an automatic tile is in file order, within the limit and as large as it may be', () => {
  fc.assert(
    fc.property(vec(40), fc.integer({ min: 1, max: 5000 }), (shape, limit) => {
      const tile = automaticTileShape(shape, limit);
      expect(voxelCount(tile)).toBeLessThanOrEqual(limit);
      expect(isFileOrder(tileGrid(shape, tile))).toBe(true);
      // No fewer tiles of this kind would do.
      const [x, y, z] = shape;
      if (x * y <= limit) {
        expect(tileGrid(shape, tile).length).toBe(Math.ceil(z / Math.floor(limit / (x * y))));
      }
    }),
  );
});

test('a grid of thousands of millions of tiles is counted, not listed', () => {
  const grid = tileGrid([32000, 32000, 32000], [1, 32000, 1]);
  expect(grid.length).toBe(1_024_000_000);
  expect(tileBox(grid, grid.length - 1)).toEqual({ origin: [31999, 0, 31999], shape: [1, 32000, 1] });
});
