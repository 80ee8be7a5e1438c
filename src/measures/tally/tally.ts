/**
 * The tally: every sum and count of some voxels. Tallies form a commutative monoid under `mergeTallies`: all members are
 * integers (or the smallest of indices), so neither order nor grouping can change a bit.
 */

import type { LabelPair } from '../../base/class-sums.ts';
import { compareLabels } from '../../base/label.ts';

/** An exact sum of voxel terms over all voxels and over the foreground ones, in units of 2^-1029 (base/statistics/sum-units.ts). */
export interface TermSum {
  readonly all: bigint;
  readonly foreground: bigint;
}

/** Voxels and errors of one class. */
export interface ClassOverlap {
  /** Foreground voxels of the reference. */
  readonly foreground: number;
  /** Voxels above the threshold, on foreground and on background. */
  readonly hardTp: number;
  readonly hardFp: number;
  /** Σ of the error: 1 - p on foreground, p on background. */
  readonly error: TermSum;
}

/** Sums of one class. */
export interface ClassTally extends ClassOverlap {
  /** Σ of each term of the run's settings, in their order. */
  readonly terms: readonly TermSum[];
}

/** Voxels that must not be scored, or were moved into range. */
export interface VoxelFault {
  readonly kind:
    | 'not-finite'
    | 'out-of-range'
    | 'moved'
    | 'not-a-label'
    | 'unknown-label'
    | 'logit-too-large'
    | 'sum-not-one';
  /** The file: a channel of the prediction (0 based), or -1 for the reference. */
  readonly channel: number;
  readonly count: number;
  /** Smallest linear index (x fastest) in the volume, and the value there, as text. */
  readonly firstIndex: number;
  readonly firstValue: string;
}

/** What is known of voxels before anything is measured of them. */
export interface GateTally {
  /** Voxels scored: all but the ignored ones. */
  readonly voxels: number;
  readonly ignored: number;
  readonly faults: readonly VoxelFault[];
  /** Over all channels and voxels as stored, moved and ignored ones among them; null for label maps. */
  readonly leastScore: number | null;
}

export interface Tally extends GateTally {
  readonly classes: readonly ClassTally[];
  /** Σ -log p of the label in units of 2^-1029, over `voxels` voxels. */
  readonly crossEntropy: { readonly voxels: number; readonly sum: bigint };
  /** [reference label, predicted label, voxels], sorted; empty where there is no predicted label. */
  readonly confusion: readonly LabelPair[];
}

export const noSum: TermSum = { all: 0n, foreground: 0n };
export const emptyOverlap: ClassOverlap = { foreground: 0, hardTp: 0, hardFp: 0, error: noSum };
export const emptyGate: GateTally = { voxels: 0, ignored: 0, faults: [], leastScore: null };

/** The neutral element for runs of `classes` classes and `terms` terms. */
export function emptyTally(classes: number, terms: number): Tally {
  const empty: ClassTally = { ...emptyOverlap, terms: Array.from({ length: terms }, () => noSum) };
  return {
    ...emptyGate,
    classes: Array.from({ length: classes }, () => empty),
    crossEntropy: { voxels: 0, sum: 0n },
    confusion: [],
  };
}

export function addSums(a: TermSum, b: TermSum): TermSum {
  return { all: a.all + b.all, foreground: a.foreground + b.foreground };
}

export function addOverlap(a: ClassOverlap, b: ClassOverlap): ClassOverlap {
  return {
    foreground: a.foreground + b.foreground,
    hardTp: a.hardTp + b.hardTp,
    hardFp: a.hardFp + b.hardFp,
    error: addSums(a.error, b.error),
  };
}

function mergeClasses(a: ClassTally, b: ClassTally): ClassTally {
  return {
    ...addOverlap(a, b),
    terms: a.terms.map((sum, i) => addSums(sum, b.terms[i]!)),
  };
}

/** Both are sorted, and so is what they give: adding many costs no more than their lengths. */
export function mergeConfusion(a: Tally['confusion'], b: Tally['confusion']): Tally['confusion'] {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  const merged: LabelPair[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [x, y] = [a[i], b[j]];
    const order = !x ? 1 : !y ? -1 : compareLabels(x[0], y[0]) || compareLabels(x[1], y[1]);
    if (order === 0) merged.push([x![0], x![1], x![2] + y![2]]);
    else merged.push(order < 0 ? x! : y!);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return merged;
}

function mergeFaults(a: readonly VoxelFault[], b: readonly VoxelFault[]): readonly VoxelFault[] {
  if (b.length === 0) return a;
  const faults = new Map<string, VoxelFault>();
  for (const fault of [...a, ...b]) {
    const key = `${fault.kind} ${fault.channel}`;
    const known = faults.get(key);
    if (!known) {
      faults.set(key, fault);
    } else {
      const first = fault.firstIndex < known.firstIndex ? fault : known;
      faults.set(key, { ...first, count: known.count + fault.count });
    }
  }
  return [...faults].sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0)).map(([, fault]) => fault);
}

function least(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

/** Associative and commutative. */
export function mergeGates(a: GateTally, b: GateTally): GateTally {
  return {
    voxels: a.voxels + b.voxels,
    ignored: a.ignored + b.ignored,
    faults: mergeFaults(a.faults, b.faults),
    leastScore: least(a.leastScore, b.leastScore),
  };
}

/** Associative and commutative; both must come from the same settings. */
export function mergeTallies(a: Tally, b: Tally): Tally {
  return {
    ...mergeGates(a, b),
    classes: a.classes.map((tally, i) => mergeClasses(tally, b.classes[i]!)),
    crossEntropy: addCrossEntropy(a.crossEntropy, b.crossEntropy),
    confusion: mergeConfusion(a.confusion, b.confusion),
  };
}

export function addCrossEntropy(a: Tally['crossEntropy'], b: Tally['crossEntropy']): Tally['crossEntropy'] {
  return { voxels: a.voxels + b.voxels, sum: a.sum + b.sum };
}
