import type { Axis, Vec3 } from './box.ts';
import type { ClassSums, MulticlassSums } from './class-sums.ts';
import type { Label } from './label.ts';

/** What a run hands to its results: one entry a case, in manifest order, and the pool. */

export interface ScoredCase {
  readonly id: string;
  readonly group?: string;
  readonly status: 'ok';
  readonly shape: Vec3;
  readonly spacingMm: Vec3;
  /** Axes along which the header of the reference gives no voxel size, so that one is assumed; absent where it gives all. */
  readonly unsizedAxes?: readonly Axis[];
  /** Volume of a voxel. */
  readonly voxelMm3: number;
  readonly predictionFile: string;
  readonly referenceFile: string;
  readonly classes: Readonly<Record<string, ClassSums>>;
  readonly multiclass?: MulticlassSums;
}

export interface UnscoredCase {
  readonly id: string;
  readonly group?: string;
  readonly status: 'failed' | 'incomplete';
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly file?: string;
    readonly field?: string;
    readonly voxel?: Vec3;
  };
}

export type CaseOutcome = ScoredCase | UnscoredCase;

/** A named class: the set of reference labels that count as its foreground. */
export interface ClassSpec {
  readonly name: string;
  readonly labels: readonly Label[];
}

export type ScoreKind = 'probability' | 'logit' | 'label';

export interface RunOutcome {
  readonly scores: ScoreKind;
  readonly channels: 'exclusive' | 'independent';
  readonly classes: readonly ClassSpec[];
  /** May be gone through again and again; each time the entries may be made anew, so that they are never all held at once. */
  readonly cases: Iterable<CaseOutcome>;
  /** Sums over all scored cases as one volume; undefined when no case was scored. */
  readonly pooled?: {
    readonly classes: Readonly<Record<string, ClassSums>>;
    readonly multiclass?: MulticlassSums;
  };
}

/** One whose cases are all at hand. */
export interface HeldOutcome extends RunOutcome {
  readonly cases: readonly CaseOutcome[];
}
