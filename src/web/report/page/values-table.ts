/** Every measure of a class with every way of pooling. */
import { html, type Markup } from '../../dashboard/html.ts';
import { figure, integer } from '../format.ts';
import { type SummaryRow, summaryColumns } from '../report-data.ts';

const heads: Readonly<Record<(typeof summaryColumns)[number], string>> = {
  pooled: 'Pooled',
  mean: 'Mean',
  sd: 'SD',
  median: 'Median',
  q1: 'Q1',
  q3: 'Q3',
  min: 'Min',
  max: 'Max',
  count: 'N',
  undefined: 'Undef.',
  failed: 'No score',
};
const strong: readonly string[] = ['pooled', 'mean'];
const counts: readonly string[] = ['count', 'undefined', 'failed'];

export interface ValuesRow {
  readonly label: string;
  readonly values: SummaryRow;
}

export function valuesTable(caption: string, rows: readonly ValuesRow[]): Markup {
  return html`<div class="scroll cue" tabindex="0" role="region" aria-label="${caption}"><table class="dense">
<caption class="visually-hidden">${caption}</caption>
<thead><tr><th scope="col">Measure</th>${summaryColumns.map((column) => html`<th scope="col" class="number">${heads[column]}</th>`)}</tr></thead>
<tbody>${rows.map(({ label, values }) => html`<tr><th scope="row">${label}</th>${summaryColumns.map((column, at) => cell(column, values[at] ?? null))}</tr>`)}</tbody></table></div>`;
}

function cell(column: string, value: number | null): Markup {
  if (counts.includes(column)) return html`<td class="number quiet">${integer(value ?? 0)}</td>`;
  return html`<td class="number${strong.includes(column) && ' main'}">${figure(value)}</td>`;
}
