/** Which of the data is shown, and how it is ordered. */

import type { Measure } from '../measures.ts';
import { describeReason, reasonNames } from '../reasons.ts';
import type { ReportCase, ReportData } from '../report-data.ts';

export interface Selection {
  /** Places in the data; -1 is all classes. */
  readonly classIndex: number;
  readonly measure: number;
  /** Undefined is all groups; the empty text those without one. */
  readonly group?: string;
  /** Part of the case's id, in any case of letters. */
  readonly text: string;
  /** A reason, `error` for cases without a score, or the empty text for all. */
  readonly reason: string;
}

/** A class of a case; of a case without a score, `classIndex` is -1. */
export interface Row {
  readonly caseIndex: number;
  readonly classIndex: number;
}

export function selectRows(data: ReportData, selection: Selection): Row[] {
  const text = selection.text.trim().toLowerCase();
  const classes = shownClasses(data, selection);
  return data.cases.flatMap((entry, caseIndex): Row[] => {
    if (!inGroup(entry, selection.group) || !entry.id.toLowerCase().includes(text)) return [];
    if (entry.error !== undefined) {
      return selection.reason === '' || selection.reason === 'error' ? [{ caseIndex, classIndex: -1 }] : [];
    }
    return classes
      .filter(
        (at) => selection.reason === '' || reasonNames[data.reasons[at]![caseIndex]!] === selection.reason,
      )
      .map((classIndex) => ({ caseIndex, classIndex }));
  });
}

export function shownClasses(data: ReportData, { classIndex }: Pick<Selection, 'classIndex'>): number[] {
  return classIndex >= 0 ? [classIndex] : [...data.classes.keys()];
}

function inGroup(entry: ReportCase, group: string | undefined): boolean {
  return group === undefined || (entry.group ?? '') === group;
}

/** The groups that cases name, in order; empty where none does. */
export function groupsOf(data: ReportData): string[] {
  const groups = new Set(data.cases.map(({ group }) => group ?? ''));
  return groups.size === 1 && groups.has('') ? [] : [...groups].sort((a, b) => a.localeCompare(b));
}

export function valueAt(data: ReportData, { classIndex, caseIndex }: Row, measure: number): number | null {
  const value = classIndex < 0 ? Number.NaN : data.values[classIndex]![measure]![caseIndex]!;
  return Number.isNaN(value) ? null : value;
}

export function reasonText(data: ReportData, row: Row): string {
  if (row.classIndex < 0) return data.cases[row.caseIndex]!.error ?? '';
  const at = (key: string) => valueAt(data, row, measureAt(data, key));
  return describeReason(
    reasonNames[data.reasons[row.classIndex]![row.caseIndex]!]!,
    at('predictedVolumeMl'),
    at('referenceVolumeMl'),
  );
}

export function measureAt(data: ReportData, key: string): number {
  return data.measures.findIndex((measure) => measure.key === key);
}

/** How bad a value is: the greater the worse. */
export function badness(value: number, { better }: Measure): number {
  return better === 'higher' || better === 'none' ? -value : better === 'lower' ? value : Math.abs(value);
}

/** A column by which rows are ordered; a number is the place of a measure. */
export type SortKey = 'case' | 'group' | 'class' | 'reason' | number;

/**
 * Ascending or descending by a column; `worst` of a measure puts its worst values first. Cases without
 * a score come after all values and undefined ones last; equal ones of the worst come by volume, others stay in the order of
 * the manifest.
 */
export function sortRows(
  data: ReportData,
  rows: readonly Row[],
  key: SortKey,
  order: 'ascending' | 'descending' | 'worst',
): Row[] {
  const sign = order === 'descending' ? -1 : 1;
  if (typeof key === 'string') {
    const text = (row: Row) =>
      key === 'case'
        ? data.cases[row.caseIndex]!.id
        : key === 'group'
          ? (data.cases[row.caseIndex]!.group ?? '')
          : key === 'class'
            ? (data.classes[row.classIndex] ?? '')
            : reasonText(data, row);
    const collator = new Intl.Collator('en', { numeric: true });
    return decorated(rows, text, (a, b) => sign * collator.compare(a, b));
  }
  const measure = data.measures[key]!;
  const rank = (row: Row): number => {
    const value = valueAt(data, row, key);
    if (row.classIndex < 0) return Number.MAX_VALUE;
    if (value === null) return Infinity;
    return order === 'worst' ? -badness(value, measure) : sign * value;
  };
  // Of many that were missed entirely, the largest is the worst.
  const volume = order === 'worst' ? volumesOf(data) : () => 0;
  return decorated(
    rows,
    (row) => [rank(row), volume(row)] as const,
    ([a, x], [b, y]) => (a === b ? y - x : a - b),
  );
}

/** The larger volume of reference and prediction of a row. */
function volumesOf(data: ReportData): (row: Row) => number {
  const places = ['referenceVolumeMl', 'predictedVolumeMl'].map((key) => measureAt(data, key));
  return (row) => Math.max(...places.map((measure) => valueAt(data, row, measure) ?? 0));
}

function decorated<T>(rows: readonly Row[], key: (row: Row) => T, compare: (a: T, b: T) => number): Row[] {
  return rows
    .map((row) => ({ row, key: key(row) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ row }) => row);
}
