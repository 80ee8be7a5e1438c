/** Values of one case and of a pool against plain lists of all elements, one entry each. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactSum } from '../../../src/base/statistics/exact-sum.ts';
import { BorderPool } from '../../../src/measures/boundary/border-pool.ts';
import { DistanceCounts } from '../../../src/measures/boundary/distance-list.ts';
import { DistanceSurvey } from '../../../src/measures/boundary/distance-survey.ts';
import { facetAreasMm2 } from '../../../src/measures/boundary/facet-areas.ts';
import { type BorderValues, borderValues } from '../../../src/measures/boundary/values.ts';
import { WeightedDistances } from '../../../src/measures/boundary/weighted-distances.ts';
import { randomNumbers } from '../../run/volumes.ts';

interface Element {
  readonly distance: number;
  readonly code: number;
}
interface PlainCase {
  readonly reference: readonly Element[];
  readonly prediction: readonly Element[];
  /** Which spacing the case has. */
  readonly grid: number;
}

const question = { percentiles: [5, 50, 95, 99.5, 100], tolerancesMm: [0, 1, 2.5] };
const areas = (
  [
    [1, 1, 1],
    [0.7, 0.7, 5],
    [0.123, 3, 0.9],
  ] as const
).map((spacing) => facetAreasMm2(spacing));

/** Distances as they are: roots of small numbers, far ones, ones beside each other, 0, equal ones in several cases. */
const distance = fc.oneof(
  fc.nat(60).map((square) => Math.sqrt(square)),
  fc.double({ min: 0.01, max: 500, noNaN: true }),
  fc.nat(3).map((steps) => 1 + steps * 2 ** -52),
  fc.constantFrom(0, 1e-7, 1e6),
);
const elements = fc.array(fc.record({ distance, code: fc.integer({ min: 1, max: 254 }) }), {
  minLength: 1,
  maxLength: 30,
});
const plainCase = fc.record({ reference: elements, prediction: elements, grid: fc.nat(areas.length - 1) });

function listsOf({ reference, prediction, grid }: PlainCase, isSurfel: boolean) {
  const of = (own: readonly Element[]) => {
    const counts = new DistanceCounts();
    for (const element of own) counts.add(element.distance, isSurfel ? element.code : 0, 1);
    return WeightedDistances.of(counts.list(), isSurfel ? areas[grid]! : null);
  };
  return { reference: of(reference), prediction: of(prediction) };
}

function poolOf(cases: readonly PlainCase[], border: 'voxel' | 'surfel') {
  const pool = new BorderPool(border, question);
  const entries = cases.map((own) => ({ lists: listsOf(own, border === 'surfel'), emptyDistanceMm: null }));
  for (const entry of entries) pool.add(entry);
  if (pool.chooseRows()) for (const entry of entries) pool.addRows(entry);
  return pool.values();
}

/** As numpy.percentile gives it. */
function percentileOf(values: readonly number[], percentile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (percentile / 100) * (sorted.length - 1);
  const [a, b] = [sorted[Math.floor(rank)]!, sorted[Math.min(Math.floor(rank) + 1, sorted.length - 1)]!];
  const part = rank - Math.floor(rank);
  return part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part);
}

const at = (own: readonly Element[]) => own.map((element) => element.distance);

test('pooled voxels are the elements of all cases, one entry each', () => {
  fc.assert(
    fc.property(fc.array(plainCase, { minLength: 1, maxLength: 6 }), (cases) => {
      const [r, p] = [
        cases.flatMap(({ reference }) => at(reference)),
        cases.flatMap((own) => at(own.prediction)),
      ];
      const found = poolOf(cases, 'voxel');
      expect(found.hd).toBe(Math.max(...r, ...p));
      expect([found.elementsReference, found.elementsPrediction]).toEqual([r.length, p.length]);
      for (const percentile of question.percentiles) {
        const index = (own: number[]) =>
          own.toSorted((a, b) => a - b)[Math.floor((own.length - 1) * (percentile / 100))]!;
        expect(found.percentiles[`hd${percentile}`]).toEqual({
          directed: Math.max(percentileOf(r, percentile), percentileOf(p, percentile)),
          pooled: percentileOf([...r, ...p], percentile),
          index: Math.max(index(r), index(p)),
        });
      }
      expect(found.assd!).toBeCloseTo(exactSum([...r, ...p]) / (r.length + p.length), 9);
      const within = (own: number[], tolerance: number) => own.filter((value) => value <= tolerance).length;
      for (const tolerance of question.tolerancesMm) {
        expect(found.nsd[tolerance]!.nsd).toBe(
          (within(r, tolerance) + within(p, tolerance)) / (r.length + p.length),
        );
        expect(found.nsd[tolerance]!.referenceWithin).toBe(within(r, tolerance) / r.length);
      }
    }),
    { numRuns: 200 },
  );
});

test('pooled surfels weigh their area in their own case; the order of cases does not matter', () => {
  fc.assert(
    fc.property(fc.array(plainCase, { minLength: 2, maxLength: 6 }), (cases) => {
      const found = poolOf(cases, 'surfel');
      expect(poolOf(cases.toReversed(), 'surfel')).toEqual(found);
      const weighted = (side: 'reference' | 'prediction') =>
        cases
          .flatMap((own) =>
            own[side].map(({ distance, code }) => ({ distance, weight: areas[own.grid]![code]! })),
          )
          .sort((a, b) => a.distance - b.distance);
      const [r, p] = [weighted('reference'), weighted('prediction')];
      const size = (list: typeof r) => exactSum(list.map(({ weight }) => weight));
      expect(found.sizeReference).toBeCloseTo(size(r), 9);
      expect(found.hd).toBe(Math.max(r.at(-1)!.distance, p.at(-1)!.distance));
      const mean = (list: typeof r) => exactSum(list.map((own) => own.distance * own.weight)) / size(list);
      const masd = (mean(r) + mean(p)) / 2;
      expect(Math.abs(found.masd! - masd)).toBeLessThanOrEqual(1e-12 * masd);
      for (const percentile of question.percentiles) {
        const { area } = found.percentiles[`hd${percentile}`]!;
        // One list reaches its share at this distance and no earlier, the other not later, but for roundings.
        const share = (list: typeof r, reached: (distance: number) => boolean) =>
          size(list.filter(({ distance }) => reached(distance))) / size(list);
        const enough = percentile / 100;
        for (const list of [r, p]) {
          expect(share(list, (distance) => distance <= area!)).toBeGreaterThan(enough - 1e-12);
        }
        expect(Math.min(...[r, p].map((list) => share(list, (distance) => distance < area!)))).toBeLessThan(
          enough + 1e-12,
        );
      }
    }),
    { numRuns: 150 },
  );
});

test('a pool of one case has its values, whatever cases are empty beside it', () => {
  fc.assert(
    fc.property(plainCase, fc.constantFrom('voxel' as const, 'surfel' as const), (own, border) => {
      const lists = listsOf(own, border === 'surfel');
      const alone = borderValues(border, lists, question, null);
      const { undefinedCases, ...pooled } = poolOf([own], border);
      expect(pooled).toEqual(alone);
      const empty = { ...own, reference: [], prediction: [] };
      const missed = {
        ...own,
        reference: own.reference.map((element) => ({ ...element, distance: Number.POSITIVE_INFINITY })),
        prediction: [],
      };
      const beside = poolOf([empty, own, missed], border);
      expect(beside.undefinedCases).toEqual({ oneEmpty: 1, bothEmpty: 1 });
      const distances = ({ hd, assd, masd, percentiles }: Omit<BorderValues, 'undefined'>) => ({
        hd,
        assd,
        masd,
        percentiles,
      });
      expect(distances(beside)).toEqual(distances(alone));
      // Its elements are not within any tolerance.
      expect(beside.elementsReference).toBe(2 * alone.elementsReference);
      expect(beside.nsd[1]!.referenceWithin!).toBeCloseTo(alone.nsd[1]!.referenceWithin! / 2, 9);
    }),
    { numRuns: 60 },
  );
});

test('what is held does not grow with the cases', () => {
  const random = randomNumbers(11);
  const lists = Array.from({ length: 30 }, () => {
    const distances = Float64Array.from({ length: 10_000 }, () => 0.5 + 100 * random()).sort();
    const counts = new Float64Array(distances.length).fill(1);
    return WeightedDistances.of({ distances, codes: new Uint8Array(distances.length), counts }, null);
  });
  const survey = new DistanceSurvey();
  for (const list of lists) survey.add(list);
  const counted = survey.list();
  survey.choose([counted.ofRank(Math.floor(0.95 * counted.elements))]);
  for (const list of lists) survey.gather(list);
  const found = survey.list();
  expect([counted.elements, found.elements]).toEqual([300_000, 300_000]);
  // 1024 buckets from a distance to its double, and eight doublings from 0.5 on; one bucket is held row by row.
  expect(counted.distances.length).toBeLessThan(8 * 1024);
  expect(found.distances.length - counted.distances.length).toBeLessThan(300_000 / 500);
});
