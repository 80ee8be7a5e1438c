/** The page of a case with a score. */

import type { Vec3 } from '../../base/box.ts';
import type { ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { type Link, page } from '../dashboard/layout.ts';
import { figure, integer } from '../report/format.ts';
import { caseAddress } from './address.ts';
import { neighbours } from './case-order.ts';
import { known } from './cases-page.ts';
import type { PlaceList } from './places.ts';

export interface CasePageParts {
  readonly run: string;
  readonly case: number;
  readonly class: number;
  readonly results: ResultsDocument;
  readonly entry: ScoredCaseResult;
  readonly places: PlaceList | undefined;
  /** Voxel to start at. */
  readonly start?: Vec3;
  readonly links: readonly Link[];
}

/** What the page links in its head. */
export const viewerHead = html`<link rel="stylesheet" href="/look/viewer.css">
<script type="module" src="/look/viewer.js"></script>`;

export function casePage(parts: CasePageParts): string {
  const { entry, links } = parts;
  return page({
    title: entry.id,
    links,
    head: viewerHead,
    main: html`<div class="title"><h1 class="id"><bdi>${entry.id}</bdi></h1>${entry.group !== undefined && html`<span class="badge">${entry.group}</span>`}${caseLinks(parts)}</div>
<div class="sides">
${picture(parts)}
<div class="beside">
${classChoice(parts)}
${facts(parts)}
${placeList(parts.places)}
${legend(parts)}
</div>
</div>`,
  });
}

/** Links to the cases before and after, in the order of the class's Dice. */
export function caseLinks(parts: Pick<CasePageParts, 'run' | 'case' | 'class' | 'results'>): Markup {
  const { run, results, class: classIndex } = parts;
  const { place, of, previous, next } = neighbours(results, classIndex, parts.case);
  const name = results.classes[classIndex]?.name;
  const step = (text: string, to: number | undefined, rel: Fragment) =>
    to === undefined
      ? html`<a class="button" aria-disabled="true" role="link">${text}</a>`
      : html`<a class="button" href="${caseAddress(run, { case: to, class: classIndex })}"${rel}>${text}</a>`;
  return html`<nav class="neighbours" id="neighbours" aria-label="Cases">${step('Previous', previous, html` rel="prev"`)}<span>${place} of ${of}${name !== undefined && html`, by Dice of <bdi>${name}</bdi>`}</span>${step('Next', next, html` rel="next"`)}</nav>`;
}

function classChoice({ results, entry, class: current }: CasePageParts): Fragment {
  if (results.classes.length === 1) return undefined;
  const options = results.classes.map(
    ({ name }, at) =>
      html`<option value="${at}"${at === current && html` selected`}>${name} (${figure(entry.classes[name]!.metrics.dice)})</option>`,
  );
  return html`<form class="look" id="class-choice"><label class="long">Class<select name="class">${options}</select></label><button class="button script-less">Show</button></form>`;
}

function facts({ results, entry, class: classIndex }: CasePageParts): Markup {
  const { name } = results.classes[classIndex]!;
  const { metrics } = entry.classes[name]!;
  const values = [
    ['Dice', figure(metrics.dice)],
    ['Precision', figure(metrics.precision)],
    ['Recall', figure(metrics.recall)],
    ['Reference', `${figure(metrics.referenceVolumeMl)} ml`],
    ['Predicted', `${figure(metrics.predictedVolumeMl)} ml`],
  ] as const;
  const reason = known(entry.classes[name]!);
  const counts = [
    ['agree', 'both agree', 'tp', metrics.tp],
    ['missed', 'missed: in the reference, not predicted', 'fn', metrics.fn],
    ['extra', 'extra: predicted, not in the reference', 'fp', metrics.fp],
  ] as const;
  return html`<section id="facts" aria-labelledby="values"><h2 id="values">Class <bdi>${name}</bdi></h2>
${reason !== '' && html`<p class="basis">${reason}</p>`}
<dl class="facts">${values.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
<table class="counts"><caption class="visually-hidden">Voxels of the class</caption><thead><tr><th scope="col">Voxels</th><th scope="col" class="number">case</th><th scope="col" class="number">slice</th></tr></thead>
<tbody>${counts.map(
    ([
      colour,
      text,
      id,
      count,
    ]) => html`<tr><th scope="row" class="swatch ${colour}">${text}</th><td class="number" id="case-${id}">${integer(count)}</td><td class="number"><output id="slice-${id}"></output></td></tr>
`,
  )}</tbody></table></section>`;
}

function picture(parts: CasePageParts): Markup {
  const { results, entry } = parts;
  const view = `${caseAddress(parts.run, { case: parts.case })}/view`;
  const data = {
    view,
    class: parts.class,
    start: parts.start ?? null,
    names: results.classes.map(({ name }) => name),
    classes: presentClasses(parts).map(({ index, metrics: { tp, fp, fn } }) => ({ index, tp, fp, fn })),
  };
  return html`<section class="picture" aria-labelledby="volumes" data-case="${JSON.stringify(data)}" data-mode="error"><h2 id="volumes" class="visually-hidden">Prediction and reference</h2>
<form class="look" id="look">
<label>View<select name="view"><option value="three">three planes</option><option value="axial">axial</option><option value="coronal">coronal</option><option value="sagittal">sagittal</option></select></label>
<label>Show<select name="mode"><option value="error">errors of this class</option><option value="errors">errors of all shown classes</option><option value="both">prediction, reference as outline</option><option value="prediction">prediction</option><option value="reference">reference</option></select></label>
<label class="long"><span>Slice <output name="place"></output></span><input type="range" name="slice" min="0" max="0" value="0"></label>
<label>Masks<input type="range" name="opacity" min="0" max="100" value="100" aria-label="Opacity of the masks"></label>
<label class="tick"><input type="checkbox" name="outlines"> outlines</label>
<label class="tick"><input type="checkbox" name="neurological"> left on the left</label>
<label id="window-control" hidden>Window<select name="window"></select></label>
<span class="buttons"><button type="button" class="button" id="worst">Worst slice</button><button type="button" class="button" id="farther" aria-label="Zoom out">−</button><button type="button" class="button" id="closer" aria-label="Zoom in">+</button></span>
</form>
<p class="differs" id="differs" role="alert" hidden></p>
<div class="stage"><canvas id="stage" tabindex="0" role="img" aria-label="Prediction and reference of ${entry.id}" aria-describedby="where keys"></canvas></div>
<ul class="legend errors" aria-label="Colours of errors"><li class="swatch agree">both agree</li><li class="swatch missed">missed</li><li class="swatch extra">extra</li><li class="swatch other">another class</li></ul>
<p class="where" id="where" role="status">Loading the volumes.</p>
<p class="where pointer" aria-hidden="true">Pointer: <span id="pointer"></span></p>
<p class="basis"><span id="stride-note" role="status"></span> <span id="scan-note"></span> <span id="only-note"></span></p>
<p class="basis" id="keys">Keys in the picture: arrows move within the plane, <kbd>Page Up</kbd> and <kbd>Page Down</kbd> to the next one, <kbd>space</kbd> hides the masks, <kbd>1</kbd> to <kbd>9</kbd> switch classes, <kbd>n</kbd> and <kbd>p</kbd> go to the next and previous place, <kbd>w</kbd> to the worst slice, <kbd>+</kbd> and <kbd>-</kbd> zoom. The right button sets the window.</p>
</section>`;
}

/** Places as buttons that lead there. */
function placeList(list: PlaceList | undefined): Markup {
  if (!list) return html`<section id="places" hidden></section>`;
  const rows = list.places.map(
    ({ voxel, first, last, weight, name, detail }) =>
      html`<li><button type="button" data-place="${JSON.stringify({ voxel, first, last })}"><span class="share">${weight}</span> <span class="place">${name}</span> <span class="parts">${detail}</span></button></li>`,
  );
  return html`<section class="places" id="places" aria-labelledby="places-title"><h2 id="places-title">${list.title}</h2>
<ol>${rows}</ol><p class="basis">${list.basis}</p></section>`;
}

/** Classes of which the case holds any voxel. */
function presentClasses({ results, entry }: CasePageParts) {
  return results.classes.flatMap(({ name }, index) => {
    const { metrics } = entry.classes[name]!;
    return metrics.tp + metrics.fp + metrics.fn > 0 ? [{ name, index, metrics }] : [];
  });
}

function legend(parts: CasePageParts): Fragment {
  const present = presentClasses(parts);
  const absent = parts.results.classes.length - present.length;
  const rows = present.map(
    ({ name, index, metrics }, at) =>
      html`<li><label><input type="checkbox" value="${index}" checked><span class="class-swatch" data-colour="${index}"></span><bdi>${name}</bdi>${at < 9 && html` <kbd>${at + 1}</kbd>`}<span class="number">${figure(metrics.dice)}</span></label></li>`,
  );
  return html`<section class="classes" id="legend" aria-labelledby="legend-title"><h2 id="legend-title">Classes <span class="count">${present.length}</span></h2>
${present.length > 1 && html`<p class="buttons"><button type="button" class="button" id="all-on">All</button><button type="button" class="button" id="all-off">None</button></p>`}
<ul>${rows}</ul>${absent > 0 && html`<p class="basis">${absent} not in this case.</p>`}</section>`;
}
