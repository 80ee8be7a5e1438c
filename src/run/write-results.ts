/** The result files of a run. All but run.json depend on the inputs and the settings alone. */
import { statSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { packageVersion } from '../base/package-files.ts';
import type { RunOutcome } from '../base/scored.ts';
import { writeWhole } from '../base/write-whole.ts';
import { buildResults } from '../results/build.ts';
import { casesCsv } from '../results/cases-csv.ts';
import type { ResultsDocument } from '../results/document.ts';
import { resultsJson } from '../results/json.ts';
import { nnunetSummary } from '../results/nnunet-summary.ts';
import { resultsParquet } from '../results/parquet.ts';
import { type MergedRunDocument, runVersion, type ScoredRunDocument } from '../results/run-document.ts';
import { type Lesion, lesionsCsv, lesionsParquet } from '../results/shapes/lesion-list.ts';
import { lossesOf } from '../settings/resolve-settings.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { Config } from '../settings/schema.ts';
import { lesionsOfRun, type StoredShapes, valuesOfRun } from './shapes.ts';
import type { RunRequest } from './types.ts';

/** What the result files tell of the request. */
export type ResultsRequest = Pick<RunRequest, 'cases' | 'config' | 'outDir' | 'warnings'>;

interface Times {
  readonly startedAt: Date;
  readonly seconds: number;
}

export function writeResults(
  request: ResultsRequest,
  settings: RunSettings,
  threads: number,
  outcome: RunOutcome,
  times: Times,
  stored: readonly StoredShapes[],
): ResultsDocument {
  const { outDir } = request;
  const results = resultsOf(settings, outcome, stored);
  writeResultFiles(outDir, outcome, results, request.config.format, lesionList(settings, outcome, stored));
  writeProvenance(outDir, provenance(request, settings, threads, times));
  return results;
}

/** The results of what a run measured. `stored`: the shapes of its cases, where borders or lesions are asked for. */
export function resultsOf(
  settings: RunSettings,
  outcome: RunOutcome,
  stored: readonly StoredShapes[],
): ResultsDocument {
  const names = outcome.classes.map(({ name }) => name);
  return buildResults(
    outcome,
    lossesOf(settings),
    { convention: settings.convention, beta: settings.fbeta, threshold: settings.threshold },
    settings.shapes && valuesOfRun(settings.shapes, names, stored),
  );
}

/** The lesions of a run, to be read anew each time; undefined where none are asked for. */
export function lesionList(
  { shapes }: RunSettings,
  { cases }: RunOutcome,
  stored: readonly StoredShapes[],
): LesionList | undefined {
  return shapes?.lesions ? () => lesionsOfRun(shapes, cases, stored) : undefined;
}

type LesionList = () => Iterable<Lesion>;

/**
 * Writes results.json, cases.csv, lesions.csv where lesions are measured, if some case was scored summary.json, and on
 * request results.parquet and lesions.parquet.
 */
export function writeResultFiles(
  outDir: string,
  outcome: RunOutcome,
  results: ResultsDocument,
  format: Config['format'] = ['json'],
  lesions?: LesionList,
): void {
  if (format.includes('parquet')) writeWhole(join(outDir, 'results.parquet'), [resultsParquet(results)]);
  writePieces(join(outDir, 'results.json'), resultsJson(results));
  writePieces(join(outDir, 'cases.csv'), casesCsv(results));
  if (lesions) {
    writePieces(join(outDir, 'lesions.csv'), lesionsCsv(lesions()));
    if (format.includes('parquet')) writeWhole(join(outDir, 'lesions.parquet'), [lesionsParquet(lesions())]);
  }
  const summary = nnunetSummary(outcome);
  if (summary !== undefined) writePieces(join(outDir, 'summary.json'), [summary]);
}

/** Writes run.json: what a run was, apart from its results. */
export function writeProvenance(outDir: string, facts: ScoredRunDocument | MergedRunDocument): void {
  writePieces(join(outDir, 'run.json'), [`${JSON.stringify(facts, undefined, 2)}\n`]);
}

/** All that may differ between two runs of the same: times, machine, files. */
function provenance(
  request: ResultsRequest,
  settings: RunSettings,
  threads: number,
  { startedAt, seconds }: Times,
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
  try {
    const { size, mtime } = statSync(file);
    return { file, bytes: size, modified: mtime.toISOString() };
  } catch {
    return { file, bytes: null, modified: null };
  }
}

/** Writes pieces as one file: it may be larger than the longest string. */
function writePieces(path: string, pieces: Iterable<string>): void {
  writeWhole(path, encoded(pieces));
}

function* encoded(pieces: Iterable<string>): Generator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece, 'utf8');
}
