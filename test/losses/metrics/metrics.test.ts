import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HardCounts, LabelPair } from '../../../src/base/class-sums.ts';
import { countsOfLabels } from '../../../src/losses/metrics/confusion.ts';
import { addVolumesMl, hardMetrics, volumesMl } from '../../../src/losses/metrics/hard.ts';

const voxelMm3 = 1;
const metrics = (counts: HardCounts, beta?: number) => hardMetrics(counts, volumesMl(counts, voxelMm3), beta);

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
      relativeVolumeDifference: (0.08 - 0.1) / 0.1,
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

  test('volumes of cases with different spacings add up exactly', () => {
    const volumes = [0.1, 0.2, 0.3].map((ml) => ({ predicted: ml, reference: 1 }));
    expect(addVolumesMl(volumes)).toEqual(addVolumesMl([...volumes].reverse()));
    expect(addVolumesMl(volumes)).toEqual({ predicted: 0.6, reference: 3 });
  });
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
