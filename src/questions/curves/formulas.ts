/** Values and points of curves from exact counts. Conventions are those of scikit-learn where it has the curve. */
import { compensatedSum } from '../../measures/sorted-errors/lovasz-sum.ts';
import { scoreOfKey } from '../../measures/sorted-errors/score-keys.ts';
import type { WalkedRange, WalkPoint } from '../../measures/sorted-errors/walk-range.ts';
import { hardThreshold } from '../../measures/tile/threshold.ts';
import type { BestThreshold, CurvePoint, PrPoint, RocPoint, ThresholdPoint } from './types.ts';

export interface SideCounts {
  readonly positives: number;
  readonly negatives: number;
}

/** Twice the area in voxel pairs is an integer; it is divided once. */
export function rocArea(walked: readonly WalkedRange[], { positives, negatives }: SideCounts): number | null {
  if (positives === 0 || negatives === 0) return null;
  const twice = walked.reduce((sum, { area }) => sum + area, 0n);
  const whole = 2n * BigInt(positives) * BigInt(negatives);
  // The quotient in units of 2^-64, so that only one rounding to float64 is left.
  return Number((twice << 64n) / whole) / 2 ** 64;
}

export function averagePrecision(walked: readonly WalkedRange[], { positives }: SideCounts): number | null {
  return positives === 0 ? null : compensatedSum(walked.map(({ precision }) => precision)) / positives;
}

function curvePoint({ key, probability, tp, fp }: WalkPoint, logit: boolean): CurvePoint {
  return { score: scoreOfKey(key, logit), probability, tp, fp };
}

/** Empty without positives or negatives. */
export function rocPoints(points: readonly WalkPoint[], counts: SideCounts, logit: boolean): RocPoint[] {
  const { positives, negatives } = counts;
  if (positives === 0 || negatives === 0) return [];
  const none = { score: null, probability: null, tp: 0, fp: 0, fpr: 0, tpr: 0 };
  return [
    none,
    ...points.map((point) => ({
      ...curvePoint(point, logit),
      fpr: point.fp / negatives,
      tpr: point.tp / positives,
    })),
  ];
}

/** Begins at recall 0 and precision 1, which no voxel makes. Empty without positives. */
export function prPoints(points: readonly WalkPoint[], { positives }: SideCounts, logit: boolean): PrPoint[] {
  if (positives === 0) return [];
  const none = { score: null, probability: null, tp: 0, fp: 0, recall: 0, precision: 1 };
  return [
    none,
    ...points.map((point) => ({
      ...curvePoint(point, logit),
      recall: point.tp / positives,
      precision: point.tp / (point.tp + point.fp),
    })),
  ];
}

function thresholdPoint(point: WalkPoint, { positives }: SideCounts, logit: boolean): ThresholdPoint {
  const { tp, fp } = point;
  const fn = positives - tp;
  return {
    ...curvePoint(point, logit),
    dice: (2 * tp) / (2 * tp + fp + fn),
    jaccard: tp / (tp + fp + fn),
  };
}

export function thresholdPoints(
  points: readonly WalkPoint[],
  counts: SideCounts,
  logit: boolean,
): ThresholdPoint[] {
  return points.map((point) => thresholdPoint(point, counts, logit));
}

export function bestThreshold(
  best: WalkPoint | null,
  counts: SideCounts,
  logit: boolean,
): BestThreshold | null {
  if (!best) return null;
  return { ...thresholdPoint(best, counts, logit), threshold: thresholdBelow(best.key, logit) };
}

/**
 * A probability threshold that tells this score from the next lower float32: foreground is what lies above. Between
 * two logits it is the sigmoid of their mean, if the way back through float64 leads between them again.
 */
function thresholdBelow(key: number, logit: boolean): number | null {
  if (!logit && key === 0) return null;
  const score = scoreOfKey(key, logit);
  const below = nextBelow(score);
  if (!logit) return below;
  const threshold = 1 / (1 + Math.exp(-(score + below) / 2));
  return threshold < 1 && hardThreshold(threshold, true) === below ? threshold : null;
}

/** The next float32 towards minus infinity. */
function nextBelow(value: number): number {
  const float = Float32Array.of(value);
  const bits = new Int32Array(float.buffer);
  if (value === 0) return -(2 ** -149);
  bits[0]! += value > 0 ? -1 : 1;
  return float[0]!;
}
