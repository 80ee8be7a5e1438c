/** Every value with every way of pooling and its number of cases. */

import type { CaseSummary, ResultsDocument } from '../../results/document.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { count, figure, integer } from './format.ts';
import { classMeasures, classValue, type Measure, measureValue, multiclassMeasures } from './measures.ts';

/** With more classes each has its table on demand. */
const mostOpen = 2;

/** Every value of every class: metrics first, then losses. */
export function allValues(document: ResultsDocument): Markup {
  const measures = classMeasures(document);
  const { classes, pooled, means } = document;
  const pooledCases = pooled?.cases ?? 0;
  return html`<section id="values" aria-labelledby="values-title">
<h2 id="values-title">All metrics and losses</h2>
<p class="basis"><b>Pooled</b> takes all ${count(pooledCases, 'scored case')} as one volume, so large structures weigh more. <b>Mean</b>, <b>SD</b> and quartiles are over cases, each weighing the same; N is the number of cases where the value is defined.${
    classes.length > 1 && ' The mean over classes is that of the classes’ own means.'
  }</p>
${pooledTable(document)}
${classes.map(({ name, labels }, at) => {
  const summaries = means.classes[name]!;
  const rows = measures.map((measure) => {
    const summary = measureValue(summaries, measure)!;
    const result = pooled?.classes[name];
    return { measure, summary, pooled: result ? classValue(result, measure) : null };
  });
  return html`<details class="class-table"${classes.length <= mostOpen && html` open`}><summary><h3>${name}</h3> <span class="quiet">label${labels.length > 1 && 's'} ${labels.join(', ')}</span></summary>
${summaryTable(`values-${at}`, `${name}: pooled and over cases`, rows)}</details>`;
})}
${multiclass(document)}
${classes.length > 1 && overClasses(document, measures)}
</section>`;
}

/** The two poolings of Dice beside each other: by voxels, and by the volume of the voxels. */
function pooledTable({ classes, pooled }: ResultsDocument): Fragment {
  if (!pooled) return null;
  return html`<div class="scroll cue" tabindex="0" role="region" aria-label="Dice of the pool"><table class="narrow" data-sortable><caption class="visually-hidden">Dice of all scored cases as one volume</caption>
<thead><tr><th scope="col">Class</th><th scope="col" class="number">Dice, pooled by voxels</th><th scope="col" class="number">Dice, pooled by mm³</th></tr></thead>
<tbody>${classes.map(({ name }) => {
    const { dice, diceByMm3 } = pooled.classes[name]!.metrics;
    return html`<tr><th scope="row" class="name">${name}</th>${[dice, diceByMm3].map((value) => html`<td class="number" data-value="${value}">${figure(value)}</td>`)}</tr>`;
  })}</tbody></table></div>`;
}

interface SummaryRow {
  readonly measure: Measure;
  readonly summary: CaseSummary;
  readonly pooled: number | null;
}

function summaryTable(id: string, caption: string, rows: readonly SummaryRow[]): Markup {
  return html`<div class="scroll cue" tabindex="0" role="region" aria-label="${caption}"><table id="${id}">
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
  return html`<details class="class-table"><summary><h3>All classes together</h3> <span class="quiet">multi-class losses</span></summary>${summaryTable('values-all', 'Multi-class losses: pooled and over cases', rows)}</details>`;
}

function overClasses({ means, classes }: ResultsDocument, measures: readonly Measure[]): Markup {
  return html`<details class="class-table"><summary><h3>Mean over classes</h3> <span class="quiet">of the classes’ means over cases</span></summary>
<div class="scroll cue" tabindex="0" role="region" aria-label="Mean over classes"><table class="narrow"><caption class="visually-hidden">Mean over classes</caption>
<thead><tr><th scope="col">Measure</th><th scope="col" class="number">Mean</th><th scope="col" class="number">Classes</th></tr></thead>
<tbody>${measures.map((measure) => {
    const mean = measureValue(means.overClasses, measure)!;
    return html`<tr><th scope="row">${measure.label}</th><td class="number main">${figure(mean.mean)}</td><td class="number quiet">${mean.classes.length} of ${classes.length}</td></tr>`;
  })}</tbody></table></div></details>`;
}
