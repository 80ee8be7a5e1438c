/** The sums and sorted losses of one class of a tile, by tensors, each with the bound of docs/audit.md. */
import { type TermSpec, termText } from '../base/class-sums.ts';
import { logitOf } from '../measures/tile/threshold.ts';
import { type Bounded, type FlatVoxels, flatLovasz, flatSums } from '../tfjs/flat.ts';
import type { Scores } from './softmax.ts';
import { flushSubnormals } from './subnormals.ts';
import { type AuditValue, count } from './values.ts';
import { voxelTerm } from './voxel-term.ts';

export interface ClassQuestion {
  readonly scores: Scores;
  /** 1 on foreground, 0 on background. */
  readonly truth: Uint8Array;
  readonly from: FlatVoxels['from'];
  readonly terms: readonly TermSpec[];
  readonly lovasz: readonly ('hinge' | 'softmax')[];
  /** A probability: foreground is what lies above it. */
  readonly threshold: number;
  /** 1 on voxels given to the class by the largest channel, where that decides and not the threshold. */
  readonly chosen?: Uint8Array;
}

/** Values by the names that `TileValues` have. */
export type ClassValues = ReadonlyMap<string, AuditValue>;

/** Voxels whose tensors live at once for the sums. */
const chunkVoxels = 2 ** 21;

/** Roundings of 2^-53 that the run's own float64 term takes at most, by its formulas and exp, log and pow within an ulp or two. */
const termSlack = 2 ** -47;

export function termName(spec: TermSpec, side: 'foreground' | 'background'): string {
  return `term ${termText(spec)} ${side}`;
}

export async function classValues(question: ClassQuestion): Promise<ClassValues> {
  const { scores, truth, from, terms, lovasz } = question;
  const voxels = scores.values.length;
  const values = new Map<string, AuditValue>();
  const put = (name: string, { value, bound }: Bounded, unsure: number) =>
    values.set(name, { value, bound: bound + termSlack * value + unsure });
  const flushed =
    from === 'probability' ? flushSubnormals(scores.values) : { scores: scores.values, places: [] };
  const sums = await chunkedSums(question, flushed.scores);
  const spread = (side: 0 | 1, of: (p: number) => number) => unsureSum(question, side, of);
  values.set('foreground', count(sums.foreground));
  put('tp', sums.tp, spread(1, identity));
  put('fp', sums.fp, spread(0, identity));
  put('fn', sums.fn, spread(1, identity));
  terms.forEach((spec, at) => {
    const { foreground, background } = sums.terms[at]!;
    const lost = flushed.places.reduce(
      (sum, i) => sum + truth[i]! * (voxelTerm(scores.values[i]!, spec) - voxelTerm(0, spec)),
      0,
    );
    put(
      termName(spec, 'foreground'),
      { value: foreground.value + lost, bound: foreground.bound },
      spread(1, (p) => voxelTerm(p, spec)),
    );
    put(
      termName(spec, 'background'),
      background,
      spread(0, (p) => voxelTerm(1 - p, spec)),
    );
  });
  for (const loss of lovasz) {
    if (voxels === 0) continue;
    const value = await flatLovasz({ scores: scores.values, truth, from }, loss);
    // The extension moves by at most the largest change of an error.
    const moves = [...scores.unsure.values()].map(([low, high]) => high - low);
    put(
      `lovasz-${loss}`,
      value,
      moves.reduce((most, move) => Math.max(most, move), 0),
    );
  }
  hardCounts(question, values);
  return values;
}

async function chunkedSums({ truth, from, terms }: ClassQuestion, scores: Float32Array) {
  const add = (a: Bounded, b: Bounded): Bounded => ({ value: a.value + b.value, bound: a.bound + b.bound });
  const zero: Bounded = { value: 0, bound: 0 };
  let sums = {
    foreground: 0,
    tp: zero,
    fp: zero,
    fn: zero,
    terms: terms.map(() => ({ foreground: zero, background: zero })),
  };
  for (let start = 0; start < scores.length; start += chunkVoxels) {
    const end = Math.min(start + chunkVoxels, scores.length);
    const voxels = { scores: scores.subarray(start, end), truth: truth.subarray(start, end), from };
    const part = await flatSums(voxels, terms);
    sums = {
      foreground: sums.foreground + part.foreground,
      tp: add(sums.tp, part.tp),
      fp: add(sums.fp, part.fp),
      fn: add(sums.fn, part.fn),
      terms: sums.terms.map(({ foreground, background }, at) => ({
        foreground: add(foreground, part.terms[at]!.foreground),
        background: add(background, part.terms[at]!.background),
      })),
    };
  }
  return sums;
}

function hardCounts(
  { scores, truth, from, threshold, chosen }: ClassQuestion,
  values: Map<string, AuditValue>,
): void {
  const level = from === 'logit' ? logitOf(threshold) : threshold;
  const above = [0, 0];
  if (chosen) {
    for (let i = 0; i < chosen.length; i++) if (chosen[i]) above[truth[i]!]!++;
    values.set('hard tp', count(above[1]!));
    values.set('hard fp', count(above[0]!));
    return;
  }
  const open = [0, 0];
  for (let i = 0; i < scores.values.length; i++) if (scores.values[i]! > level) above[truth[i]!]!++;
  for (const [i, [low, high]] of scores.unsure) if (low <= level && high > level) open[truth[i]!]!++;
  values.set('hard tp', { value: above[1]!, bound: open[1]! });
  values.set('hard fp', { value: above[0]!, bound: open[0]! });
}

/** By how much a sum of `of` over the voxels of a side may differ because of scores that two computations round differently. */
function unsureSum({ scores, truth }: ClassQuestion, side: 0 | 1, of: (p: number) => number): number {
  let sum = 0;
  for (const [i, [low, high]] of scores.unsure) if (truth[i] === side) sum += Math.abs(of(high) - of(low));
  return sum;
}

function identity(p: number): number {
  return p;
}
