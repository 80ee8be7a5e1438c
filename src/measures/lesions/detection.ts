/** Which components were found: a component counts as found when it shares a voxel with the other mask. */
import type { LesionTable } from './components.ts';

export interface Detection {
  /** Components of the reference that touch the prediction, and those that do not. */
  readonly truePositives: number;
  readonly falseNegatives: number;
  /** Components of the prediction that touch no reference. */
  readonly falsePositives: number;
  /** Components of the prediction that touch a reference. */
  readonly truePredictions: number;
}

export interface DetectionValues extends Detection {
  readonly sensitivity: number | null;
  readonly precision: number | null;
  readonly f1: number | null;
}

export function detect({ reference, prediction, overlap }: LesionTable): Detection {
  const found = new Set(overlap.reference).size;
  const truePredictions = new Set(overlap.prediction).size;
  return {
    truePositives: found,
    falseNegatives: reference.count - found,
    falsePositives: prediction.count - truePredictions,
    truePredictions,
  };
}

/** Counts of several cases add. */
export function addDetections(all: readonly Detection[]): Detection {
  const sum = { truePositives: 0, falseNegatives: 0, falsePositives: 0, truePredictions: 0 };
  for (const one of all) {
    sum.truePositives += one.truePositives;
    sum.falseNegatives += one.falseNegatives;
    sum.falsePositives += one.falsePositives;
    sum.truePredictions += one.truePredictions;
  }
  return sum;
}

/** Sensitivity is of components of the reference, precision of components of the prediction; F1 is their harmonic mean. */
export function detectionValues(counts: Detection): DetectionValues {
  const { truePositives, falseNegatives, falsePositives, truePredictions } = counts;
  const sensitivity = share(truePositives, truePositives + falseNegatives);
  const precision = share(truePredictions, truePredictions + falsePositives);
  return { ...counts, sensitivity, precision, f1: harmonicMean(sensitivity, precision) };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function harmonicMean(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return null;
  return a + b === 0 ? 0 : (2 * a * b) / (a + b);
}
