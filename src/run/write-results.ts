/** The result files of a run. All but run.json depend on the inputs and the settings alone. */
import { cpus, totalmem } from 'node:os';
import { packageVersion } from '../base/package-files.ts';
import type { CaseOutcome, RunOutcome } from '../base/scored.ts';
import { buildResults } from '../results/build.ts';
import { casesCsv } from '../results/cases-csv.ts';
import type { ResultsDocument } from '../results/document.ts';
import { resultsJson } from '../results/json.ts';
import { NnunetSummary } from '../results/nnunet-summary.ts';
import { resultsParquet } from '../results/parquet.ts';
import { type MergedRunDocument, runVersion, type ScoredRunDocument } from '../results/run-document.ts';
import { type Lesion, lesionsCsv, lesionsParquet } from '../results/shapes/lesion-list.ts';
import { lossesOf } from '../settings/resolve-settings.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { Config } from '../settings/schema.ts';
import { stampOf } from '../volumes/input-stamps.ts';
import { lesionsOfRun, type StoredShapes, valuesOfRun } from './shapes.ts';
import type { Store } from './store.ts';
import type { RunRequest } from './types.ts';

/** What the result files tell of the request. */
export interface ResultsRequest extends Pick<RunRequest, 'cases' | 'config' | 'warnings'> {
  /** Where the result files go. */
  readonly store: Store;
}

interface Times {
  readonly startedAt: Date;
  readonly seconds: number;
  readonly threadSeconds?: ScoredRunDocument['threadSeconds'];
}

export function writeResults(
  request: ResultsRequest,
  settings: RunSettings,
  threads: number,
  outcome: RunOutcome,
  times: Times,
  stored: readonly StoredShapes[],
): ResultsDocument {
  const summary = new NnunetSummary(outcome.classes);
  const results = resultsOf(settings, outcome, stored, (entry) => summary.add(entry));
  const lesions = lesionList(settings, results, stored);
  writeResultFiles(request.store, summary, results, request.config.format, lesions);
  const warnings = [...request.warnings, ...(results.warnings ?? [])];
  writeProvenance(request.store, provenance({ ...request, warnings }, settings, threads, times));
  return results;
}

/**
 * The results of what a run measured. `stored`: the shapes of its cases, where borders or lesions are asked for; `onCase` is
 * told of each case on the way, since what is measured of it may be gone afterwards.
 */
export function resultsOf(
  settings: RunSettings,
  outcome: RunOutcome,
  stored: readonly StoredShapes[] = [],
  onCase?: (entry: CaseOutcome) => void,
): ResultsDocument {
  const names = outcome.classes.map(({ name }) => name);
  return buildResults(
    outcome,
    lossesOf(settings),
    { convention: settings.convention, beta: settings.fbeta, threshold: settings.threshold },
    settings.shapes && valuesOfRun(settings.shapes, names, stored),
    onCase,
  );
}

/** The lesions of a run, to be read anew each time; undefined where none are asked for. */
export function lesionList(
  { shapes }: RunSettings,
  { cases }: Pick<ResultsDocument, 'cases'>,
  stored: readonly StoredShapes[],
): LesionList | undefined {
  return shapes?.lesions ? () => lesionsOfRun(shapes, cases, stored) : undefined;
}

export type LesionList = () => Iterable<Lesion>;

/**
 * Writes results.json, cases.csv, lesions.csv where lesions are measured, if some case was scored summary.json, and on
 * request results.parquet and lesions.parquet.
 */
export function writeResultFiles(
  store: Store,
  summary: NnunetSummary,
  results: ResultsDocument,
  format: Config['format'] = ['json'],
  lesions?: LesionList,
): void {
  const withParquet = format.includes('parquet');
  if (withParquet) store.put('results.parquet', [resultsParquet(results)]);
  store.put('results.json', encoded(resultsJson(results)));
  store.put('cases.csv', encoded(casesCsv(results)));
  if (lesions) {
    store.put('lesions.csv', encoded(lesionsCsv(lesions())));
    if (withParquet) store.put('lesions.parquet', [lesionsParquet(lesions())]);
  }
  const summaryText = summary.text();
  if (summaryText !== undefined) store.put('summary.json', encoded(summaryText));
}

/** Writes run.json: what a run was, apart from its results. */
export function writeProvenance(store: Store, facts: ScoredRunDocument | MergedRunDocument): void {
  store.put('run.json', encoded([`${JSON.stringify(facts, undefined, 2)}\n`]));
}

/** All that may differ between two runs of the same: times, machine, files. */
function provenance(
  request: ResultsRequest,
  settings: RunSettings,
  threads: number,
  { startedAt, seconds, threadSeconds }: Times,
): ScoredRunDocument {
  return {
    version: runVersion,
    voxtally: packageVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    machine: { processor: cpus()[0]?.model ?? 'unknown', processors: cpus().length, memoryBytes: totalmem() },
    startedAt: startedAt.toISOString(),
    seconds,
    engine: request.config.engine,
    threads,
    ...(threadSeconds && { threadSeconds }),
    settings: { ...settings },
    configuration: { ...request.config, redis: undefined },
    warnings: request.warnings,
    inputs: request.cases.map(({ id, predictions, reference, image }) => ({
      case: id,
      predictions: predictions.map(fileFacts),
      reference: fileFacts(reference),
      ...(image === undefined ? {} : { image: fileFacts(image) }),
    })),
  };
}

/** A file that cannot be asked, for whatever reason (a loop of links, a mount that is gone), has no facts. */
function fileFacts(file: string) {
  const stamp = stampOf(file);
  return {
    file,
    bytes: stamp?.bytes ?? null,
    modified: stamp ? new Date(stamp.modifiedMs).toISOString() : null,
  };
}

/** Pieces of text as bytes: a file may be larger than the longest string. */
function* encoded(pieces: Iterable<string>): Generator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece, 'utf8');
}
