/** Panoptic quality: components of both masks are paired one to one by their intersection over union. */
import { exactSum } from '../../base/statistics/exact-sum.ts';
import type { LesionTable } from './components.ts';

export interface Pair {
  readonly reference: number;
  readonly prediction: number;
  readonly iou: number;
}

export interface Panoptic {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  /** Sum of the pairs' IoU. */
  readonly iouSum: number;
}

export interface PanopticValues {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly rq: number | null;
  readonly sq: number | null;
  readonly pq: number | null;
}

/**
 * Pairs whose IoU is above `matchIou`, the highest first, then by number. Above a half every pair is unique; below, a component
 * is taken by its first pair.
 */
export function matchComponents({ reference, prediction, overlap }: LesionTable, matchIou: number): Pair[] {
  const candidates: Pair[] = [];
  for (let i = 0; i < overlap.voxels.length; i++) {
    const [r, p, both] = [overlap.reference[i]!, overlap.prediction[i]!, overlap.voxels[i]!];
    const iou = both / (reference.voxels[r - 1]! + prediction.voxels[p - 1]! - both);
    if (iou > matchIou) candidates.push({ reference: r, prediction: p, iou });
  }
  candidates.sort((a, b) => b.iou - a.iou || a.reference - b.reference || a.prediction - b.prediction);
  const [taken, takenPrediction] = [new Set<number>(), new Set<number>()];
  return candidates.filter((pair) => {
    if (taken.has(pair.reference) || takenPrediction.has(pair.prediction)) return false;
    taken.add(pair.reference);
    takenPrediction.add(pair.prediction);
    return true;
  });
}

export function panoptic(table: LesionTable, matchIou: number): Panoptic {
  const pairs = matchComponents(table, matchIou);
  return {
    tp: pairs.length,
    fp: table.prediction.count - pairs.length,
    fn: table.reference.count - pairs.length,
    iouSum: exactSum(pairs.map(({ iou }) => iou)),
  };
}

/** Counts of several cases add. */
export function addPanoptics(all: readonly Panoptic[]): Panoptic {
  const sum = (field: keyof Panoptic) => exactSum(all.map((one) => one[field]));
  return { tp: sum('tp'), fp: sum('fp'), fn: sum('fn'), iouSum: sum('iouSum') };
}

export function panopticValues({ tp, fp, fn, iouSum }: Panoptic): PanopticValues {
  const whole = tp + fp / 2 + fn / 2;
  const rq = whole === 0 ? null : tp / whole;
  const sq = tp === 0 ? null : iouSum / tp;
  return { tp, fp, fn, rq, sq, pq: rq === null ? null : sq === null ? 0 : rq * sq };
}
