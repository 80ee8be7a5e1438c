/** The parts that the page's script fills: distributions, the table of cases and the curves. */
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import type { CurveSection } from './curve-data.ts';
import { count, figure } from './format.ts';
import { lookLink, viewerHint } from './look-link.ts';
import { groupsOf, measureAt } from './page/selection.ts';
import { reasonNames } from './reasons.ts';
import type { ReportData } from './report-data.ts';
import type { Thumbnail } from './thumbnails.ts';

/** `allCases`: the file that has every case, where this page does not. */
export function explore(
  data: ReportData,
  allCases: string | undefined,
  thumbnails: readonly Thumbnail[],
): Markup {
  const groups = groupsOf(data);
  const chosen = measureAt(data, 'dice');
  const option = (value: string | number, text: string, selected = false) =>
    html`<option value="${value}"${selected && html` selected`}>${text}</option>`;
  const isPart = data.cases.length < data.total;
  return html`<section id="cases" aria-labelledby="cases-title">
<h2 id="cases-title">Cases</h2>
<noscript><p>The plots and the table of cases need scripting, which this browser has switched off; <code>cases.csv</code> has the values.</p></noscript>
${
  isPart &&
  html`<p class="notice">Of ${count(data.total, 'case')} this page lists the ${data.cases.length} worst by Dice. Boxes are of all cases, points of these. ${
    allCases === undefined
      ? html`All are in <code>cases.csv</code>.`
      : html`All are in <a href="${allCases}">${allCases}</a> and in <code>cases.csv</code>.`
  }</p>`
}
<form id="controls" class="controls" data-needs-script hidden aria-label="What is shown">
<label>Class<select name="class">${data.classes.length > 1 && option(-1, 'all')}${data.classes.map((name, at) => option(at, name))}</select></label>
<label>Measure<select name="measure">${data.measures.map(({ label }, at) => option(at, label, at === chosen))}</select></label>
${
  groups.length > 0 &&
  html`<label>Group<select name="group">${option('', 'all')}${groups.map((group) => option(`=${group}`, group || 'without a group'))}</select></label>`
}
<label>What is known<select name="reason">${option('', 'anything')}${data.cases.some(({ error }) => error !== undefined) && option('error', 'no score')}${reasonNames.filter((name) => name !== '').map((name) => option(name, name))}</select></label>
<label>Case contains<input name="text" type="search" autocomplete="off" spellcheck="false"></label>
${groups.length > 1 && html`<label class="check"><input name="by-group" type="checkbox">a row for each group</label>`}
<button type="reset">Reset</button>
</form>
<figure data-needs-script hidden>
<figcaption class="head"><h3>Distribution</h3><button type="button" data-save-svg="voxtally-distribution">Save SVG</button></figcaption>
<div id="distribution-plot" class="holder"></div>
<p class="basis">A point is a case; hover, or focus and use the arrow keys, for its name. The box spans the quartiles, the line is the median.<span id="definition"></span></p>
</figure>
${pictures(thumbnails, data.viewer)}
<div data-needs-script hidden>
<div class="head"><h3>Worst cases first</h3><span class="actions"><button type="button" id="worst-first" hidden>Worst first</button><button type="button" id="rows-csv">Download CSV</button></span></div>
<div class="scroll" tabindex="0" role="region" aria-label="Table of cases"><table id="case-table" data-groups="${groups.length > 0 ? 'yes' : 'no'}"><caption class="visually-hidden">Cases and classes with their measures; the buttons in the header sort</caption><thead></thead><tbody></tbody></table></div>
<div class="pager"><button type="button" id="page-back">Back</button><span id="rows-shown" role="status"></span><button type="button" id="page-on">Next</button></div>
</div>
</section>`;
}

function pictures(thumbnails: readonly Thumbnail[], viewer: string | null): Fragment {
  if (thumbnails.length === 0) return null;
  return html`<h3>Worst slices</h3>
<p class="basis">The slice with the most error of the worst class of the worst cases: <b class="key both">both</b>, <b class="key missed">missed</b> (reference alone), <b class="key extra">extra</b> (prediction alone).${viewerHint(viewer)}</p>
<ul class="thumbnails">${thumbnails.map(
    ({ caseId, className, dice, voxel, slice: at, slices, source, width, height }) => {
      const slice = `slice ${at + 1} of ${slices}`;
      const image = html`<img src="${source}" width="${width}" height="${height}" alt="${caseId}, ${className}: ${slice}"><span class="name">${caseId}</span>`;
      return html`<li>${lookLink(viewer, { id: caseId, class: className, voxel }, image)}<span class="under">${className}: Dice ${figure(dice)}, ${slice}</span></li>`;
    },
  )}</ul>`;
}

export function curveSection({ curves, note }: CurveSection): Markup {
  const kinds: readonly (readonly [key: string, name: string])[] = [
    ['roc', 'ROC curve'],
    ['pr', 'Precision-recall curve'],
    ['threshold', 'Dice and Jaccard over the threshold'],
    ['calibration', 'Reliability diagram'],
  ];
  return html`<section id="curves" aria-labelledby="curves-title">
<div class="head"><h2 id="curves-title">Curves</h2>${
    curves.length > 1 &&
    html`<label class="inline" data-needs-script hidden>Class<select id="curve-class">${curves.map((curve, at) => html`<option value="${at}">${curve.class}</option>`)}</select></label>`
  }</div>
${curves.length > 0 && html`<p class="basis">Over the pooled voxels of ${count(curves[0]!.cases, 'scored case')}. Areas and the best threshold are exact; lines are thinned for drawing. Hover, or focus and use the arrow keys, to read values off.</p>`}
${note !== undefined && html`<p class="basis">${note}</p>`}
${curves.length > 0 && curveTable(curves)}
${
  curves.length > 0 &&
  html`<div id="curve-plots" class="curve-grid" data-needs-script hidden>${kinds.map(
    ([key, name]) =>
      html`<figure data-curve="${key}"><figcaption class="head"><span class="caption-text">${name}</span><button type="button" data-save-svg="voxtally-${key}" aria-label="Save SVG: ${name}">SVG</button></figcaption><div class="holder" tabindex="0" role="group" aria-label="${name}; arrow keys read values off"></div></figure>`,
  )}</div>`
}
</section>`;
}

function curveTable(curves: CurveSection['curves']): Fragment {
  const shown = (value: number | null) => (value === null ? '–' : String(Number(value.toPrecision(5))));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of areas, best thresholds and calibration"><table><caption class="visually-hidden">Areas, best thresholds and calibration by class</caption>
<thead><tr><th scope="col">Class</th>${['AUC', 'Average precision', 'Best Dice', 'from p ≥', 'ECE', 'Brier score'].map((name) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>${curves.map((curve) => html`<tr><th scope="row">${curve.class}</th>${[curve.auc, curve.averagePrecision, curve.best?.[1] ?? null, curve.best?.[0] ?? null, curve.ece, curve.brier].map((value) => html`<td class="number">${shown(value)}</td>`)}</tr>`)}</tbody></table></div>`;
}
