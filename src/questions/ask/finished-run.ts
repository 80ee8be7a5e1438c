/** A run that is over, as its folder holds it: the one place where questions read it. No volume is opened. */
import { join, resolve } from 'node:path';
import { PartialError, UsageError } from '../../base/errors.ts';
import type { ManifestCase } from '../../cases/types.ts';
import type { LovaszValues } from '../../measures/sorted-errors/lovasz-sum.ts';
import {
  type CaseOutcomeRecord,
  pooledKind,
  readOutcome,
  type ScoredOutcome,
} from '../../run/case-outcome.ts';
import { setIdentity } from '../../run/identity.ts';
import { localStore } from '../../run/open-store.ts';
import { getRecord } from '../../run/records.ts';
import { RunFolder, workFolder } from '../../run/run-folder.ts';
import type { ShardRef } from '../../run/tile-partial.ts';
import { predictsLabels, type RunSettings } from '../../settings/run-settings.ts';
import { checkShards, contradiction } from './check-foreign.ts';

export interface FinishedRun {
  /** The folder of the results, as the user gave it. */
  readonly outDir: string;
  readonly folder: RunFolder;
  readonly settings: RunSettings;
  /** In the order of the results. */
  readonly cases: readonly ManifestCase[];
  /** One a case, in the same order. */
  readonly outcomes: readonly CaseOutcomeRecord[];
  /** Sorted losses of each class over all scored cases; empty where the run computed none. */
  readonly pooledLovasz: readonly LovaszValues[];
}

/** @throws UsageError when the folder holds no run, or one that is not over. */
export function openFinishedRun(outDir: string): FinishedRun {
  const folder = new RunFolder(localStore(join(resolve(outDir), workFolder)));
  if (!folder.store.has(folder.settings)) {
    throw new UsageError(
      'no-run',
      `${outDir}: holds no run (no ${workFolder}/${folder.settings}); give the --out folder of a finished score`,
      { file: outDir },
    );
  }
  try {
    const settings = folder.readSettings();
    const cases = folder.readCases();
    const missing = cases.findIndex((_, index) => !folder.store.has(folder.caseOutcome(index)));
    if (missing >= 0) throw unfinished(outDir, `case ${cases[missing]!.id} has no outcome`);
    const outcomes = cases.map((entry, index) => {
      const outcome = readOutcome(folder, index);
      const wrong = contradiction(settings, index, outcome);
      if (wrong === undefined) return outcome;
      throw new UsageError(
        'record-contradicts',
        `${outDir}: case ${entry.id}: its record cannot be true: ${wrong}; take the folder from its site again, or score the run again with --overwrite`,
        { caseId: entry.id, file: folder.caseOutcome(index) },
      );
    });
    const pooledLovasz = readPool(folder, outDir, outcomes.filter(isScored));
    return { outDir, folder, settings, cases, outcomes, pooledLovasz };
  } catch (error) {
    if (!(error instanceof PartialError)) throw error;
    // To resume it would be refused as well; the message says what can be done.
    if (error.code === 'record-version') {
      throw new UsageError('record-version', `${outDir}: ${error.message}`, { ...error.place, cause: error });
    }
    throw unfinished(outDir, error.message, error);
  }
}

function unfinished(outDir: string, why: string, cause?: unknown): UsageError {
  return new UsageError(
    'run-unfinished',
    `${outDir}: this run is not over: ${why}; finish it with score --resume`,
    { file: outDir, ...(cause === undefined ? {} : { cause }) },
  );
}

function readPool(
  folder: RunFolder,
  outDir: string,
  scored: readonly ScoredOutcome[],
): readonly LovaszValues[] {
  if (scored.length <= 1) return scored[0]?.lovasz ?? [];
  const pooled = getRecord(folder.store, folder.poolOutcome, pooledKind);
  if (pooled.cases === setIdentity(scored)) return pooled.lovasz;
  throw unfinished(outDir, 'its pool is of other cases');
}

export function isScored(outcome: CaseOutcomeRecord): outcome is ScoredOutcome {
  return outcome.status === 'ok';
}

export function scoredOutcomes(run: FinishedRun): ScoredOutcome[] {
  return run.outcomes.filter(isScored);
}

/** Whether the shards hold logits: scores of independent channels that are no probabilities. */
export function holdsLogits(settings: RunSettings): boolean {
  return settings.scores === 'logit' && !predictsLabels(settings);
}

/** Whether every scored case still has its shards. */
export function hasShards(run: FinishedRun): boolean {
  return scoredOutcomes(run).every((outcome) => refsOf(run, outcome) !== undefined);
}

/**
 * The shard files of a case.
 * @throws UsageError when they are not what the case's record says, or were not kept; `question` says for what they are
 * needed.
 */
export function shardFiles(run: FinishedRun, outcome: ScoredOutcome, question: string): ShardRef[] {
  const refs = refsOf(run, outcome);
  if (refs) {
    const owner = { outDir: run.outDir, caseId: run.cases[outcome.index]!.id };
    checkShards(owner, outcome, run.folder.store, refs);
    return refs;
  }
  throw missingShards(run, `case ${run.cases[outcome.index]!.id} has none in ${run.outDir}`, question);
}

/** Says that shards would be needed, and how to have them. */
export function missingShards({ outDir, settings }: FinishedRun, what: string, question: string): UsageError {
  const advice =
    settings.scores === 'label'
      ? 'a label map has no scores'
      : 'score the cases again with --overwrite --keep-shards always';
  return new UsageError('shards-missing', `${question} needs the stored shards, and ${what}; ${advice}`, {
    file: outDir,
    field: 'keepShards',
  });
}

/** Undefined as soon as one is missing: the number is only what a record claims. */
function refsOf({ folder }: FinishedRun, { index, of, shards }: ScoredOutcome): ShardRef[] | undefined {
  const refs: ShardRef[] = [];
  for (let part = 0; part < shards; part++) {
    const name = folder.caseShard(index, part);
    if (!folder.store.has(name)) return undefined;
    refs.push({ name, of });
  }
  return refs.length > 0 ? refs : undefined;
}

/** Place of a class in the run. @throws UsageError naming the classes that there are. */
export function classIndex({ settings, outDir }: FinishedRun, name: string): number {
  const names = settings.classes.map((runClass) => runClass.name);
  const index = names.indexOf(name);
  if (index >= 0) return index;
  const known = names.length === 0 ? 'it holds label maps' : `its classes are ${names.join(', ')}`;
  throw new UsageError('class-unknown', `class "${name}" is not in ${outDir}; ${known}`, { field: 'class' });
}

/** Place of a case in the run. @throws UsageError when there is none of that id. */
export function caseIndex({ cases, outDir }: FinishedRun, id: string): number {
  const index = cases.findIndex((entry) => entry.id === id);
  if (index >= 0) return index;
  throw new UsageError('case-unknown', `case "${id}" is not in ${outDir}; results.json lists its cases`, {
    field: 'case',
  });
}
