/** The rows of the table of cases, and the same as CSV. */

import { csvRecord } from '../../../base/csv.ts';
import { html, type Markup } from '../../dashboard/html.ts';
import { figure, percent } from '../format.ts';
import { lookLink } from '../look-link.ts';
import type { ReportData } from '../report-data.ts';
import { measureAt, type Row, reasonText, type SortKey, valueAt } from './selection.ts';

export interface Column {
  readonly key: SortKey;
  readonly label: string;
}

const always = ['dice', 'precision', 'recall', 'relativeVolumeDifference'];

/** Names, the chosen measure, the others that tell most, and the reason. */
export function columnsOf(data: ReportData, measure: number, hasGroups: boolean): Column[] {
  const measures = [measure, ...always.map((key) => measureAt(data, key)).filter((at) => at !== measure)];
  const short: Readonly<Record<string, string>> = { relativeVolumeDifference: 'Volume diff.' };
  return [
    { key: 'case', label: 'Case' },
    ...(hasGroups ? [{ key: 'group', label: 'Group' } as const] : []),
    { key: 'class', label: 'Class' },
    ...measures.map((at) => ({ key: at, label: short[data.measures[at]!.key] ?? data.measures[at]!.label })),
    { key: 'reason', label: 'What is known' },
  ];
}

export function headMarkup(
  columns: readonly Column[],
  sorted: SortKey,
  order: 'ascending' | 'descending',
): Markup {
  return html`<tr>${columns.map(({ key, label }, at) => {
    const isSorted = key === sorted;
    return html`<th scope="col"${typeof key === 'number' && html` class="number"`}${isSorted && html` aria-sort="${order}"`}><button type="button" data-column="${at}">${label}<span class="arrow" aria-hidden="true">${isSorted ? (order === 'ascending' ? '▲' : '▼') : ''}</span></button></th>`;
  })}</tr>`;
}

export function rowMarkup(data: ReportData, row: Row, columns: readonly Column[]): Markup {
  const entry = data.cases[row.caseIndex]!;
  return html`<tr>${columns.map(({ key }) => {
    if (key === 'case')
      return html`<th scope="row" class="name">${lookLink(data.viewer, { id: entry.id, class: data.classes[row.classIndex] }, entry.id)}</th>`;
    if (key === 'group') return html`<td class="name">${entry.group ?? ''}</td>`;
    if (key === 'class')
      return html`<td class="name">${row.classIndex < 0 ? '–' : data.classes[row.classIndex]}</td>`;
    if (key === 'reason')
      return html`<td class="reason${row.classIndex < 0 && ' bad'}">${reasonText(data, row)}</td>`;
    const value = valueAt(data, row, key);
    const text =
      data.measures[key]!.key === 'relativeVolumeDifference' && value !== null
        ? percent(value)
        : figure(value);
    return html`<td class="number">${text}</td>`;
  })}</tr>`;
}

/** The page has float32. */
function sixDigits(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(6));
}

/** Every measure of the rows, with the column names of `cases.csv`. */
export function rowsCsv(data: ReportData, rows: readonly Row[]): string {
  const head = ['case', 'group', 'class', 'what_is_known', ...data.measures.map(({ key }) => key)];
  const records = rows.map((row) => {
    const { id, group } = data.cases[row.caseIndex]!;
    const values = data.measures.map((_, at) => valueAt(data, row, at)).map(sixDigits);
    return csvRecord([id, group, data.classes[row.classIndex], reasonText(data, row), ...values]);
  });
  return [csvRecord(head), ...records].join('');
}
