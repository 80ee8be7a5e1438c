/** Adds finished runs: the results of one run over all their cases, from tallies and shards, with no volume read. */
import { existsSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { BufferBudget } from '../../base/buffer-budget.ts';
import { UsageError } from '../../base/errors.ts';
import { makeFolder } from '../../base/make-folder.ts';
import { packageVersion } from '../../base/package-files.ts';
import { CasePool } from '../../engines/case-pool.ts';
import { CaseWork } from '../../engines/case-work.ts';
import type { LovaszValues } from '../../measures/sorted-errors/lovasz-sum.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { NnunetSummary } from '../../results/nnunet-summary.ts';
import { type MergedRunDocument, runVersion } from '../../results/run-document.ts';
import { storedErrors } from '../../run/box-errors/case-errors.ts';
import {
  type CaseOutcomeRecord,
  pooledKind,
  type ScoredOutcome,
  writeOutcome,
} from '../../run/case-outcome.ts';
import { setIdentity } from '../../run/identity.ts';
import { localStore } from '../../run/open-store.ts';
import { OutFolder } from '../../run/out-folder.ts';
import { buildOutcome } from '../../run/outcome.ts';
import { putRecord, readText } from '../../run/records.ts';
import { poolFolder, type RunFolder } from '../../run/run-folder.ts';
import { masksFile, shapesFile, storedShapes } from '../../run/shapes.ts';
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
  /** `outDir`, where its owner has it already. */
  readonly out?: OutFolder;
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
  const { runs, outDir, without = [] } = request;
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

  makeFolder(resolve(outDir));
  const out = request.out ?? OutFolder.own(outDir);
  try {
    return await writeMerged(request, out, settings, taken, withShards);
  } finally {
    if (request.out === undefined) out.release();
  }
}

async function writeMerged(
  { runs, without = [], threads = availableParallelism(), signal }: MergeRequest,
  { work: folder, store, path: outDir }: OutFolder,
  settings: RunSettings,
  taken: readonly TakenCase[],
  withShards: boolean,
): Promise<MergedRun> {
  folder.store.clear('');
  const cases = taken.map(({ entry }) => entry);
  const inPlace = new Map(runs.map((run) => [run, run.folder.readCasesInPlace().cases]));
  folder.writeCases(
    taken.map(({ run, outcome }) => inPlace.get(run)![outcome.index]!),
    process.cwd(),
  );
  folder.writeSettings(settings);
  const outcomes = taken.map((entry, index) => takeOver(folder, entry, index, withShards));
  const lovasz = await poolAll(folder, settings, outcomes, cases, threads, signal);
  putRecord(folder.store, folder.poolOutcome, pooledKind, lovasz);
  const outcome = buildOutcome(settings, cases, outcomes, lovasz.lovasz);
  const stored = storedShapes(folder, outcomes);
  const results = resultsOf(settings, outcome, stored);
  writeResultFiles(
    store,
    NnunetSummary.of(outcome),
    results,
    ['json'],
    lesionList(settings, results, stored),
  );
  writeProvenance(store, provenance(runs, without, settings));
  // Last: with its outcomes the folder holds a run that is over.
  for (const [index, entry] of outcomes.entries()) {
    const { run, outcome } = taken[index]!;
    const errors = isScored(outcome) ? storedErrors(run.folder, outcome.index, outcome.of) : undefined;
    writeOutcome(folder, entry, errors);
  }
  return { results, outDir, hasShards: withShards };
}

/** @throws UsageError when `outDir` is one of the runs. */
export function checkTarget(runs: readonly FinishedRun[], outDir: string): void {
  const target = existsSync(outDir) ? realpathSync(outDir) : resolve(outDir);
  const same = runs.find((run) => realpathSync(run.outDir) === target);
  if (!same) return;
  throw new UsageError('out-in-use', `${outDir} is one of the runs to be merged; give another --out`, {
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
  if (run.folder.store.has(run.folder.plan(outcome.index))) {
    folder.writePlan({ ...run.folder.readPlan(outcome.index), index });
  }
  if (!isScored(outcome)) return { ...outcome, index };
  const { store } = folder;
  takeShapes(folder, { run, outcome }, index);
  if (!withShards) return { ...outcome, index };
  for (const [part, { name }] of shardFiles(run, outcome, 'a merge').entries()) {
    store.take(folder.caseShard(index, part), run.folder.store, name);
  }
  return { ...outcome, index };
}

/** Distances and components, and masks where they were kept. @throws UsageError for a run that has lost them */
function takeShapes(
  folder: RunFolder,
  { run, outcome }: Pick<TakenCase, 'run' | 'outcome'>,
  index: number,
): void {
  if (!run.settings.shapes) return;
  const from = run.folder;
  const shapes = shapesFile(from, outcome.index);
  if (!from.store.has(shapes)) {
    const file = from.store.pathOf(shapes);
    throw new UsageError(
      'shapes-missing',
      `case ${run.cases[outcome.index]!.id}: ${file} is missing; finish the run again with score --resume`,
      { file },
    );
  }
  folder.store.take(shapesFile(folder, index), from.store, shapes);
  const masks = masksFile(from, outcome.index);
  if (from.store.has(masks)) folder.store.take(masksFile(folder, index), from.store, masks);
}

/** The sorted losses over all scored cases; of one case they are its own. */
async function poolAll(
  folder: RunFolder,
  settings: RunSettings,
  outcomes: readonly CaseOutcomeRecord[],
  cases: readonly TakenCase['entry'][],
  threads: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ cases: string; lovasz: readonly LovaszValues[] }> {
  const scored = outcomes.filter(isScored);
  const name = setIdentity(scored);
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
    folder.store.clear(poolFolder);
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
    return JSON.parse(readText(localStore(resolve(outDir)), 'run.json')!) as unknown;
  } catch {
    return null;
  }
}
