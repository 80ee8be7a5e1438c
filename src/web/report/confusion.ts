/** What is taken for what: the pooled confusion matrix as a heat map of the labels that are confused, and its largest cells. */
import type { ConfusionDocument, DocumentLabel, ResultsDocument } from '../../results/document.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { count, integer } from './format.ts';

/** The heat map holds the labels that lose most voxels to others; at this many its cells are still seen. */
const mostLabels = 100;
const mostPairs = 25;
/** Cells below this share of their row are not drawn: they would be empty to look at. */
const leastShare = 0.001;
/** Room for the labels of rows and columns. */
const mostLabelWidth = 150;
const plotWidth = 900;

interface Pair {
  readonly row: number;
  readonly column: number;
  readonly voxels: number;
  /** Of the row, all that the reference has of this label. */
  readonly share: number;
}

export function confusionMatrix({ pooled, classes, scores }: ResultsDocument): Fragment {
  if (!pooled?.confusion) return null;
  const { labels } = pooled.confusion;
  const cells = readCells(pooled.confusion);
  const nameOf = (at: number) => labelName(classes, labels[at]!);
  const wrong = cells.filter(({ row, column }) => row !== column).sort((a, b) => b.voxels - a.voxels);
  const lost = labels.map(() => 0);
  for (const { row, column, voxels } of wrong) {
    lost[row]! += voxels;
    lost[column]! += voxels;
  }
  const shown = [...labels.keys()]
    .filter((at) => lost[at]! > 0)
    .sort((a, b) => lost[b]! - lost[a]!)
    .slice(0, mostLabels)
    .sort((a, b) => a - b);
  const basis = html`Voxels of ${count(pooled.cases, 'scored case')} pooled. A row is a label of the reference, a column what was predicted${scores !== 'label' && ', by the largest channel'}; shares are of the row.`;
  if (wrong.length === 0) {
    return html`<section id="confusion" aria-labelledby="confusion-title"><h2 id="confusion-title">Confusion</h2><p class="basis">${basis} No voxel has another label than its reference.</p></section>`;
  }
  const left = labels.length - shown.length;
  return html`<section id="confusion" aria-labelledby="confusion-title">
<div class="head"><h2 id="confusion-title">Confusion</h2><button type="button" data-csv-of="confusion-table" data-needs-script hidden>Download CSV</button></div>
<p class="basis">${basis} Orange: predicted as another label; blue: right.${left > 0 && html` ${count(left, 'label')} ${left === 1 ? 'is' : 'are'} left out, confused least or not at all; results.json has all.`}</p>
<div class="scroll cue" tabindex="0" role="region" aria-label="Heat map of the confusion matrix">${heatMap(
    shown,
    cells.filter(({ share }) => share >= leastShare),
    nameOf,
  )}</div>
<h3>Confused most</h3>
<div class="scroll cue" tabindex="0" role="region" aria-label="Table of the pairs confused most"><table id="confusion-table" class="narrow"><caption class="visually-hidden">Pairs of labels with the most confused voxels</caption>
<thead><tr><th scope="col">Reference</th><th scope="col">Predicted as</th><th scope="col" class="number">Voxels</th><th scope="col" class="number">Of the reference</th></tr></thead>
<tbody>${wrong
    .slice(0, mostPairs)
    .map(
      ({ row, column, voxels, share }) =>
        html`<tr><th scope="row">${nameOf(row)}</th><td>${nameOf(column)}</td><td class="number" data-value="${voxels}">${integer(voxels)}</td><td class="number" data-value="${share}">${percentText(share)}</td></tr>`,
    )}</tbody></table></div>
</section>`;
}

/** Square cells, labels to the left and above; what a cell holds is told where the pointer rests. */
function heatMap(shown: readonly number[], cells: readonly Pair[], nameOf: (at: number) => string): Markup {
  const size = Math.max(9, Math.min(30, Math.floor((plotWidth - mostLabelWidth) / shown.length)));
  const fontSize = Math.min(13, size + 1);
  const longest = Math.max(...shown.map((at) => nameOf(at).length));
  const labelWidth = Math.min(mostLabelWidth, 12 + longest * fontSize * 0.6);
  const place = new Map(shown.map((label, at) => [label, labelWidth + at * size]));
  const side = labelWidth + shown.length * size + 4;
  const most = Math.floor(labelWidth / (fontSize * 0.58));
  const text = (at: number) => {
    const name = nameOf(at);
    return name.length > most ? `${name.slice(0, most - 1)}…` : name;
  };
  return html`<svg class="plot heat" xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 ${side} ${side}" role="img" aria-label="Heat map: ${count(shown.length, 'label')} of the reference down, of the prediction across; the table below lists the largest confusions">
<g font-size="${fontSize}">${shown.map((at) => {
    const middle = place.get(at)! + size / 2;
    return html`<text x="${labelWidth - 6}" y="${middle + fontSize * 0.35}" text-anchor="end">${text(at)}</text><text transform="translate(${middle + fontSize * 0.35} ${labelWidth - 6}) rotate(-90)">${text(at)}</text>`;
  })}</g>
<rect class="heat-ground" x="${labelWidth}" y="${labelWidth}" width="${shown.length * size}" height="${shown.length * size}"/>
${cells.map(({ row, column, voxels, share }) => {
  const [y, x] = [place.get(row), place.get(column)];
  if (x === undefined || y === undefined) return null;
  // By the logarithm, so that one voxel in a thousand is seen beside one in two.
  const opacity = row === column ? 0.15 + 0.5 * share : 0.25 + 0.75 * (1 + Math.log10(share) / 3);
  return html`<rect class="${row === column ? 'right' : 'wrong'}" x="${x}" y="${y}" width="${size - 1}" height="${size - 1}" fill-opacity="${opacity.toFixed(2)}"><title>${nameOf(row)} predicted as ${nameOf(column)}: ${integer(voxels)} voxels, ${percentText(share)}</title></rect>`;
})}
</svg>`;
}

function labelName(classes: ResultsDocument['classes'], label: DocumentLabel): string {
  const own = classes.find((entry) => entry.labels.length === 1 && entry.labels[0] === label);
  return own && own.name !== String(label) ? `${label} ${own.name}` : String(label);
}

function readCells({ labels, matrix, pairs = [] }: ConfusionDocument): Pair[] {
  const found = matrix
    ? matrix.flatMap((row, at) => row.map((voxels, column) => [at, column, voxels] as const))
    : pairs;
  const rowSums = labels.map(() => 0);
  for (const [row, , voxels] of found) rowSums[row]! += voxels;
  return found.flatMap(([row, column, voxels]) =>
    voxels === 0 ? [] : [{ row, column, voxels, share: voxels / rowSums[row]! }],
  );
}

function percentText(share: number): string {
  const percent = 100 * share;
  return percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(1)} %`;
}
