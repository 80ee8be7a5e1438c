/** The data that the page's script draws from, as small as it can be: columns of numbers of six digits. */
import type { ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import type { CurveData } from './curve-data.ts';
import { classMeasures, classValue, type Measure, measureValue } from './measures.ts';
import { reasonNames, reasonOf } from './reasons.ts';

export interface ReportData {
  readonly classes: readonly string[];
  readonly measures: readonly Measure[];
  /** The cases that are listed, in manifest order. */
  readonly cases: readonly ReportCase[];
  /** `values[class][measure][case]`; null where undefined, and for cases without a score. */
  readonly values: readonly (readonly (readonly (number | null)[])[])[];
  /** `reasons[class][case]`: place in `reasonNames`. */
  readonly reasons: readonly (readonly number[])[];
  /** Of all cases, listed or not: `summaries[class][measure]` as [q1, median, q3, count]. */
  readonly summaries: readonly (readonly (readonly (number | null)[])[])[];
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

/** The data of all cases, or only of those in `listed`. */
export function reportData(
  document: ResultsDocument,
  curves: readonly CurveData[],
  { listed, viewer }: { readonly listed?: ReadonlySet<string>; readonly viewer?: string } = {},
): ReportData {
  const measures = classMeasures(document);
  const cases = document.cases.filter(({ id }) => listed === undefined || listed.has(id));
  const scored = (use: (entry: ScoredCaseResult) => number | null) =>
    cases.map((entry) => (entry.status === 'ok' ? use(entry) : null));
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
      measures.map((measure) => scored((entry) => rounded(classValue(entry.classes[name]!, measure)))),
    ),
    reasons: names.map((name) =>
      cases.map((entry) => (entry.status === 'ok' ? reasonNames.indexOf(reasonOf(entry.classes[name]!)) : 0)),
    ),
    summaries: names.map((name) => {
      return measures.map((measure) => {
        const summary = measureValue(document.means.classes[name]!, measure)!;
        return [summary.q1, summary.median, summary.q3, summary.count].map(rounded);
      });
    }),
    total: document.cases.length,
    curves,
    viewer: viewer ?? null,
  };
}

/** About how many bytes the values of all cases take. */
export function dataBytes(document: ResultsDocument): number {
  const columns = (classMeasures(document).length + 0.4) * document.classes.length;
  return document.cases.length * (columns * 9 + 30);
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
  return value === null ? null : Number(value.toPrecision(6));
}
