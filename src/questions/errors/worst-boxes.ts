/** Which boxes hold the errors of a finished run: from the lists that its cases left, with no volume read. */

import { type Box, byAxis, mapVec3, type Vec3 } from '../../base/box.ts';
import { PartialError, UsageError } from '../../base/errors.ts';
import { tileBox, tileGrid } from '../../base/tile-grid.ts';
import { classesOf } from '../../measures/tally/class-sums-of.ts';
import { type CaseErrors, readCaseErrors } from '../../run/box-errors/case-errors.ts';
import type { Affine } from '../../volumes/types.ts';
import { caseIndex, classIndex, type FinishedRun, isScored, scoredOutcomes } from '../ask/finished-run.ts';

/**
 * What counts as error. `soft`: |p - y| summed, in voxels; `hard`: voxels on the wrong side of the threshold.
 * Of labels both are the voxels that have the wrong one.
 */
export const errorMeasures = ['soft', 'hard'] as const;
export type ErrorMeasure = (typeof errorMeasures)[number];

export interface ErrorQuestion {
  /** One class; by default the errors of all classes, added. */
  readonly class?: string;
  readonly measure: ErrorMeasure;
}

/** The errors of each box of a case, x fastest, in voxels. */
export interface BoxErrors {
  /** False positives (added by the prediction) and false negatives (missed by it). */
  readonly fp: Float64Array;
  readonly fn: Float64Array;
  /** The class that holds most of a box's error; null where there is none. */
  readonly mostly: readonly (string | null)[];
}

export interface BoxError {
  readonly case: string;
  /** The asked class, or that which holds most of the error. */
  readonly class: string;
  /** In voxels, `[x, y, z]`. */
  readonly box: Box;
  /** World position (RAS+) of the box's middle; null where the reference says nothing of the world. */
  readonly centreMm: Vec3 | null;
  /** Voxels scored. */
  readonly voxels: number;
  readonly fp: number;
  readonly fn: number;
  /** fp + fn, and its share in all that was looked at, from 0 to 1. */
  readonly error: number;
  readonly share: number;
}

export interface WorstBoxes {
  /** Null: all cases, or all classes. */
  readonly case: string | null;
  readonly class: string | null;
  /** Of labels `hard`. */
  readonly measure: ErrorMeasure;
  /** Cases that were looked at, and the ids of those without a score. */
  readonly cases: number;
  readonly unscored: readonly string[];
  /** Boxes that were looked at. */
  readonly boxes: number;
  /** Shapes of a case's tiles and boxes, `[x, y, z]`; null for several cases. */
  readonly tileShape: Vec3 | null;
  readonly boxShape: Vec3 | null;
  readonly fp: number;
  readonly fn: number;
  readonly error: number;
  /** Those with the most error, largest first; none without error. */
  readonly worst: readonly BoxError[];
}

/**
 * The `top` boxes with the most error, of one case or of all; of equal ones the earlier case and box come first.
 * @throws UsageError for a case or class that is not there, a case without a score, and runs that hold no lists.
 */
export function worstBoxes(
  run: FinishedRun,
  question: ErrorQuestion & { readonly case?: string; readonly top: number },
): WorstBoxes {
  checkClass(run, question.class);
  const indices =
    question.case === undefined
      ? scoredOutcomes(run).map(({ index }) => index)
      : [scoredCase(run, question.case)];
  let worst: Omit<BoxError, 'share'>[] = [];
  let [fp, fn, boxes] = [0, 0, 0];
  let last: CaseErrors | undefined;
  for (const index of indices) {
    const errors = errorsOfCase(run, index);
    const found = boxesOf(errors, run.cases[index]!.id, question);
    fp += sum(found.map((box) => box.fp));
    fn += sum(found.map((box) => box.fn));
    boxes += errors.voxels.length;
    // Sorting is stable, so ties stay in order; no more is held than is shown.
    worst = [...worst, ...found].sort((a, b) => b.error - a.error).slice(0, question.top);
    last = errors;
  }
  const single = question.case === undefined ? undefined : last;
  const [onlyClass] = run.settings.classes.length === 1 ? run.settings.classes : [];
  const error = fp + fn;
  return {
    case: question.case ?? null,
    class: question.class ?? onlyClass?.name ?? null,
    measure: run.settings.scores === 'label' ? 'hard' : question.measure,
    cases: indices.length,
    unscored: run.outcomes.flatMap((outcome) => (isScored(outcome) ? [] : [run.cases[outcome.index]!.id])),
    boxes,
    tileShape: single?.tileShape ?? null,
    boxShape: single?.boxShape ?? null,
    fp,
    fn,
    error,
    worst: worst.map((box) => ({ ...box, share: box.error / error })),
  };
}

/** The list of a scored case. @throws UsageError when it is not there, as after a run of an older version. */
export function errorsOfCase(run: FinishedRun, index: number): CaseErrors {
  try {
    const outcome = run.outcomes[index];
    return readCaseErrors(run.folder, index, outcome?.status === 'ok' ? outcome.of : undefined);
  } catch (error) {
    if (!(error instanceof PartialError)) throw error;
    const { id } = run.cases[index]!;
    const file = run.folder.store.pathOf(run.folder.caseOutcome(index));
    const why =
      error.code === 'record-missing'
        ? `was scored by a version that kept none in ${file}`
        : `left a list that cannot be read: ${error.message}`;
    throw new UsageError(
      'errors-missing',
      `case ${id} of ${run.outDir} has no list of its errors: it ${why}; score it again, into another --out or with --overwrite`,
      { caseId: id, file, cause: error },
    );
  }
}

/** Place of a case with a score. @throws UsageError when there is none. */
export function scoredCase(run: FinishedRun, id: string): number {
  const index = caseIndex(run, id);
  const outcome = run.outcomes[index]!;
  if (isScored(outcome)) return index;
  throw new UsageError('case-unscored', `case ${id} has no score: ${outcome.error.message}`, {
    caseId: id,
    field: 'case',
  });
}

/**
 * Of label maps without named classes any label that occurs in the run is one.
 * @throws UsageError for a class that is not in the run.
 */
function checkClass(run: FinishedRun, name: string | undefined): void {
  if (name === undefined) return;
  const tallies = scoredOutcomes(run).map(({ tally }) => tally);
  const isFound =
    run.settings.classes.length === 0 &&
    classesOf(run.settings, tallies).some((found) => found.name === name);
  if (!isFound) classIndex(run, name);
}

/** The errors of each box, of one class or of all classes added. */
export function boxErrors(errors: CaseErrors, { class: name, measure }: ErrorQuestion): BoxErrors {
  const fp = new Float64Array(errors.voxels.length);
  const fn = new Float64Array(errors.voxels.length);
  const most = new Float64Array(errors.voxels.length);
  const mostly = Array.from({ length: errors.voxels.length }, (): string | null => null);
  for (const entry of errors.classes) {
    if (name !== undefined && entry.name !== name) continue;
    const added = measure === 'soft' ? (entry.softFp ?? entry.fp) : entry.fp;
    const missed = measure === 'soft' ? (entry.softFn ?? entry.fn) : entry.fn;
    for (const [row, box] of entry.box.entries()) {
      fp[box]! += added[row]!;
      fn[box]! += missed[row]!;
      const own = added[row]! + missed[row]!;
      if (own <= most[box]!) continue;
      most[box] = own;
      mostly[box] = entry.name;
    }
  }
  return { fp, fn, mostly };
}

/** The boxes of a case that hold any error, in the order of the volume. */
export function boxesOf(errors: CaseErrors, id: string, question: ErrorQuestion): Omit<BoxError, 'share'>[] {
  const { fp, fn, mostly } = boxErrors(errors, question);
  const grid = tileGrid(errors.shape, errors.boxShape);
  return mostly.flatMap((name, at) => {
    if (name === null) return [];
    const box = tileBox(grid, at);
    const centreMm = errors.affineSource === 'pixdim' ? null : worldOf(errors.affine, middle(box));
    const error = fp[at]! + fn[at]!;
    return {
      case: id,
      class: name,
      box,
      centreMm,
      voxels: errors.voxels[at]!,
      fp: fp[at]!,
      fn: fn[at]!,
      error,
    };
  });
}

/** The middle of a box in voxels: between two of them along an even side. */
export function middle({ origin, shape }: Box): Vec3 {
  return mapVec3(origin, (first, axis) => first + (shape[axis] - 1) / 2);
}

/** The world position in mm of a place in voxels. */
export function worldOf(affine: Affine, [x, y, z]: Vec3): Vec3 {
  return byAxis(
    (row) =>
      affine[4 * row]! * x + affine[4 * row + 1]! * y + affine[4 * row + 2]! * z + affine[4 * row + 3]!,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
