/** The largest lesions of a finished run, from what its cases keep. */
import { UsageError } from '../../base/errors.ts';
import type { Lesion, LesionStatus } from '../../results/shapes/lesion-list.ts';
import { lesionsOfRun, storedShapes } from '../../run/shapes.ts';
import { caseIndex, type FinishedRun } from '../ask/finished-run.ts';
import { questionSettings } from '../ask/question.ts';

export interface LesionQuestion {
  /** Which to list; missed and invented ones by default. */
  readonly statuses?: readonly LesionStatus[];
  readonly case?: string;
  readonly class?: string;
  readonly connectivity?: string | number;
  readonly top: number;
}

export interface FoundLesions {
  /** How many there are; `lesions` has the largest. */
  readonly total: number;
  readonly lesions: readonly Lesion[];
}

/** @throws UsageError for a run that measured no lesions, or without the case or class */
export function largestLesions(run: FinishedRun, question: LesionQuestion): FoundLesions {
  const { connectivity } = question;
  const { shapes } = questionSettings(run.settings, connectivity === undefined ? {} : { connectivity });
  if (!shapes?.lesions) {
    throw new UsageError(
      'shapes-missing',
      `${run.outDir}: this run measured no lesions; score it again with --measures overlap,lesions`,
      { file: run.outDir, field: 'measures' },
    );
  }
  const place = question.case === undefined ? undefined : caseIndex(run, question.case);
  const stored = storedShapes(run.folder, run.outcomes).filter(
    (one) => place === undefined || one.place === place,
  );
  const statuses = new Set<LesionStatus>(question.statuses ?? ['missed', 'invented']);
  const classes = new Set<string>();
  const found: Lesion[] = [];
  for (const lesion of lesionsOfRun(shapes, run.cases, stored)) {
    classes.add(lesion.class);
    const wanted = question.class === undefined || question.class === lesion.class;
    if (wanted && statuses.has(lesion.status)) found.push(lesion);
  }
  if (question.class !== undefined && !classes.has(question.class)) {
    throw new UsageError(
      'class-unknown',
      `class "${question.class}" has no lesions in ${run.outDir}; those that have are ${[...classes].join(', ')}`,
      { field: 'class' },
    );
  }
  // Stable: lesions of one size stay in the order of cases, classes and numbers.
  found.sort((a, b) => b.ml - a.ml);
  return { total: found.length, lesions: found.slice(0, question.top) };
}
