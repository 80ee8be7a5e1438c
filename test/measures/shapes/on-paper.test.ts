/** Cubes, plates and balls whose areas, distances and components are known on paper. */
import { describe, expect, test } from 'vitest';
import { type Vec3, voxelCount } from '../../../src/base/box.ts';
import { facetAreasMm2 } from '../../../src/measures/boundary/facet-areas.ts';
import { borders, measureDistances } from '../../../src/measures/boundary/measure-distances.ts';
import { borderValues } from '../../../src/measures/boundary/values.ts';
import { WeightedDistances } from '../../../src/measures/boundary/weighted-distances.ts';
import { bratsValues, measureBrats } from '../../../src/measures/lesions/brats.ts';
import { atConnectivity } from '../../../src/measures/lesions/components.ts';
import { findComponents } from '../../../src/measures/lesions/find-components.ts';
import { matchComponents, panoptic, panopticValues } from '../../../src/measures/lesions/panoptic.ts';
import { emptyMask, type Mask } from '../../../src/measures/masks/mask.ts';
import { connectivities } from '../../../src/settings/shape-names.ts';
import { kernels, masksOf } from './volumes.ts';

type Inside = (x: number, y: number, z: number) => boolean;

function maskOf(shape: Vec3, inside: Inside, tileShape: Vec3 = shape): Mask {
  const [width, height] = shape;
  const codes = Uint16Array.from({ length: voxelCount(shape) }, (_, i) =>
    inside(i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))) ? 1 : 0,
  );
  return masksOf({ shape, codes }, tileShape).get(1) ?? emptyMask(shape);
}

const block =
  ([x0, y0, z0]: Vec3, [width, height, depth]: Vec3): Inside =>
  (x, y, z) =>
    x >= x0 && x < x0 + width && y >= y0 && y < y0 + height && z >= z0 && z < z0 + depth;

const ball =
  (centre: number, radius: number): Inside =>
  (x, y, z) =>
    (x - centre) ** 2 + (y - centre) ** 2 + (z - centre) ** 2 <= radius ** 2;

function valuesOf(shape: Vec3, spacingMm: Vec3, reference: Inside, prediction: Inside) {
  const [r, p] = [maskOf(shape, reference), maskOf(shape, prediction)];
  const task = { ignored: emptyMask(shape), spacingMm };
  const lists = {
    reference: measureDistances(kernels(), { ...task, from: r, to: p }),
    prediction: measureDistances(kernels(), { ...task, from: p, to: r }),
  };
  const [voxel, surfel] = borders.map((border) => {
    const areas = border === 'surfel' ? facetAreasMm2(spacingMm) : null;
    const both = {
      reference: WeightedDistances.of(lists.reference[border], areas),
      prediction: WeightedDistances.of(lists.prediction[border], areas),
    };
    return borderValues(border, both, { percentiles: [95], tolerancesMm: [1, 2] }, null);
  });
  return { voxel: voxel!, surfel: surfel! };
}

describe('areas', () => {
  test('a voxel cut at its corners has the area of its octahedron, for any spacing', () => {
    for (const [x, y, z] of [
      [1, 1, 1],
      [0.5, 0.7, 3],
    ] as const) {
      const one = block([1, 1, 1], [1, 1, 1]);
      const { voxel, surfel } = valuesOf([3, 3, 3], [x, y, z], one, one);
      expect([voxel.elementsReference, surfel.elementsReference]).toEqual([1, 8]);
      expect(surfel.sizeReference).toBeCloseTo(Math.hypot(y * z, x * z, x * y), 12);
      expect([voxel.hd, surfel.hd, surfel.nsd[1]!.nsd]).toEqual([0, 0, 1]);
    }
  });

  test('blocks and plates: faces, bevelled edges and corners', () => {
    for (const [width, height, depth] of [
      [4, 3, 2],
      [5, 4, 1],
      [1, 6, 3],
    ] as const) {
      const size: Vec3 = [width, height, depth];
      const { voxel, surfel } = valuesOf(size, [1, 1, 1], block([0, 0, 0], size), block([0, 0, 0], size));
      const [a, b, c] = [width - 1, height - 1, depth - 1];
      const area = 2 * (a * b + a * c + b * c) + 4 * (a + b + c) * Math.SQRT1_2 + Math.sqrt(3);
      expect(surfel.sizeReference).toBeCloseTo(area, 12);
      const within = Math.max(0, width - 2) * Math.max(0, height - 2) * Math.max(0, depth - 2);
      expect(voxel.elementsReference).toBe(width * height * depth - within);
    }
  });

  test('a ball has the area of a sphere, within the steps of its voxels', () => {
    const { surfel } = valuesOf([33, 33, 33], [1, 1, 1], ball(16, 14.5), ball(16, 14.5));
    expect(surfel.sizeReference / (4 * Math.PI * 14.5 ** 2)).toBeGreaterThan(0.97);
    expect(surfel.sizeReference / (4 * Math.PI * 14.5 ** 2)).toBeLessThan(1.12);
  });
});

describe('distances', () => {
  test('parallel plates: their distance, along each axis in its spacing', () => {
    const spacing: Vec3 = [0.5, 2, 3];
    for (const axis of [0, 1, 2] as const) {
      const shape: Vec3 = [9, 9, 9];
      const plate =
        (at: number): Inside =>
        (...place) =>
          place[axis] === at;
      const { voxel, surfel } = valuesOf(shape, spacing, plate(1), plate(5));
      const far = 4 * spacing[axis];
      expect(voxel).toMatchObject({ hd: far, masd: far, assd: far });
      expect(voxel.percentiles.hd95).toEqual({ directed: far, pooled: far, index: far });
      // A plate has two faces: the near one is a voxel nearer.
      expect(surfel.hd).toBe(far);
      expect(surfel.masd).toBeCloseTo(far - spacing[axis] / 2, 12);
    }
  });

  test('a cube around a cube: faces at 1, edges at the root of 2, corners at the root of 3', () => {
    const [inner, outer] = [block([3, 3, 3], [3, 3, 3]), block([2, 2, 2], [5, 5, 5])];
    const { voxel } = valuesOf([9, 9, 9], [1, 1, 1], inner, outer);
    expect([voxel.elementsReference, voxel.elementsPrediction]).toEqual([26, 98]);
    expect(voxel.hd).toBe(Math.sqrt(3));
    expect(voxel.meanReferenceToPrediction).toBe(1);
    const sum = 54 + 36 * Math.SQRT2 + 8 * Math.sqrt(3);
    expect(voxel.meanPredictionToReference).toBeCloseTo(sum / 98, 12);
    expect(voxel.assd).toBeCloseTo((26 + sum) / 124, 12);
    expect(voxel.nsd[1]).toEqual({ nsd: 80 / 124, referenceWithin: 1, predictionWithin: 54 / 98 });
    expect(voxel.nsd[2]!.nsd).toBe(1);
    // Rank 92.15 of 98 is a corner; of both lists, rank 116.85 of 124 lies between an edge and a corner.
    expect(voxel.percentiles.hd95!.directed).toBe(Math.sqrt(3));
    expect(voxel.percentiles.hd95!.index).toBe(Math.sqrt(3));
    expect(voxel.percentiles.hd95!.pooled).toBe(Math.sqrt(3));
  });

  test('a ball around a ball: the difference of their radii, within the steps of voxels', () => {
    const { voxel, surfel } = valuesOf([41, 41, 41], [1, 1, 1], ball(20, 12), ball(20, 17));
    for (const { hd, masd } of [voxel, surfel]) {
      expect(Math.abs(masd! - 5)).toBeLessThan(1);
      expect(Math.abs(hd! - 5)).toBeLessThan(Math.sqrt(3));
    }
  });
});

describe('components', () => {
  const shape: Vec3 = [12, 5, 4];
  const thin: Vec3[] = [shape, [1, 5, 4], [12, 1, 4], [12, 5, 1]];
  const counts = (inside: Inside, tileShape: Vec3) => {
    const mask = maskOf(shape, inside, tileShape);
    const all = findComponents(kernels(), mask, mask);
    return connectivities.map((connectivity) => atConnectivity(all, connectivity).reference.count);
  };

  test('faces, edges and corners join by 6, 18 and 26', () => {
    const chain = [
      [0, 0, 0],
      [1, 0, 0],
      [2, 1, 0],
      [3, 2, 1],
    ].map(([x, y, z]) => block([x!, y!, z!], [1, 1, 1]));
    for (const tileShape of thin) {
      expect(counts((x, y, z) => chain.some((own) => own(x, y, z)), tileShape)).toEqual([3, 2, 1]);
    }
  });

  test('teeth that meet only at their far end, in tiles one voxel thick', () => {
    const comb: Inside = (x, y, z) => x % 2 === 0 || (y === 4 && z === 3);
    const teeth: Inside = (x, y, z) => x % 2 === 0 && !(y === 4 && z === 3);
    for (const tileShape of thin) {
      expect(counts(comb, tileShape)).toEqual([1, 1, 1]);
      expect(counts(teeth, tileShape)).toEqual([6, 6, 6]);
    }
  });
});

test('pairs of components: by falling IoU, then by number, each component once', () => {
  const shape: Vec3 = [30, 3, 3];
  // Two references of 6 voxels; a prediction of 10 that shares 3 with each, and one of 2 within the second.
  const row =
    (from: number, end: number): Inside =>
    (x, y, z) =>
      y === 1 && z === 1 && x >= from && x < end;
  const reference = maskOf(shape, (x, y, z) => row(1, 7)(x, y, z) || row(9, 15)(x, y, z));
  const bridge: Inside = (x, y, z) =>
    row(4, 7)(x, y, z) || row(9, 12)(x, y, z) || (y === 2 && z === 1 && x > 5 && x < 10);
  const prediction = maskOf(shape, (x, y, z) => bridge(x, y, z) || row(13, 15)(x, y, z));
  const table = atConnectivity(findComponents(kernels(), reference, prediction), 6);
  expect([...table.prediction.voxels]).toEqual([10, 2]);
  // Both references share 3 of 13 voxels with the bridge: the first takes it, the second takes the small one (2 of 6).
  const [a, b] = [3 / 13, 2 / 6];
  expect(matchComponents(table, 0.2)).toEqual([
    { reference: 2, prediction: 2, iou: b },
    { reference: 1, prediction: 1, iou: a },
  ]);
  expect(matchComponents(table, 0.5)).toEqual([]);
  // IoU is to be above the threshold, not at it.
  expect(matchComponents(table, b)).toEqual([]);
  const quality = panopticValues(panoptic(table, 0.2));
  expect(quality).toMatchObject({ tp: 2, fp: 0, fn: 0, rq: 1 });
  expect(quality.sq).toBeCloseTo((a + b) / 2, 15);
  expect(panopticValues(panoptic(table, 0.3))).toMatchObject({ tp: 1, fp: 1, fn: 1, rq: 0.5, sq: b });
});

test('lesions of BraTS: parts whose dilations touch are one, and a prediction in reach belongs to it', () => {
  const shape: Vec3 = [16, 5, 5];
  // Parts of 2 x 2 x 2 voxels with 3 voxels between them; the prediction lies between, beside neither.
  const [left, right, between] = [1, 6, 4].map((x) => block([x, 1, 1], [x === 4 ? 1 : 2, 2, 2]));
  const reference = maskOf(shape, (x, y, z) => left!(x, y, z) || right!(x, y, z));
  const measure = (prediction: Mask, dilation: number, minMm3 = 0) =>
    measureBrats(
      kernels(),
      reference,
      prediction,
      emptyMask(shape),
      { spacingMm: [1, 1, 1], voxelMm3: 1 },
      { dilation, minMm3 },
      Number.POSITIVE_INFINITY,
    );
  const near = maskOf(shape, between!);
  const apart = measure(near, 1);
  expect(apart.lesions.map((own) => own.reference)).toEqual([[1], [2]]);
  const joined = measure(near, 2);
  expect(joined.lesions).toEqual([
    expect.objectContaining({ reference: [1, 2], prediction: [1], mm3: 16, dice: 0, found: true }),
  ]);
  expect(joined.falsePositives).toEqual([]);
  // A far prediction is a false positive, and both lesions are missed.
  const far = measure(maskOf(shape, block([14, 4, 4], [1, 1, 1])), 1);
  expect(bratsValues([far])).toEqual({ lesions: 2, found: 0, falsePositives: 1, dice: 0, hd95: 374 });
  // Lesions of at most 8 mm^3 are left out.
  expect(bratsValues([measure(reference, 1, 8)])).toMatchObject({ lesions: 0, dice: null, hd95: null });
  expect(bratsValues([measure(reference, 1, 7.9)])).toEqual({
    lesions: 2,
    found: 2,
    falsePositives: 0,
    dice: 1,
    hd95: 0,
  });
});
