/** Classes are pooled some at a time: the pool of each is that of the class alone. */
import { expect, test } from 'vitest';
import { DistanceCounts } from '../../src/measures/boundary/distance-list.ts';
import type { CaseShapes } from '../../src/measures/shapes/case-shapes.ts';
import { type StoredShapes, valuesOfRun } from '../../src/run/shapes.ts';
import { randomNumbers } from './volumes.ts';

const random = randomNumbers(21);

function distances() {
  const counts = new DistanceCounts();
  for (let i = 0; i < 20; i++)
    counts.add(Math.sqrt(Math.floor(50 * random())), 1 + Math.floor(254 * random()), 1);
  return counts.list();
}

test('70 classes of three cases', () => {
  const names = Array.from({ length: 70 }, (_, i) => `class ${i}`);
  const stored = [1, 2, 3].map((spacing, place): StoredShapes => {
    const shapes: CaseShapes = {
      shape: [9, 9, 9],
      spacingMm: [spacing, 1, 1],
      voxelMm3: spacing,
      affine: [spacing, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      noBoundary: null,
      bratsRule: null,
      classes: names.map((name) => ({
        name,
        distances: {
          voxel: { reference: distances(), prediction: distances() },
          surfel: { reference: distances(), prediction: distances() },
        },
        components: null,
        brats: null,
      })),
    };
    const chosen = (only?: ReadonlySet<string>) =>
      shapes.classes.filter(({ name }) => !only || only.has(name));
    return { place, read: (only) => ({ ...shapes, classes: chosen(only) }) };
  });
  const settings = {
    boundary: true,
    lesions: false,
    percentiles: [50, 95],
    tolerancesMm: [2],
    emptyDistance: null,
    connectivity: 26,
    matchIou: 0.5,
    lesionPreset: null,
  } as const;
  const { cases, pooled } = valuesOfRun(settings, names, stored);
  expect(Object.keys(cases.get(2)!)).toEqual(names);
  expect(Object.keys(pooled)).toEqual(names);
  for (const name of names) {
    expect(pooled[name], name).toEqual(valuesOfRun(settings, [name], stored).pooled[name]);
    expect(pooled[name]!.boundary!.voxel.elementsReference).toBe(60);
    expect(pooled[name]!.boundary!.surfel.percentiles.hd95!.area).toBeGreaterThan(5);
  }
});
