import type { Vec3 } from '../base/box.ts';
import type { ScoreKind, UnscoredCase } from '../base/scored.ts';
import type { Summary } from '../base/statistics/summary.ts';
import type { HardMetricName, HardMetrics } from '../losses/metrics/hard.ts';
import type { ClassSelection, Convention } from '../losses/spec.ts';

/**
 * What `results.json` holds. It depends on the inputs and the configuration only: no time, path of the machine or
 * order of work enters it. `null` is a value that is undefined; docs/results.schema.json describes every field.
 */
export interface ResultsDocument {
  /** Version of this layout. */
  readonly version: 1;
  readonly scores: ScoreKind;
  readonly channels: 'exclusive' | 'independent';
  readonly convention: Convention;
  /** How a voxel is given to a class for `hard`. The confusion matrix goes by the largest channel. */
  readonly decision: string;
  /** The β of `fbeta`. */
  readonly beta: number;
  readonly classes: readonly ClassDescription[];
  readonly losses: readonly LossDescription[];
  readonly cases: readonly CaseResult[];
  /** All scored cases as one volume; `null` when none was scored. */
  readonly pooled: PooledResult | null;
  readonly means: Means;
}

/** A label; above 2^53 - 1 its decimal digits, since most readers of JSON would round it. */
export type DocumentLabel = number | string;

export interface ClassDescription {
  readonly name: string;
  readonly labels: readonly DocumentLabel[];
}

export interface LossDescription {
  readonly id: string;
  readonly name: string;
  readonly form?: string;
  readonly scope: 'class' | 'multiclass';
  /** Every parameter, defaults included. */
  readonly params: Readonly<Record<string, number | ClassSelection>>;
}

/** Values by loss id. */
export type LossValues = Readonly<Record<string, number | null>>;

export interface ClassResult {
  /** Voxels without the ignored ones. */
  readonly voxels: number;
  /** Foreground voxels of the reference. */
  readonly foreground: number;
  /** Soft sums: tp = Σ p·t, fp = Σ p·(1 - t), fn = Σ t·(1 - p). */
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly losses: LossValues;
  readonly hard: HardMetrics;
}

/** What a case and the pool have in common. */
export interface ScoreResult {
  readonly classes: Readonly<Record<string, ClassResult>>;
  /** The multi-class losses. */
  readonly losses: LossValues;
  /** For each multi-class loss that is a mean over classes: the classes that it holds. */
  readonly meanOver: Readonly<Record<string, readonly string[]>>;
  readonly confusion?: ConfusionDocument;
}

/** Voxels by label of the reference and of the prediction: a matrix, or of more than 256 labels the pairs that occur. */
export type ConfusionDocument = { readonly labels: readonly DocumentLabel[] } & (
  | {
      /** `matrix[i][j]`: voxels with reference `labels[i]` and prediction `labels[j]`. */
      readonly matrix: readonly (readonly number[])[];
      readonly pairs?: undefined;
    }
  | {
      /** `[i, j, voxels]`: voxels with reference `labels[i]` and prediction `labels[j]`; no pair of 0 voxels. */
      readonly pairs: readonly (readonly [reference: number, prediction: number, voxels: number])[];
      readonly matrix?: undefined;
    }
);

export interface ScoredCaseResult extends ScoreResult {
  readonly id: string;
  readonly group?: string;
  readonly status: 'ok';
  readonly shape: Vec3;
  readonly spacingMm: Vec3;
}

export type CaseResult = ScoredCaseResult | UnscoredCase;

export interface PooledResult extends ScoreResult {
  /** Number of cases that it rests on. */
  readonly cases: number;
}

/** Statistics over cases: `count + undefined + failed` is the number of all cases. */
export interface CaseSummary extends Summary {
  /** Scored cases where the value is undefined. */
  readonly undefined: number;
  /** Cases without any value, failed or incomplete. */
  readonly failed: number;
}

/** Mean over classes of their means over cases. */
export interface ClassesMean {
  readonly mean: number | null;
  /** The classes that it holds: those whose own mean is defined. */
  readonly classes: readonly string[];
}

export interface Means {
  readonly classes: Readonly<
    Record<
      string,
      {
        readonly losses: Readonly<Record<string, CaseSummary>>;
        readonly hard: Readonly<Record<HardMetricName, CaseSummary>>;
      }
    >
  >;
  /** The multi-class losses. */
  readonly losses: Readonly<Record<string, CaseSummary>>;
  readonly overClasses: {
    readonly losses: Readonly<Record<string, ClassesMean>>;
    readonly hard: Readonly<Record<HardMetricName, ClassesMean>>;
  };
}
