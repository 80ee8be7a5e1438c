import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HardCounts, LabelPair } from '../../../src/base/class-sums.ts';
import { exactRatio } from '../../../src/base/statistics/exact-ratio.ts';
import { countsOfLabels } from '../../../src/losses/metrics/confusion.ts';
import {
  type CaseCounts,
  caseVolumes,
  diceByMm3,
  hardMetricNames,
  hardMetrics,
  pooledVolumes,
} from '../../../src/losses/metrics/hard.ts';

const metrics = (counts: HardCounts, beta?: number) =>
  hardMetrics(counts, caseVolumes({ counts, voxelMm3: 1 }), beta);

describe('hardMetrics', () => {
  test('of plain counts', () => {
    expect(metrics({ tp: 60, fp: 20, fn: 40, tn: 880 }, 2)).toEqual({
      tp: 60,
      fp: 20,
      fn: 40,
      tn: 880,
      dice: 120 / 180,
      jaccard: 0.5,
      precision: 0.75,
      recall: 0.6,
      specificity: 880 / 900,
      fbeta: 300 / 480,
      predictedVolumeMl: 0.08,
      referenceVolumeMl: 0.1,
      relativeVolumeDifference: -0.2,
    });
  });

  test('beta 1 is Dice', () => {
    const { dice, fbeta } = metrics({ tp: 7, fp: 2, fn: 3, tn: 5 });
    expect(fbeta).toBe(dice);
  });

  test.each([
    [
      'no voxel',
      { tp: 0, fp: 0, fn: 0, tn: 0 },
      { dice: null, jaccard: null, specificity: null, recall: null },
    ],
    [
      'neither side holds any',
      { tp: 0, fp: 0, fn: 0, tn: 9 },
      { dice: null, precision: null, specificity: 1 },
    ],
    [
      'empty reference',
      { tp: 0, fp: 4, fn: 0, tn: 5 },
      { dice: 0, recall: null, relativeVolumeDifference: null },
    ],
    [
      'empty prediction',
      { tp: 0, fp: 0, fn: 4, tn: 5 },
      { dice: 0, precision: null, relativeVolumeDifference: -1 },
    ],
    ['no background', { tp: 9, fp: 0, fn: 0, tn: 0 }, { dice: 1, fbeta: 1, specificity: null }],
  ])('%s', (_name, counts, expected) => {
    expect(metrics(counts)).toMatchObject(expected);
  });

  test('the relative volume difference is a quotient of counts, whatever the size of a voxel', () => {
    const counts = { tp: 3, fp: 0, fn: 7, tn: 90 };
    for (const voxelMm3 of [0.1, 1 / 3, 0.7 * 0.7 * 3.3]) {
      expect(caseVolumes({ counts, voxelMm3 }).relativeDifference).toBe(-0.7);
    }
  });
});

describe('a pool of cases whose voxels differ in size', () => {
  const cases: CaseCounts[] = [
    { counts: { tp: 10, fp: 0, fn: 0, tn: 90 }, voxelMm3: 0.1 },
    { counts: { tp: 0, fp: 10, fn: 30, tn: 60 }, voxelMm3: 0.3 },
  ];

  test('Dice by mm³ weighs voxels by their volume', () => {
    const [common, both] = [2 * 10 * 0.1, 20 * 0.1 + 40 * 0.3];
    expect(diceByMm3(cases)).toBeCloseTo(common / both, 15);
    const pooled = hardMetrics({ tp: 10, fp: 10, fn: 30, tn: 150 }, pooledVolumes(cases));
    expect(pooled.dice).toBe(20 / 60);
    expect(pooled.relativeVolumeDifference).toBeCloseTo((4 - 10) / 10, 15);
  });

  test('volumes add up exactly, in any order', () => {
    expect(pooledVolumes(cases)).toEqual(pooledVolumes([...cases].reverse()));
    const thirds = [0.1, 0.2, 0.3].map((mm3) => ({ counts: cases[0]!.counts, voxelMm3: 1000 * mm3 }));
    expect(pooledVolumes(thirds).predictedMl).toBe(6);
  });

  test('cases of one size of voxel have one Dice, to the last bit', () => {
    const count = fc.integer({ min: 0, max: 2 ** 40 });
    const counts = fc.record({ tp: count, fp: count, fn: count, tn: count });
    fc.assert(
      fc.property(fc.array(counts, { minLength: 1, maxLength: 9 }), fc.double(sizes), (all, voxelMm3) => {
        const sum = (key: keyof HardCounts) => all.reduce((total, entry) => total + entry[key], 0);
        const added = { tp: sum('tp'), fp: sum('fp'), fn: sum('fn'), tn: sum('tn') };
        const pool = all.map((counts) => ({ counts, voxelMm3 }));
        const { dice, relativeVolumeDifference } = hardMetrics(added, pooledVolumes(pool));
        expect(diceByMm3(pool)).toBe(dice);
        expect(relativeVolumeDifference).toBe(
          added.tp + added.fn === 0 ? null : (added.fp - added.fn) / (added.tp + added.fn),
        );
      }),
    );
  });
});

const sizes = { min: 1e-9, max: 1e9, noNaN: true, noDefaultInfinity: true };

test('an exact ratio is rounded once: of two integers it is their quotient in float64', () => {
  const whole = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
  const positive = fc.integer({ min: 1, max: 2 ** 53 - 1 });
  fc.assert(
    fc.property(whole, positive, fc.double(sizes), (numerator, denominator, weight) => {
      expect(exactRatio([{ numerator, denominator, weight }])).toBe(
        numerator === 0 ? 0 : numerator / denominator,
      );
    }),
  );
  expect(exactRatio([])).toBeNull();
  // 2^53 + 1 over 1 lies half way between two float64; any more tips it.
  const tie = { numerator: 2 ** 53, denominator: 1, weight: 1 };
  const one = { numerator: 1, denominator: 0, weight: 1 };
  expect(exactRatio([tie, one])).toBe(2 ** 53);
  expect(exactRatio([tie, one, { ...one, weight: 2 ** -200 }])).toBe(2 ** 53 + 2);
});

test('counts have no mean', () => {
  expect(hardMetricNames).toEqual(Object.keys(metrics({ tp: 1, fp: 1, fn: 1, tn: 1 })).slice(0, -4));
});

describe('countsOfLabels', () => {
  const matrix: readonly LabelPair[] = [
    [0, 0, 50],
    [0, 1, 1],
    [0, 4, 2],
    [1, 0, 3],
    [1, 1, 20],
    [1, 4, 4],
    [4, 0, 5],
    [4, 1, 6],
    [4, 4, 30],
  ];

  test('of a label and of a region', () => {
    expect(countsOfLabels(matrix, [1])).toEqual({ tp: 20, fp: 7, fn: 7, tn: 87 });
    expect(countsOfLabels(matrix, [1, 4])).toEqual({ tp: 60, fp: 3, fn: 8, tn: 50 });
    expect(countsOfLabels(matrix, [9])).toEqual({ tp: 0, fp: 0, fn: 0, tn: 121 });
  });

  test('count every voxel once, whatever the region', () => {
    fc.assert(
      fc.property(fc.subarray([0, 1, 4, 9]), (region) => {
        const { tp, fp, fn, tn } = countsOfLabels(matrix, region);
        expect(tp + fp + fn + tn).toBe(121);
      }),
    );
  });
});
