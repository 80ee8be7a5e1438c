import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainComponents } from '../../../src/audit/shapes/plain-components.ts';
import {
  type PlainElement,
  type PlainMask,
  plainCornerElements,
  plainDistance,
  plainVoxelElements,
} from '../../../src/audit/shapes/plain-elements.ts';
import { type Vec3, voxelCount } from '../../../src/base/box.ts';
import { addLists, DistanceCounts, type DistanceList } from '../../../src/measures/boundary/distance-list.ts';
import { measureDistances } from '../../../src/measures/boundary/measure-distances.ts';
import { atConnectivity } from '../../../src/measures/lesions/components.ts';
import { findComponents } from '../../../src/measures/lesions/find-components.ts';
import { emptyMask } from '../../../src/measures/masks/mask.ts';
import { isSound } from '../../../src/measures/masks/mask-builder.ts';
import { connectivities } from '../../../src/settings/shape-names.ts';
import { kernels, masksOf } from './volumes.ts';

const spacings: Vec3[] = [
  [1, 1, 1],
  [0.8, 0.8, 2.5],
  [3, 0.5, 0.7],
  [0.1, 4, 1.3],
];
const side = (most: number) => fc.integer({ min: 1, max: most });

/** Reference and prediction labels (0 to 2) and ignored voxels, cut into tiles of a shape. */
const volumes = fc
  .tuple(side(9), side(7), side(6), side(9), side(7), side(6), fc.constantFrom(...spacings), fc.boolean())
  .chain(([x, y, z, tx, ty, tz, spacingMm, ignoring]) => {
    const count = x * y * z;
    const labels = fc.array(fc.constantFrom(0, 0, 1, 1, 2), { minLength: count, maxLength: count });
    const lost = fc.array(fc.constantFrom(...(ignoring ? [0, 0, 0, 0, 0, 1] : [0])), {
      minLength: count,
      maxLength: count,
    });
    return fc.record({
      shape: fc.constant<Vec3>([x, y, z]),
      tileShape: fc.constant<Vec3>([tx, ty, tz]),
      spacingMm: fc.constant(spacingMm),
      reference: labels,
      prediction: labels,
      ignored: lost,
    });
  });

function plainList(from: PlainElement[], to: PlainElement[], spacingMm: Vec3): DistanceList {
  const counts = new DistanceCounts();
  for (const { place, code } of from) counts.add(plainDistance(place, to, spacingMm), code, 1);
  return counts.list();
}

describe('against plain second implementations', () => {
  test('distances of both borders, any tiles, ranges of planes, ignored voxels', () => {
    fc.assert(
      fc.property(volumes, ({ shape, tileShape, spacingMm, ...lists }) => {
        const ignored = Uint8Array.from(lists.ignored);
        const codes = (labels: number[]) => Uint16Array.from(labels, (label, i) => (ignored[i] ? 0 : label));
        const [r, p] = [codes(lists.reference), codes(lists.prediction)];
        const masks = [r, p].map((own) => masksOf({ shape, codes: own }, tileShape));
        const lost = masksOf({ shape, codes: Uint16Array.from(ignored) }, tileShape).get(1);
        for (const label of [1, 2]) {
          const [from, to] = masks.map((own) => own.get(label) ?? emptyMask(shape));
          const task = { from: from!, to: to!, ignored: lost ?? emptyMask(shape), spacingMm };
          const found = measureDistances(kernels(), task);
          const plain = (own: Uint16Array): PlainMask => ({
            shape,
            inside: Uint8Array.from(own, (value) => (value === label ? 1 : 0)),
            ignored,
          });
          const [a, b] = [plain(r), plain(p)];
          expect(found.voxel).toEqual(plainList(plainVoxelElements(a), plainVoxelElements(b), spacingMm));
          expect(found.surfel).toEqual(plainList(plainCornerElements(a), plainCornerElements(b), spacingMm));
          const cut = Math.floor(shape[2] / 2);
          const ranges = [
            { first: 0, end: cut },
            { first: cut, end: shape[2] + 1 },
          ].map((range) => measureDistances(kernels(), { ...task, range }));
          expect(addLists(ranges.map(({ surfel }) => surfel))).toEqual(found.surfel);
          expect(addLists(ranges.map(({ voxel }) => voxel))).toEqual(found.voxel);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('distances between few far voxels of a wide volume', () => {
    const shape: Vec3 = [300, 40, 30];
    const places = fc.array(fc.integer({ min: 0, max: voxelCount(shape) - 1 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(places, places, fc.constantFrom(...spacings), (reference, prediction, spacingMm) => {
        const codes = (list: number[]) => {
          const own = new Uint16Array(voxelCount(shape));
          for (const place of list) own[place] = 1;
          return own;
        };
        const [r, p] = [codes(reference), codes(prediction)];
        const [from, to] = [r, p].map((own) => masksOf({ shape, codes: own }).get(1)!);
        const found = measureDistances(kernels(), {
          from: from!,
          to: to!,
          ignored: emptyMask(shape),
          spacingMm,
        });
        const elements = (own: Uint16Array): PlainElement[] =>
          [...own.keys()]
            .filter((i) => own[i] === 1)
            .map((i) => ({
              place: [i % 300, Math.floor(i / 300) % 40, Math.floor(i / 12000)],
              code: 0,
            }));
        expect(found.voxel).toEqual(plainList(elements(r), elements(p), spacingMm));
      }),
      { numRuns: 12 },
    );
  });

  test('components and overlaps at three connectivities, any tiles', () => {
    fc.assert(
      fc.property(volumes, ({ shape, tileShape, reference, prediction }) => {
        const codes = [reference, prediction].map((labels) => Uint16Array.from(labels));
        const masks = codes.map((own) => masksOf({ shape, codes: own }, tileShape));
        for (const label of [1, 2]) {
          const [r, p] = masks.map((own) => own.get(label) ?? emptyMask(shape));
          expect(isSound(r!) && isSound(p!)).toBe(true);
          const all = findComponents(kernels(), r!, p!);
          for (const connectivity of connectivities) {
            const table = atConnectivity(all, connectivity);
            const inside = codes.map((own) => Uint8Array.from(own, (value) => (value === label ? 1 : 0)));
            const numbers = inside.map((own) => plainComponents(own, shape, connectivity));
            const shared = new Map<string, number>();
            const sizes = [new Map<number, number>(), new Map<number, number>()];
            for (let i = 0; i < voxelCount(shape); i++) {
              const [a, b] = [numbers[0]![i]!, numbers[1]![i]!];
              for (const [k, number] of [a, b].entries()) {
                if (number > 0) sizes[k]!.set(number, (sizes[k]!.get(number) ?? 0) + 1);
              }
              if (a > 0 && b > 0) shared.set(`${a},${b}`, (shared.get(`${a},${b}`) ?? 0) + 1);
            }
            expect([...table.reference.voxels]).toEqual([...sizes[0]!.values()]);
            expect([...table.prediction.voxels]).toEqual([...sizes[1]!.values()]);
            const { overlap } = table;
            expect(
              Object.fromEntries(
                [...overlap.voxels].map((voxels, i) => [
                  `${overlap.reference[i]},${overlap.prediction[i]}`,
                  voxels,
                ]),
              ),
            ).toEqual(Object.fromEntries(shared));
            for (let i = 0; i < table.reference.count; i++) {
              expect(table.reference.first[i]).toBe(numbers[0]!.indexOf(i + 1));
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
