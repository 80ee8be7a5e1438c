/** How good the model is: every way of pooling with its number of cases. */

import type { CaseSummary, ResultsDocument } from '../../results/document.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { count, figure, integer } from './format.ts';
import { classMeasures, type Measure, measureValue, multiclassMeasures } from './measures.ts';

/** Classes beyond these get their table on demand, and no card. */
const mostOpen = 2;
const mostCards = 6;

export function overview(document: ResultsDocument): Markup {
  const measures = classMeasures(document);
  const { classes, pooled, means } = document;
  const pooledCases = pooled?.cases ?? 0;
  return html`<section id="overview" aria-labelledby="overview-title">
<h2 id="overview-title">Overview</h2>
${cards(document)}
<p class="basis"><b>Pooled</b> takes all ${count(pooledCases, 'scored case')} as one volume, so large structures weigh more. <b>Mean</b>, <b>SD</b> and quartiles are over cases, each weighing the same; N is the number of cases where the value is defined.${
    classes.length > 1 && ' The mean over classes is that of the classes’ own means.'
  }</p>
${classes.map(({ name, labels }, at) => {
  const summaries = means.classes[name]!;
  const rows = measures.map((measure) => {
    const summary = measureValue(summaries, measure)!;
    const result = pooled?.classes[name];
    return { measure, summary, pooled: result ? measureValue(result, measure) : null };
  });
  return html`<details class="class-table"${at < mostOpen && html` open`}><summary><h3>${name}</h3> <span class="quiet">label${labels.length > 1 && 's'} ${labels.join(', ')}</span></summary>
${summaryTable(`overview-${at}`, `${name}: pooled and over cases`, rows)}</details>`;
})}
${multiclass(document)}
${classes.length > 1 && overClasses(document, measures)}
</section>`;
}

function cards({ classes, pooled, means }: ResultsDocument): Fragment {
  if (classes.length > mostCards || !pooled) return null;
  return html`<dl class="cards">${classes.map(({ name }) => {
    const { mean, sd, count: n } = means.classes[name]!.metrics.dice;
    return html`<div><dt>${name} <span class="quiet">Dice at the decision</span></dt>
<dd><strong>${figure(mean)}</strong> <span>mean${sd !== null && html` ± ${figure(sd)} SD`}, N = ${integer(n)}</span></dd>
<dd><strong class="lesser">${figure(pooled.classes[name]!.metrics.dice)}</strong> <span>pooled by voxel, N = ${integer(pooled.cases)}</span></dd>
<dd><strong class="lesser">${figure(pooled.classes[name]!.metrics.diceByMm3)}</strong> <span>pooled by mm³</span></dd></div>`;
  })}</dl>`;
}

interface SummaryRow {
  readonly measure: Measure;
  readonly summary: CaseSummary;
  readonly pooled: number | null;
}

function summaryTable(id: string, caption: string, rows: readonly SummaryRow[]): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table id="${id}">
<caption class="visually-hidden">${caption}</caption>
<thead><tr><th scope="col">Measure</th>${['Pooled', 'Mean', 'SD', 'Median', 'Q1', 'Q3', 'Min', 'Max'].map((name) => html`<th scope="col" class="number">${name}</th>`)}<th scope="col" class="number">N</th><th scope="col" class="number">Undefined</th><th scope="col" class="number">No score</th></tr></thead>
<tbody>${rows.map(
    ({ measure, summary, pooled }) =>
      html`<tr><th scope="row">${measure.label}</th>${[pooled, summary.mean, summary.sd, summary.median, summary.q1, summary.q3, summary.min, summary.max].map((value, at) => html`<td class="number${at < 2 && ' main'}">${figure(value)}</td>`)}${[summary.count, summary.undefined, summary.failed].map((value) => html`<td class="number quiet">${integer(value)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function multiclass(document: ResultsDocument): Fragment {
  const rows = multiclassMeasures(document).map((measure) => ({
    measure,
    summary: document.means.losses[measure.id]!,
    pooled: document.pooled?.losses[measure.id] ?? null,
  }));
  if (rows.length === 0) return null;
  return html`<details class="class-table" open><summary><h3>All classes together</h3> <span class="quiet">multi-class losses</span></summary>${summaryTable('overview-all', 'Multi-class losses: pooled and over cases', rows)}</details>`;
}

function overClasses({ means, classes }: ResultsDocument, measures: readonly Measure[]): Markup {
  return html`<details class="class-table" open><summary><h3>Mean over classes</h3> <span class="quiet">of the classes’ means over cases</span></summary>
<div class="scroll" tabindex="0" role="region" aria-label="Mean over classes"><table class="narrow"><caption class="visually-hidden">Mean over classes</caption>
<thead><tr><th scope="col">Measure</th><th scope="col" class="number">Mean</th><th scope="col" class="number">Classes</th></tr></thead>
<tbody>${measures.map((measure) => {
    const mean = measureValue(means.overClasses, measure)!;
    return html`<tr><th scope="row">${measure.label}</th><td class="number main">${figure(mean.mean)}</td><td class="number quiet">${mean.classes.length} of ${classes.length}</td></tr>`;
  })}</tbody></table></div></details>`;
}
