/** The pages of the viewer: the cases of a run, worst first, and one case. */

import { voxelRanges } from '../../questions/errors/table.ts';
import type { ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { type Link, page } from '../dashboard/layout.ts';
import { pager, scrollingTable } from '../dashboard/parts.ts';
import { figure } from '../report/format.ts';
import { describeReason, reasonOf } from '../report/reasons.ts';
import type { ReducedCase } from './reduce-case.ts';
import type { ShownBox } from './shown-boxes.ts';

export function messagePage(message: string, links: readonly Link[]): string {
  return page({
    title: 'Nothing to look at',
    links,
    main: html`<h1>Nothing to look at</h1><p>${message}</p>
${links.length === 0 && html`<p><a href="/">Start</a></p>`}`,
  });
}

/** Rows of the list of cases on one page. */
const rowsPerPage = 100;

export interface CasesPageParts {
  readonly run: string;
  readonly results: ResultsDocument;
  /** From 1. */
  readonly page: number;
  readonly links: readonly Link[];
}

/** A row a case and class, lowest Dice first; undefined for a page that is not there. */
export function casesPage({ run, results, page: number, links }: CasesPageParts): string | undefined {
  const { cases, classes } = results;
  const rows = cases
    .flatMap((entry, index) =>
      entry.status === 'ok'
        ? classes.map(({ name }, at) => ({ entry, index, name, at, result: entry.classes[name]! }))
        : [],
    )
    .sort((a, b) => (a.result.metrics.dice ?? 2) - (b.result.metrics.dice ?? 2));
  const shown = rows.slice((number - 1) * rowsPerPage, number * rowsPerPage);
  if (shown.length === 0 && number > 1) return undefined;
  const table = scrollingTable(
    'Cases',
    html`<th scope="col">Case</th><th scope="col">Class</th><th scope="col" class="number">Dice</th>`,
    shown.map(({ entry, index, name, at, result }) => {
      const reason = known(result);
      return html`<tr><th scope="row" class="name"><a href="/runs/${run}/look/${index}?class=${at}"><bdi>${entry.id}</bdi></a>${reason !== '' && html`<span class="reason">${reason}</span>`}</th><td class="name"><bdi>${name}</bdi></td><td class="number">${figure(result.metrics.dice)}</td></tr>
`;
    }),
  );
  return page({
    title: 'Cases',
    links,
    main: html`<h1>Cases, lowest Dice first</h1>
<section aria-label="Cases">${rows.length > 0 ? table : html`<p class="empty">No case has a score.</p>`}
${pager('Pages of cases', { page: number, pageSize: rowsPerPage, total: rows.length }, (to) => `/runs/${run}/look?page=${to}`)}</section>`,
  });
}

function known(result: ScoredCaseResult['classes'][string]): string {
  const { predictedVolumeMl, referenceVolumeMl } = result.metrics;
  return describeReason(reasonOf(result), predictedVolumeMl, referenceVolumeMl);
}

export interface CasePageParts {
  readonly run: string;
  readonly case: number;
  readonly class: number;
  readonly results: ResultsDocument;
  readonly entry: ScoredCaseResult;
  readonly reduced: ReducedCase;
  /** Worst first; may be none. */
  readonly boxes: readonly ShownBox[];
  readonly links: readonly Link[];
}

export function casePage(parts: CasePageParts): string {
  const { results, entry, links } = parts;
  const spec = results.classes[parts.class]!;
  const { metrics } = entry.classes[spec.name]!;
  const facts = [
    ['Dice', figure(metrics.dice)],
    ['Precision', figure(metrics.precision)],
    ['Recall', figure(metrics.recall)],
    ['Reference', `${figure(metrics.referenceVolumeMl)} ml`],
    ['Predicted', `${figure(metrics.predictedVolumeMl)} ml`],
  ] as const;
  const reason = known(entry.classes[spec.name]!);
  return page({
    title: entry.id,
    links,
    head: html`<link rel="stylesheet" href="/look/viewer.css">
<script type="module" src="/look/viewer.js"></script>`,
    main: html`<div class="title"><h1 class="id"><bdi>${entry.id}</bdi></h1>${entry.group !== undefined && html`<span class="badge">${entry.group}</span>`}</div>
${classChoice(parts)}
${volumes(parts)}
<section aria-labelledby="values"><h2 id="values">Class <bdi>${spec.name}</bdi></h2>
${reason !== '' && html`<p class="basis">${reason}</p>`}
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></section>`,
  });
}

function classChoice({ results, class: current }: CasePageParts): Markup | undefined {
  if (results.classes.length === 1) return undefined;
  const options = results.classes.map(
    ({ name }, at) => html`<option value="${at}"${at === current && html` selected`}>${name}</option>`,
  );
  return html`<form class="look"><label>Class<select name="class">${options}</select></label><button class="button">Show</button></form>`;
}

function volumes(parts: CasePageParts): Markup {
  const { stride, origin } = parts.reduced;
  const name = parts.results.classes[parts.class]!.name;
  const address = `/runs/${parts.run}/look/${parts.case}/${parts.class}`;
  const isReduced = stride.some((step) => step > 1);
  return html`<section aria-labelledby="volumes"><h2 id="volumes">Prediction, reference and disagreement</h2>
<form class="look" id="look">
<label>View<select name="view"><option value="3">all three planes</option><option value="0">axial</option><option value="1">coronal</option><option value="2">sagittal</option></select></label>
<label class="long"><span>Slice <output name="place"></output></span><input type="range" name="slice" min="0" max="0" value="0"></label>
<button type="button" class="button" id="worst">Slice with the most error</button>
${opacity('prediction', 'Prediction', 100)}${opacity('reference', 'Reference', 45)}${opacity('error', 'Disagreement', 85)}
</form>
<div class="sides">
<div class="picture">
<div class="stage"><canvas id="stage" tabindex="0" role="img" aria-label="Prediction, reference and disagreement of ${name} in ${parts.entry.id}" aria-describedby="where keys" data-volumes="${address}" data-worst="${worstMm(parts.reduced)}" data-origin="${origin.join()}" data-stride="${stride.join()}"></canvas></div>
<ul class="legend" aria-label="Colours"><li class="swatch prediction">prediction</li><li class="swatch reference">reference</li><li class="swatch both">both agree</li><li class="swatch missed">missed: in the reference, not predicted</li><li class="swatch extra">extra: predicted, not in the reference</li></ul>
<p class="where" id="where" role="status">Loading the volumes.</p>
</div>
${boxList(parts.boxes)}
</div>
<p class="basis" id="keys">It starts in the ${parts.boxes.length > 0 && 'box with the most error and its worst '}axial slice${parts.boxes.length === 0 && ' with the most error'}. In the picture the arrow keys move within a slice, Page Up and Page Down to the next one. Shown is the part that holds reference, prediction or error${isReduced && html`, and of every ${stride.join(' × ')} voxels one`}.</p>
</section>`;
}

function opacity(name: string, label: string, percent: number): Markup {
  return html`<label>${label}<input type="range" name="${name}" min="0" max="100" value="${percent}"></label>`;
}

/** The boxes as buttons that move the crosshair to their middles. */
function boxList(boxes: readonly ShownBox[]): Fragment {
  if (boxes.length === 0) return undefined;
  const rows = boxes.map(
    ({ box, mm, share, fp, fn }) =>
      html`<li><button type="button" data-mm="${mm.join()}"><span class="share">${(100 * share).toFixed(1)} %</span> <span class="place">${voxelRanges(box)}</span> <span class="parts">extra ${figure(fp)}; missed ${figure(fn)}</span></button></li>`,
  );
  return html`<div class="boxes"><h3 id="boxes">Boxes with the most error</h3>
<ol aria-labelledby="boxes">${rows}</ol><p class="basis">Voxels along x, y, z; errors in voxels.</p></div>`;
}

/** Where the worst slices meet, in mm. */
function worstMm({ affine, worst }: ReducedCase): string {
  const mm = [0, 1, 2].map((row) =>
    worst.reduce((sum, at, axis) => sum + affine[4 * row + axis]! * at, affine[4 * row + 3]!),
  );
  return mm.join(',');
}
