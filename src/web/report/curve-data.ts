/** Curves of the pooled voxels for the page, from the shards that a run kept. */

import { VoxtallyError } from '../../base/errors.ts';
import {
  type FinishedRun,
  hasShards,
  openFinishedRun,
  scoredOutcomes,
} from '../../questions/ask/finished-run.ts';
import { curves, type PooledShards } from '../../questions/curves/curves.ts';
import type { ClassCurves } from '../../questions/curves/types.ts';
import type { ResultsDocument } from '../../results/document.ts';

/** Columns of a class's curves; numbers of five digits. */
export interface CurveData {
  readonly class: string;
  readonly cases: number;
  readonly voxels: number;
  readonly positives: number;
  readonly auc: number | null;
  readonly averagePrecision: number | null;
  /** [threshold as a probability, Dice] */
  readonly best: readonly [number, number] | null;
  readonly ece: number | null;
  readonly brier: number | null;
  /** Points as [x, y, probability from which on voxels count as foreground]. */
  readonly roc: readonly CurveNumbers[];
  readonly pr: readonly CurveNumbers[];
  /** [probability, Dice, Jaccard] */
  readonly threshold: readonly CurveNumbers[];
  /** [mean probability, fraction of foreground, voxels] of bins that hold voxels. */
  readonly bins: readonly CurveNumbers[];
}

export type CurveNumbers = readonly (number | null)[];

export interface CurveSection {
  readonly curves: readonly CurveData[];
  /** Why there are none, or not all. */
  readonly note?: string;
}

/** More classes than these have their curves by `voxtally curve`. */
const mostClasses = 24;

/** `ending`: the run, where it is just ending and its pool is still there. */
export async function gatherCurves(
  outDir: string,
  signal?: AbortSignal,
  ending?: FinishedRun & { readonly results: ResultsDocument; readonly pooled: PooledShards },
): Promise<CurveSection> {
  try {
    const run = ending ?? openFinishedRun(outDir);
    if (run.settings.scores === 'label') return none('Label maps have no scores, so there are no curves.');
    const isScored = ending
      ? ending.results.cases.some(({ status }) => status === 'ok')
      : scoredOutcomes(run).length > 0;
    if (!isScored) return none('No case was scored, so there are no curves.');
    // The records of all cases are read only where they are of use.
    if (ending ? ending.pooled.shards.length === 0 : !hasShards(run)) {
      return none(
        'The shards were not kept, so there are no curves; score with --keep-shards always for them.',
      );
    }
    const names = run.settings.classes.map(({ name }) => name);
    const drawn = names.slice(0, mostClasses);
    const maxPoints = Math.max(40, Math.min(240, Math.floor(2000 / drawn.length)));
    const options = { classes: drawn, maxPoints, ...(signal && { signal }) };
    const pooled = ending?.pooled;
    const found = (await curves(run, { ...options, ...(pooled && { pooled }) })).map(columns);
    if (drawn.length === names.length) return { curves: found };
    return {
      curves: found,
      note: `Of ${names.length} classes the first ${mostClasses} are drawn; voxtally curve gives the others.`,
    };
  } catch (error) {
    if (!(error instanceof VoxtallyError)) throw error;
    return none(`The curves could not be computed: ${error.message}`);
  }
}

function none(note: string): CurveSection {
  return { curves: [], note };
}

function columns(found: ClassCurves): CurveData {
  const { roc, pr, threshold, calibration } = found;
  const best = threshold?.best;
  return {
    class: found.class,
    cases: found.cases,
    voxels: found.voxels,
    positives: found.positives,
    auc: roc?.auc ?? null,
    averagePrecision: pr?.averagePrecision ?? null,
    best: best && best.probability !== null ? [digits(best.probability), digits(best.dice)] : null,
    ece: calibration?.ece ?? null,
    brier: calibration?.brier ?? null,
    roc: (roc?.points ?? []).map(({ fpr, tpr, probability }) => short(fpr, tpr, probability)),
    pr: (pr?.points ?? []).map(({ recall, precision, probability }) => short(recall, precision, probability)),
    threshold: (threshold?.points ?? [])
      .filter(({ probability }) => probability !== null)
      .map(({ probability, dice, jaccard }) => short(probability, dice, jaccard)),
    bins: (calibration?.bins ?? [])
      .filter(({ voxels }) => voxels > 0)
      .map(({ meanProbability, fraction, voxels }) => [...short(meanProbability, fraction), voxels]),
  };
}

function short(...values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => (value === null || !Number.isFinite(value) ? null : digits(value)));
}

function digits(value: number): number {
  return Number(value.toPrecision(5));
}
