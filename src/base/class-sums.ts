/** What the formulas read: the merged, exact sums of one class over some voxels (a case, or all cases pooled). */
import type { Label } from './label.ts';

/**
 * A per-voxel term: `(1 - q)^gamma * -log q` with q the score of the truth (p on foreground, 1 - p on background).
 * `gamma` 0 is the binary cross-entropy. `clip` c > 0 clips p to [c, h] first, h the float64 next to 1 - c, so that q of a
 * background voxel with p = 1 is 1 - h and not c; `clip` 0 clamps `-log q` at 100.
 */
export interface TermSpec {
  readonly gamma: number;
  readonly clip: number;
}

/** A term in words; terms are the same where these are. */
export function termText({ gamma, clip }: TermSpec): string {
  return `gamma=${gamma} clip=${clip}`;
}

/** Place of a term in a list; -1 where it is not there. */
export function findTerm(terms: readonly TermSpec[], spec: TermSpec): number {
  return terms.findIndex((each) => termText(each) === termText(spec));
}

/** Each term once, in the order of the first ones. */
export function distinctTerms(terms: readonly TermSpec[]): TermSpec[] {
  return terms.filter((spec, at) => findTerm(terms, spec) === at);
}

/** Sum of a term over the voxels of each side of the label. */
export interface SidedSum {
  readonly foreground: number;
  readonly background: number;
}

/** How many voxels have a label in the reference and another, or the same, in the prediction. */
export type LabelPair = readonly [reference: Label, prediction: Label, voxels: number];

/** Hard counts of voxels. */
export interface HardCounts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

export interface ClassSums {
  /** n: voxels without the ignored ones. */
  readonly voxels: number;
  /** T: foreground voxels of the reference. */
  readonly foreground: number;
  /** Soft sums: tp = Σ p·t, fp = Σ p·(1 - t), fn = Σ t·(1 - p). */
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  /** Counts at the threshold, from the arg-max or from the label map. */
  readonly hard: HardCounts;
  /** Sum of a term that the run has tallied; undefined when scores are labels. */
  term(spec: TermSpec): SidedSum | undefined;
  /** Sorted losses, computed from shards; null where undefined, undefined where not computed. */
  readonly lovaszHinge?: number | null;
  readonly lovaszSoftmax?: number | null;
}

/** Sums over the competing classes of one case or of the pool. */
export interface MulticlassSums {
  /** Voxels without the ignored ones. */
  readonly voxels: number;
  /** Σ -log p_label; undefined for label maps and independent channels. */
  readonly crossEntropySum?: number;
  /** Pairs of labels that occur together, ascending. */
  readonly confusion: readonly LabelPair[];
}
