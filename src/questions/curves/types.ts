/** Curves of one class over the voxels of a case or of all scored cases. `null` is a value that is undefined. */

export const curveKinds = ['roc', 'pr', 'threshold', 'calibration'] as const;
export type CurveKind = (typeof curveKinds)[number];

/** What voxels with at least a score are: all of them are predicted foreground there, as in scikit-learn. */
export interface CurvePoint {
  /** The score as it was stored, a float32: a probability or a logit. Null where no voxel is foreground. */
  readonly score: number | null;
  /** The same as a probability. */
  readonly probability: number | null;
  readonly tp: number;
  readonly fp: number;
}

/** False against true positive rate, from (0, 0) to (1, 1). */
export interface RocPoint extends CurvePoint {
  readonly fpr: number;
  readonly tpr: number;
}

export interface PrPoint extends CurvePoint {
  readonly recall: number;
  readonly precision: number;
}

export interface ThresholdPoint extends CurvePoint {
  readonly dice: number;
  readonly jaccard: number;
}

export interface BestThreshold extends ThresholdPoint {
  /**
   * A value for `--threshold` that gives these counts (foreground is what lies above it); null where no
   * probability does, for the score 0 and for logits beyond the precision of float64.
   */
  readonly threshold: number | null;
}

/** Voxels with `low < p <= high`; the first bin also holds p = 0. */
export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly voxels: number;
  readonly foreground: number;
  readonly meanProbability: number | null;
  /** Foreground voxels of all its voxels. */
  readonly fraction: number | null;
}

export interface ClassCurves {
  readonly class: string;
  /** Id of the case; null for all scored cases pooled. */
  readonly case: string | null;
  /** Number of cases that it rests on. */
  readonly cases: number;
  readonly scores: 'probability' | 'logit';
  readonly voxels: number;
  readonly positives: number;
  readonly negatives: number;
  /**
   * Area under the straight lines between all points (a tie group is one line, so ties count half); null without
   * positives or negatives. From exact integer counts. As `sklearn.metrics.roc_auc_score`.
   */
  readonly roc?: { readonly auc: number | null; readonly points: readonly RocPoint[] };
  /**
   * Average precision Σ (R_n - R_(n-1))·P_n over all distinct scores, without interpolation; null without positives.
   * As `sklearn.metrics.average_precision_score`.
   */
  readonly pr?: { readonly averagePrecision: number | null; readonly points: readonly PrPoint[] };
  /** Dice and Jaccard; the best over all distinct scores (the highest of equal ones), null without positives. */
  readonly threshold?: { readonly best: BestThreshold | null; readonly points: readonly ThresholdPoint[] };
  /**
   * Expected calibration error Σ n_b/n·|fraction - mean p| over bins of equal width (Naeini et al. 2015; Guo et al.
   * 2017) and Brier score mean (p - t)² (Brier 1950); null without voxels. From integer sums in units of 2^-50.
   */
  readonly calibration?: {
    readonly ece: number | null;
    readonly brier: number | null;
    readonly bins: readonly CalibrationBin[];
  };
}
