/** The pooled confusion matrix as a table, its cells tinted by their share of the row. */

import type { ConfusionDocument, DocumentLabel, ResultsDocument } from '../../results/document.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { count, integer } from './format.ts';

/** A larger matrix shows the labels with the most reference voxels. */
const mostLabels = 40;
/** Tints from none to full. */
const tints = 8;

export function confusionMatrix({ pooled, classes, scores }: ResultsDocument): Fragment {
  if (!pooled?.confusion) return null;
  const { labels } = pooled.confusion;
  const { rowSums, voxelsOf } = readPairs(pooled.confusion);
  const shown = [...labels.keys()]
    .sort((a, b) => rowSums[b]! - rowSums[a]!)
    .slice(0, mostLabels)
    .sort((a, b) => a - b);
  const nameOf = (label: DocumentLabel) => {
    const own = classes.find((entry) => entry.labels.length === 1 && entry.labels[0] === label);
    return own && own.name !== String(label) ? `${label} ${own.name}` : String(label);
  };
  const cell = (row: number, column: number): Markup => {
    const voxels = voxelsOf(row, column);
    const share = rowSums[row] === 0 ? 0 : voxels / rowSums[row]!;
    const tint = voxels === 0 ? 0 : 1 + Math.round(share * (tints - 1));
    const side = row === column ? 'hit' : 'miss';
    return html`<td class="number ${side} tint-${tint}" data-value="${voxels}">${percentText(share, voxels)}<span class="under">${integer(voxels)}</span></td>`;
  };
  return html`<section id="confusion" aria-labelledby="confusion-title">
<div class="head"><h2 id="confusion-title">Confusion matrix</h2><button type="button" data-csv-of="confusion-table" data-needs-script hidden>Download CSV</button></div>
<p class="basis">Voxels of ${count(pooled.cases, 'scored case')} pooled. A row is a label of the reference, a column what was predicted${scores !== 'label' && ', by the largest channel'}; percentages are of the row.${labels.length > mostLabels && html` Of ${labels.length} labels the ${mostLabels} most frequent are shown; results.json has all.`}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table of the confusion matrix"><table id="confusion-table" class="matrix" data-csv><caption class="visually-hidden">Voxels by reference label (rows) and predicted label (columns)</caption>
<thead><tr><th scope="col">Reference \\ predicted</th>${shown.map((at) => html`<th scope="col" class="number">${nameOf(labels[at]!)}</th>`)}</tr></thead>
<tbody>${shown.map((row) => html`<tr><th scope="row">${nameOf(labels[row]!)}</th>${shown.map((column) => cell(row, column))}</tr>`)}</tbody></table></div>
</section>`;
}

function readPairs({ labels, matrix, pairs = [] }: ConfusionDocument) {
  if (matrix) {
    const rowSums = matrix.map((row) => row.reduce((sum, value) => sum + value, 0));
    return { rowSums, voxelsOf: (row: number, column: number) => matrix[row]![column]! };
  }
  const rowSums = labels.map(() => 0);
  const cells = new Map<number, number>();
  for (const [row, column, voxels] of pairs) {
    rowSums[row]! += voxels;
    cells.set(row * labels.length + column, voxels);
  }
  return { rowSums, voxelsOf: (row: number, column: number) => cells.get(row * labels.length + column) ?? 0 };
}

function percentText(share: number, voxels: number): string {
  if (voxels === 0) return '0';
  const percent = 100 * share;
  return percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(1)} %`;
}
