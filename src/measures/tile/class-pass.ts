/** One pass over the voxels of a class, which gives its counts, its errors and its terms together, and the errors slab by slab. */
import type { Kernels } from '../../kernels/kernels.ts';
import { readWideSum, wideSumBytes } from '../../kernels/wide-sums.ts';
import type { ClassOverlap, TermSum } from '../tally/tally.ts';

/** What the pass goes over. */
export interface PassRequest {
  readonly kernels: Kernels;
  /** Addresses of float32 scores, of mask bytes, of predicted labels, of rows of terms, and of room for the sums. */
  readonly scores: number;
  readonly mask: number;
  readonly labels: number;
  readonly terms: number;
  readonly out: number;
  readonly logit: 0 | 1;
  readonly termCount: number;
  /** Scores above it are foreground, unless the predicted label `label` says so. */
  readonly threshold: number;
  readonly label: number | null;
  readonly slabs: readonly number[];
}

export interface ClassPass {
  readonly overlap: ClassOverlap;
  readonly terms: readonly TermSum[];
  /** The overlap after each slab, all slabs before it included; empty where the tile is one. */
  readonly bySlab: readonly ClassOverlap[];
}

/** Bytes of the sums of a class: four counts, then the error and each term, over all voxels and over the foreground. */
export function passBytes(terms: number): number {
  return 32 + 2 * wideSumBytes * (1 + terms);
}

export function passClass(request: PassRequest): ClassPass {
  const { kernels, scores, mask, labels, terms, out, logit, termCount, threshold, label, slabs } = request;
  const { buffer } = kernels.memory;
  new Uint8Array(buffer, out, passBytes(termCount)).fill(0);
  const counts = new BigInt64Array(buffer, out, 3);
  /** Of the error (0), or of a term (from 1 on). */
  const sum = (index: number): TermSum => {
    const at = out + 32 + 2 * wideSumBytes * index;
    return { all: readWideSum(buffer, at), foreground: readWideSum(buffer, at + wideSumBytes) };
  };
  const soFar = (): ClassOverlap => ({
    foreground: Number(counts[0]),
    hardTp: Number(counts[1]),
    hardFp: Number(counts[2]),
    error: sum(0),
  });
  // Above infinity lies nothing: the hard counts come from the predicted labels then.
  const limit = label === null ? threshold : Number.POSITIVE_INFINITY;
  const bySlab: ClassOverlap[] = [];
  let at = 0;
  for (const voxels of slabs) {
    const [score, side] = [scores + 4 * at, mask + at];
    kernels.sumTerms(score, side, voxels, logit, limit, terms, termCount, out);
    if (label !== null) kernels.countLabel(labels + 2 * at, label, side, voxels, out);
    at += voxels;
    if (slabs.length > 1) bySlab.push(soFar());
  }
  return { overlap: soFar(), terms: Array.from({ length: termCount }, (_, i) => sum(1 + i)), bySlab };
}
