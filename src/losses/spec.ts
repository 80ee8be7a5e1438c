import {
  type ClassSums,
  distinctTerms,
  type HardCounts,
  type MulticlassSums,
  type TermSpec,
} from '../base/class-sums.ts';
import type { ScoreKind } from '../base/scored.ts';

/** Whose smoothing and clipping the defaults follow: the PyTorch listing's or the Keras listing's. */
export type Convention = 'pytorch' | 'keras';

/** What decides which losses exist. One channel alone is `independent`; a label map is `exclusive`. */
export interface LossContext {
  readonly convention: Convention;
  readonly scores: ScoreKind;
  readonly channels: 'exclusive' | 'independent';
  /** Names of the run's classes; if given, a list of classes in a parameter is checked against them. */
  readonly classNames?: readonly string[];
}

/** Which classes a mean holds: those with foreground in the reference, all of them, or a list of names. */
export type ClassSelection = 'present' | 'all' | readonly string[];

/** The measures of every class of one case or of the pool. */
export interface AllMeasures {
  readonly classes: Readonly<Record<string, ClassSums>>;
  readonly multiclass?: MulticlassSums;
  /** Where classes compete: each class's counts from the confusion matrix. They may differ from its `hard` counts. */
  readonly competing?: Readonly<Record<string, HardCounts>>;
}

/** What a loss needs tallied, beyond counts and the soft sums that are always there. */
interface Needs {
  /** Per-voxel terms whose sided sums it reads. */
  readonly terms: readonly TermSpec[];
  /** The sorted loss that it reads, which needs shards. */
  readonly lovasz?: 'hinge' | 'softmax';
}

/** A value for each class. `null` where it is undefined. */
export interface ClassCalculation extends Needs {
  readonly scope: 'class';
  /** `competing`: the class's counts from the confusion matrix, where classes compete. */
  value(measures: ClassSums, competing?: HardCounts): number | null;
}

/** One value over the competing classes. `null` where it is undefined. */
export interface MulticlassCalculation extends Needs {
  readonly scope: 'multiclass';
  value(measures: AllMeasures): number | null;
  /** The classes, by name, whose values a mean holds. */
  meanOver?(measures: AllMeasures): readonly string[];
}

interface Identity {
  /** `name`, `name:form` where there are forms, then the parameters that differ from the defaults. */
  readonly id: string;
  readonly name: string;
  readonly form?: string;
  /** Every parameter with its value, defaults included. */
  readonly params: Readonly<Record<string, number | ClassSelection>>;
}

export type ClassLossSpec = Identity & ClassCalculation;
export type MulticlassLossSpec = Identity & MulticlassCalculation;
/** A loss as a run evaluates it. One name may give two: a value for each class and their mean. */
export type LossSpec = ClassLossSpec | MulticlassLossSpec;

/** The distinct per-voxel terms that some losses need, in a fixed order. */
export function neededTerms(losses: readonly LossSpec[]): TermSpec[] {
  const terms = distinctTerms(losses.flatMap((loss) => loss.terms));
  return terms.sort((a, b) => a.gamma - b.gamma || a.clip - b.clip);
}

/** Which sorted losses, and so shards, some losses need. */
export function neededLovasz(losses: readonly LossSpec[]): ReadonlySet<'hinge' | 'softmax'> {
  return new Set(losses.flatMap((loss) => loss.lovasz ?? []));
}
