/** The data that the page's script draws from. */
import type { ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import type { CurveData } from './curve-data.ts';
import { classMeasures, classValue, type Measure, measureValue } from './measures.ts';
import { reasonNames, reasonOf } from './reasons.ts';

export interface ReportData {
  readonly classes: readonly string[];
  readonly measures: readonly Measure[];
  /** The cases that are listed, in manifest order. */
  readonly cases: readonly ReportCase[];
  /** `values[class][measure][case]`; NaN where undefined, and for cases without a score. */
  readonly values: readonly (readonly Float32Array[])[];
  /** `reasons[class][case]`: place in `reasonNames`. */
  readonly reasons: readonly Uint8Array[];
  /** Of all cases, listed or not. `summaries[class][measure]`: see `summaryColumns`. */
  readonly summaries: readonly (readonly SummaryRow[])[];
  /** Of all cases, by class: what the plot of differences of volumes tells. */
  readonly volumes: readonly VolumeAgreement[];
  /** Number of all cases. */
  readonly total: number;
  readonly curves: readonly CurveData[];
  /** Address of the run in the viewer, as `lookUpAddress` takes it; null where cases are not linked. */
  readonly viewer: string | null;
}

export interface ReportCase {
  readonly id: string;
  readonly group?: string;
  /** Of a case without a score: what became of it. */
  readonly error?: string;
}

/** The value of the pool, statistics over cases, and how many cases have a value, an undefined one or no score. */
export const summaryColumns = [
  'pooled',
  'mean',
  'sd',
  'median',
  'q1',
  'q3',
  'min',
  'max',
  'count',
  'undefined',
  'failed',
] as const;

/** In the order of `summaryColumns`. */
export type SummaryRow = readonly (number | null)[];

/** Predicted minus reference volume over cases, and in how many of them it is within 10 % of the reference. */
export interface VolumeAgreement {
  readonly biasMl: number | null;
  readonly sdMl: number | null;
  readonly within: number;
  readonly count: number;
}

/** The data of all cases, or only of those in `listed`. */
export function reportData(
  document: ResultsDocument,
  curves: readonly CurveData[],
  { listed, viewer }: { readonly listed?: ReadonlySet<string>; readonly viewer?: string } = {},
): ReportData {
  const measures = classMeasures(document);
  const cases = document.cases.filter(({ id }) => listed === undefined || listed.has(id));
  const names = document.classes.map(({ name }) => name);
  return {
    classes: names,
    measures,
    cases: cases.map((entry) => ({
      id: entry.id,
      ...(entry.group === undefined ? {} : { group: entry.group }),
      ...(entry.status === 'ok' ? {} : { error: `${entry.status}: ${entry.error.code}` }),
    })),
    values: names.map((name) =>
      measures.map((measure) =>
        Float32Array.from(cases, (entry) =>
          entry.status === 'ok' ? (classValue(entry.classes[name]!, measure) ?? Number.NaN) : Number.NaN,
        ),
      ),
    ),
    reasons: names.map((name) =>
      Uint8Array.from(cases, (entry) =>
        entry.status === 'ok' ? reasonNames.indexOf(reasonOf(entry.classes[name]!)) : 0,
      ),
    ),
    summaries: names.map((name) => measures.map((measure) => summaryRow(document, name, measure))),
    volumes: names.map((name) => volumeAgreement(document, name)),
    total: document.cases.length,
    curves,
    viewer: viewer ?? null,
  };
}

function summaryRow({ means, pooled }: ResultsDocument, name: string, measure: Measure): SummaryRow {
  const summary = measureValue(means.classes[name]!, measure)!;
  const result = pooled?.classes[name];
  const row = { ...summary, pooled: result ? classValue(result, measure) : null };
  return summaryColumns.map((column) => rounded(row[column]));
}

function volumeAgreement({ cases }: ResultsDocument, name: string): VolumeAgreement {
  let [count, sum, squares, within] = [0, 0, 0, 0];
  const scored = cases.filter((entry): entry is ScoredCaseResult => entry.status === 'ok');
  const differences = scored.flatMap(({ classes }) => {
    const { referenceVolumeMl, predictedVolumeMl } = classes[name]!.metrics;
    if (referenceVolumeMl === null || predictedVolumeMl === null) return [];
    const difference = predictedVolumeMl - referenceVolumeMl;
    if (Math.abs(difference) <= 0.1 * referenceVolumeMl) within++;
    return [difference];
  });
  for (const difference of differences) {
    count++;
    sum += difference;
  }
  const mean = count === 0 ? null : sum / count;
  for (const difference of differences) squares += (difference - mean!) ** 2;
  const sdMl = count < 2 ? null : Math.sqrt(squares / (count - 1));
  return { biasMl: rounded(mean), sdMl: rounded(sdMl), within, count };
}

/** About how many bytes the values of all cases take. */
export function dataBytes(document: ResultsDocument): number {
  // Four bytes a value and one a reason, of which base64 makes a third more.
  const columns = (4 * classMeasures(document).length + 1) * document.classes.length;
  return document.cases.length * ((columns * 4) / 3 + 30);
}

/** The cases with the lowest Dice of each class, as many of each as there is room for, and none without a score. */
export function worstCases(document: ResultsDocument, most: number): Set<string> {
  const each = Math.max(1, Math.floor(most / Math.max(1, document.classes.length)));
  const scored = document.cases.filter((entry) => entry.status === 'ok');
  const listed = new Set<string>();
  for (const { name } of document.classes) {
    const ranked = scored
      .map((entry) => ({ id: entry.id, dice: entry.classes[name]!.metrics.dice }))
      .filter((entry): entry is { id: string; dice: number } => entry.dice !== null)
      .sort((a, b) => a.dice - b.dice);
    for (const { id } of ranked.slice(0, each)) if (listed.size < most) listed.add(id);
  }
  return listed;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(5));
}
