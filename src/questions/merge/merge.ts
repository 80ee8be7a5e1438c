/** Adds finished runs: the results of one run over all their cases, from tallies and shards, with no volume read. */
import { copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { BufferBudget } from '../../base/buffer-budget.ts';
import { UsageError } from '../../base/errors.ts';
import { packageVersion } from '../../base/package-files.ts';
import { CasePool, nameOfCases } from '../../engines/case-pool.ts';
import { CaseWork } from '../../engines/case-work.ts';
import type { LovaszValues } from '../../measures/sorted-errors/lovasz-sum.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { type MergedRunDocument, runVersion } from '../../results/run-document.ts';
import { type CaseOutcomeRecord, type ScoredOutcome, writeOutcome } from '../../run/case-outcome.ts';
import { buildOutcome } from '../../run/outcome.ts';
import { RunFolder, workFolder, writeJsonFile } from '../../run/run-folder.ts';
import { storedShapes } from '../../run/shapes.ts';
import { lesionList, resultsOf, writeProvenance, writeResultFiles } from '../../run/write-results.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import { ThreadPool } from '../../threads/thread-pool.ts';
import { type FinishedRun, hasShards, isScored, shardFiles } from '../ask/finished-run.ts';
import { checkSettings, selectCases, type TakenCase } from './select.ts';

export interface MergeRequest {
  /** At least one; their order is that of the cases. */
  readonly runs: readonly FinishedRun[];
  /** An empty folder, or one whose run may be replaced. */
  readonly outDir: string;
  /** Ids of cases to withdraw. */
  readonly without?: readonly string[];
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface MergedRun {
  /** As `results.json` of one run over the cases of all runs, in their order. */
  readonly results: ResultsDocument;
  readonly outDir: string;
  /** Whether the merged run has shards, and so can be asked anything. */
  readonly hasShards: boolean;
}

/**
 * Writes the merged run to `outDir`: a finished run like any other, that can be asked and merged again.
 * @throws UsageError when settings differ, a case is in several runs, or pooled sorted losses lack their shards.
 */
export async function mergeRuns(request: MergeRequest): Promise<MergedRun> {
  const { runs, outDir, without = [], threads = availableParallelism() } = request;
  const signal = request.signal ?? new AbortController().signal;
  checkSettings(runs);
  const taken = selectCases(runs, without);
  checkTarget(runs, outDir);
  const withShards = runs[0]!.settings.scores !== 'label' && runs.every(hasShards);
  const settings: RunSettings = {
    ...runs[0]!.settings,
    ...(withShards ? { keepShards: 'always' as const } : {}),
  };
  const scored = taken.filter(({ outcome }) => isScored(outcome));
  if (!withShards && settings.lovasz.length > 0 && scored.length > 1) {
    for (const { run, outcome } of scored) {
      shardFiles(run, outcome as ScoredOutcome, 'the pool of a sorted loss');
    }
  }

  const folder = new RunFolder(join(resolve(outDir), workFolder));
  rmSync(folder.root, { recursive: true, force: true });
  folder.create();
  const cases = taken.map(({ entry }) => entry);
  folder.writeSettings(settings, cases);
  const outcomes = taken.map((entry, index) => takeOver(folder, entry, index, withShards));
  const lovasz = await poolAll(folder, settings, outcomes, cases, threads, signal);
  writeJsonFile(folder.poolOutcome, lovasz);
  const outcome = buildOutcome(settings, cases, outcomes, lovasz.lovasz);
  const stored = storedShapes(folder, outcomes);
  const results = resultsOf(settings, outcome, stored);
  writeResultFiles(outDir, outcome, results, ['json'], lesionList(settings, outcome, stored));
  writeProvenance(outDir, provenance(runs, without, settings));
  // Last: with its outcomes the folder holds a run that is over.
  for (const entry of outcomes) writeOutcome(folder, entry);
  return { results, outDir, hasShards: withShards };
}

/** @throws UsageError when `outDir` is one of the runs. */
export function checkTarget(runs: readonly FinishedRun[], outDir: string): void {
  const target = existsSync(outDir) ? realpathSync(outDir) : resolve(outDir);
  const same = runs.find((run) => realpathSync(run.outDir) === target);
  if (!same) return;
  throw new UsageError('out-in-use', `${outDir} is one of the runs to be added; give another --out`, {
    file: outDir,
    field: 'out',
  });
}

/** Brings a case's files over under its new index. They are linked where the file system can, else copied. */
function takeOver(
  folder: RunFolder,
  { run, outcome }: TakenCase,
  index: number,
  withShards: boolean,
): CaseOutcomeRecord {
  if (existsSync(run.folder.plan(outcome.index))) {
    folder.writePlan({ ...run.folder.readPlan(outcome.index), index });
  }
  if (!isScored(outcome)) return { ...outcome, index };
  // Runs of older versions have no list of errors by box.
  const errors = run.folder.caseErrors(outcome.index);
  if (existsSync(errors)) linkOrCopy(errors, folder.caseErrors(index));
  takeShapes(folder, { run, outcome }, index);
  if (!withShards) return { ...outcome, index };
  shardFiles(run, outcome, 'a merge').forEach((path, part) => {
    linkOrCopy(path, folder.caseShard(index, part));
  });
  return { ...outcome, index };
}

/** Distances and components, and masks where they were kept. @throws UsageError for a run that has lost them */
function takeShapes(
  folder: RunFolder,
  { run, outcome }: Pick<TakenCase, 'run' | 'outcome'>,
  index: number,
): void {
  if (!run.settings.shapes) return;
  const shapes = run.folder.caseShapes(outcome.index);
  if (!existsSync(shapes)) {
    throw new UsageError(
      'shapes-missing',
      `case ${run.cases[outcome.index]!.id}: ${shapes} is missing; finish the run again with score --resume`,
      { file: shapes },
    );
  }
  linkOrCopy(shapes, folder.caseShapes(index));
  const masks = run.folder.caseMasks(outcome.index);
  if (existsSync(masks)) linkOrCopy(masks, folder.caseMasks(index));
}

function linkOrCopy(path: string, target: string): void {
  try {
    linkSync(path, target);
  } catch {
    copyFileSync(path, target);
  }
}

/** The sorted losses over all scored cases; of one case they are its own. */
async function poolAll(
  folder: RunFolder,
  settings: RunSettings,
  outcomes: readonly CaseOutcomeRecord[],
  cases: readonly TakenCase['entry'][],
  threads: number,
  signal: AbortSignal,
): Promise<{ cases: string; lovasz: readonly LovaszValues[] }> {
  const scored = outcomes.filter(isScored);
  const name = nameOfCases(scored.map(({ index }) => index));
  if (scored.length <= 1) return { cases: name, lovasz: scored[0]?.lovasz ?? [] };
  if (settings.keepShards !== 'always') return { cases: name, lovasz: [] };
  const pool = new ThreadPool(threads);
  try {
    const casePool = new CasePool(
      new CaseWork(folder, settings, cases, pool, new BufferBudget(1), () => 0),
      pool,
    );
    for (const outcome of scored) await casePool.add(outcome, signal);
    return { cases: name, lovasz: await casePool.evaluate(signal) };
  } finally {
    await pool.close();
    rmSync(join(folder.root, 'pool'), { recursive: true, force: true });
    mkdirSync(join(folder.root, 'pool'));
  }
}

/** What `run.json` tells: where the cases came from, with what each run told of itself. */
function provenance(
  runs: readonly FinishedRun[],
  without: readonly string[],
  settings: RunSettings,
): MergedRunDocument {
  return {
    version: runVersion,
    voxtally: packageVersion(),
    node: process.version,
    mergedAt: new Date().toISOString(),
    settings: { ...settings },
    without,
    runs: runs.map(({ outDir, cases }) => ({
      folder: outDir,
      cases: cases.length,
      run: provenanceOf(outDir),
    })),
  };
}

/** What a run told of itself; null where that cannot be read. It decides nothing. */
function provenanceOf(outDir: string): unknown {
  try {
    return JSON.parse(readFileSync(join(outDir, 'run.json'), 'utf8')) as unknown;
  } catch {
    return null;
  }
}
