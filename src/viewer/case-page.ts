/** The pages of the viewer: the cases of a run, worst first, and one case. */
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { staticAddress } from '../dashboard/static-files.ts';
import { figure } from '../report/format.ts';
import { describeReason, reasonOf } from '../report/reasons.ts';
import type { ResultsDocument, ScoredCaseResult } from '../results/document.ts';
import { voxelRanges } from '../tile-errors/table.ts';
import type { ReducedCase } from './reduce-case.ts';
import type { ShownTile } from './shown-tiles.ts';

function page(title: string, main: Markup, script = false, back?: string): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} - Voxtally</title>
<link rel="icon" href="${staticAddress('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${staticAddress('dashboard.css')}">
<link rel="stylesheet" href="/look/viewer.css">
${script && html`<script type="module" src="/look/viewer.js"></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><span class="brand">Voxtally</span><nav aria-label="Main">${back !== undefined && html`<a href="${back}">All cases</a>`}</nav></header>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>
`.text;
}

export function messagePage(message: string): string {
  return page('Nothing to look at', html`<h1>Nothing to look at</h1><p>${message}</p>`);
}

/** Cases listed on one page: those with the lowest Dice. */
const mostListed = 500;

export function casesPage(run: string, { cases, classes }: ResultsDocument): string {
  const rows = cases
    .flatMap((entry, index) =>
      entry.status === 'ok'
        ? classes.map(({ name }, at) => ({ entry, index, name, at, result: entry.classes[name]! }))
        : [],
    )
    .sort((a, b) => (a.result.hard.dice ?? 2) - (b.result.hard.dice ?? 2));
  return page(
    'Cases',
    html`<h1>Cases, lowest Dice first</h1>
<section><div class="scroll" tabindex="0" role="region" aria-label="Table of cases"><table>
<thead><tr><th scope="col">Case</th><th scope="col">Class</th><th scope="col" class="number">Dice</th><th scope="col">What is known</th></tr></thead>
<tbody>${rows
      .slice(0, mostListed)
      .map(
        ({ entry, index, name, at, result }) =>
          html`<tr><th scope="row" class="name"><a href="/runs/${run}/look/${index}?class=${at}">${entry.id}</a></th><td class="name">${name}</td><td class="number">${figure(result.hard.dice)}</td><td>${known(result)}</td></tr>`,
      )}</tbody></table></div>
${rows.length > mostListed && html`<p class="more">The first ${mostListed} of ${rows.length} are listed.</p>`}</section>`,
  );
}

function known(result: ScoredCaseResult['classes'][string]): string {
  const { predictedVolumeMl, referenceVolumeMl } = result.hard;
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
  readonly tiles: readonly ShownTile[];
}

export function casePage(parts: CasePageParts): string {
  const { run, results, entry, reduced, tiles } = parts;
  const spec = results.classes[parts.class]!;
  const result = entry.classes[spec.name]!;
  const folder = `/runs/${run}/look/${parts.case}`;
  const { stride, origin, worst } = reduced;
  const isReduced = stride.some((step) => step > 1);
  const slice = worst.map((at, axis) => (origin[axis]! + at) * stride[axis]! + (stride[axis]! >> 1));
  return page(
    entry.id,
    html`<div class="title"><h1 class="id">${entry.id}</h1>${entry.group !== undefined && html`<span class="badge">${entry.group}</span>`}</div>
<section aria-label="Volumes">
<form class="look" id="look">
${
  results.classes.length > 1 &&
  html`<label>Class<select name="class">${results.classes.map(({ name }, at) => html`<option value="${at}"${at === parts.class && html` selected`}>${name}</option>`)}</select></label>`
}
<label>View<select name="view"><option value="3">all three planes</option><option value="0">axial</option><option value="1">coronal</option><option value="2">sagittal</option></select></label>
${layer('prediction', 'Prediction', 100)}${layer('reference', 'Reference', 45)}${layer('error', 'Disagreement', 80)}
<button type="button" class="button" id="worst">Slice with the most error</button>
</form>
<div class="sides">
<div class="stage"><canvas id="stage" tabindex="0" role="img" aria-label="Prediction, reference and their disagreement of ${spec.name} in ${entry.id}" data-folder="${folder}/${parts.class}" data-mm="${worstMm(reduced)}"></canvas></div>
${tiles.length > 0 && tileList(tiles)}
</div>
<p class="basis" id="where" role="status">Loading the volumes.</p>
<p class="basis">Starts at voxel [${slice.join(', ')}], ${startOf(tiles)}. The part of the volume that holds reference, prediction or error is shown. ${isReduced && html`Of every ${stride.join(' × ')} voxels one is shown.`}</p>
</section>
<section aria-labelledby="values"><h2 id="values">${spec.name}</h2><dl class="facts">
${fact('Dice', figure(result.hard.dice))}${fact('Precision', figure(result.hard.precision))}${fact('Recall', figure(result.hard.recall))}${fact('Reference', `${figure(result.hard.referenceVolumeMl)} ml`)}${fact('Predicted', `${figure(result.hard.predictedVolumeMl)} ml`)}
</dl>${known(result) !== '' && html`<p>${known(result)}</p>`}</section>`,
    true,
    `/runs/${run}/look`,
  );
}

function startOf(tiles: readonly ShownTile[]): string {
  return tiles.length > 0
    ? 'in the tile with the most error and its worst axial slice'
    : 'in the axial slice with the most error';
}

/** The tiles as buttons that move the crosshair to their middles. */
function tileList(tiles: readonly ShownTile[]): Markup {
  return html`<div class="tiles"><h2 id="tiles">Tiles with the most error</h2>
<ol aria-labelledby="tiles">${tiles.map(
    ({ box, mm, share, fp, fn }) =>
      html`<li><button type="button" data-mm="${mm.join(',')}"><span class="share">${(100 * share).toFixed(1)} %</span> <span class="place">${voxelRanges(box)}</span> <span class="parts">added ${figure(fp)}, missed ${figure(fn)}</span></button></li>`,
  )}</ol><p class="basis">Voxels along x, y, z; errors in voxels.</p></div>`;
}

function layer(name: string, label: string, percent: number): Fragment {
  return html`<label><span class="swatch ${name}">${label}</span><input type="range" name="${name}" min="0" max="100" value="${percent}"></label>`;
}

function fact(name: string, value: string): Markup {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** Where the worst slices meet, in mm. */
function worstMm({ affine, worst }: ReducedCase): string {
  const mm = [0, 1, 2].map((row) =>
    worst.reduce((sum, at, axis) => sum + affine[4 * row + axis]! * at, affine[4 * row + 3]!),
  );
  return mm.join(',');
}
