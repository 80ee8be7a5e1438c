/** `report.html` in the folder of a run that is over. */
import { join } from 'node:path';
import { writeText } from '../../base/write-whole.ts';
import type { FinishedRun } from '../../questions/ask/finished-run.ts';
import type { PooledShards } from '../../questions/curves/curves.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { localStore } from '../../run/open-store.ts';
import { readResults } from '../../run/read-results.ts';
import type { LesionList } from '../../run/write-results.ts';
import { gatherCurves } from './curve-data.ts';
import { lesionsOf, readLesions } from './lesions.ts';
import { type ReportOptions, renderReport } from './render-report.ts';
import { dataBytes, worstCases } from './report-data.ts';
import { type RunFacts, readRunFacts } from './run-facts.ts';
import { gatherThumbnails } from './thumbnails.ts';

export const reportFiles = ['report.html', 'report-cases.html'] as const;

/** Bytes of the values of cases that a report holds, less what each class takes of it; what is beyond goes to a file beside it. */
const mostDataBytes = 1_200_000;
const classBytes = 4_000;
/** Where not all cases are listed: bytes for those that are, and their number. */
const listedBytes = 800_000;
const mostListed = 400;
/** More than this is too much for a page: cases.csv has all. */
const mostBesideBytes = 30_000_000;

/** A run that is ending, with its results. */
export interface EndingRun extends FinishedRun {
  readonly results: ResultsDocument;
  readonly pooled: PooledShards;
  /** Where lesions were measured. */
  readonly lesions: LesionList | undefined;
}

export interface ReportTexts {
  readonly report: string;
  /** Every case, where the report cannot list all and a page can. */
  readonly cases?: string;
}

export interface ReportRequest {
  readonly signal?: AbortSignal;
  /** See `ReportOptions`. */
  readonly viewer?: string;
  /** The run itself, where it is just ending: what it has at hand is not read again. */
  readonly ending?: EndingRun;
}

/**
 * Writes `report.html`, under 1.5 MB, and `report-cases.html` with every case where that one cannot list all; gives the
 * path of the first.
 * @throws UsageError when the folder holds no results.
 */
export async function writeReport(outDir: string, request: ReportRequest = {}): Promise<string> {
  const document = request.ending?.results ?? readResults(outDir);
  const { report, cases } = await reportTexts(outDir, document, request);
  const [path, allCases] = reportFiles.map((name) => join(outDir, name)) as [string, string];
  if (cases === undefined) localStore(outDir).remove(reportFiles[1]);
  else writeText(allCases, cases);
  writeText(path, report);
  return path;
}

/** What run.json tells, with the warnings of the results: a merge, or an answer of `ask`, tells them only there. */
function factsOf(outDir: string, { warnings = [] }: ResultsDocument): RunFacts {
  const facts = readRunFacts(outDir);
  return { ...facts, warnings: [...new Set([...facts.warnings, ...warnings])] };
}

/** The report of the run in a folder with these results. */
export async function reportTexts(
  outDir: string,
  document: ResultsDocument,
  { signal, viewer, ending }: ReportRequest = {},
): Promise<ReportTexts> {
  const options: ReportOptions = {
    document,
    facts: factsOf(outDir, document),
    curves: await gatherCurves(outDir, signal, ending),
    thumbnails: await gatherThumbnails(outDir, document, signal),
    lesions: ending ? ending.lesions && lesionsOf(ending.lesions()) : readLesions(outDir),
    ...(viewer !== undefined && { viewer }),
  };
  const roomBytes = Math.max(listedBytes, mostDataBytes - classBytes * document.classes.length);
  if (dataBytes(document) <= roomBytes) return { report: renderReport(options) };
  const hasAll = dataBytes(document) <= mostBesideBytes;
  const most = Math.floor((listedBytes * document.cases.length) / dataBytes(document));
  const listed = worstCases(document, Math.max(1, Math.min(mostListed, most)));
  return {
    report: renderReport({ ...options, listed, ...(hasAll && { allCases: reportFiles[1] }) }),
    ...(hasAll && { cases: renderReport(options) }),
  };
}
