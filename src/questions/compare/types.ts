/** What a comparison of two runs tells. Differences are b - a. `null` is a value that is undefined. */
import type { Interval } from './bootstrap.ts';
import type { MeasureName } from './resum.ts';
import type { WilcoxonResult } from './wilcoxon.ts';

export const comparisonVersion = 2;

export interface ComparedMean {
  /** Cases where both values are defined; means and the difference are over these. */
  readonly count: number;
  /** Matched cases where one of them is not. */
  readonly undefined: number;
  readonly a: number | null;
  readonly b: number | null;
  readonly difference: number | null;
  readonly interval: Interval | null;
  /** Null where every difference is 0. */
  readonly wilcoxon: WilcoxonResult | null;
}

export interface ComparedPool {
  readonly a: number | null;
  readonly b: number | null;
  readonly difference: number | null;
  /** Null for sorted losses, which are no function of the cases' sums. */
  readonly interval: Interval | null;
}

export interface ComparedMeasure extends MeasureName {
  /** Null for Dice by mm³, which only a pool has. */
  readonly means: ComparedMean | null;
  /** Over the voxels of the matched cases. */
  readonly pooled: ComparedPool;
}

export interface Comparison {
  /** Version of this layout. */
  readonly version: typeof comparisonVersion;
  /** The folders of the runs, as given. */
  readonly a: string;
  readonly b: string;
  readonly seed: number;
  readonly resamples: number;
  /** Share of the draws that an interval holds. */
  readonly level: number;
  readonly method: 'percentile bootstrap over cases';
  /** Ids of the cases that both runs scored, in the order of a. */
  readonly cases: readonly string[];
  readonly leftOut: {
    readonly casesOfA: readonly string[];
    readonly casesOfB: readonly string[];
    /** In both runs and without a score in one of them. */
    readonly unscored: readonly string[];
    /** Classes and losses that only one run has, or with other labels or parameters. */
    readonly classes: readonly string[];
    readonly losses: readonly string[];
  };
  /** Settings in which the runs differ, in words; a comparison goes on with them. */
  readonly differences: readonly string[];
  readonly measures: readonly ComparedMeasure[];
}
