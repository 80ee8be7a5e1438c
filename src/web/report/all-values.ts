/** Every value with every way of pooling and its number of cases. */

import type { ResultsDocument } from '../../results/document.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { count, figure } from './format.ts';
import { classMeasures, type Measure, measureValue, multiclassMeasures } from './measures.ts';
import { valuesTable } from './page/values-table.ts';
import { type ReportData, summaryColumns } from './report-data.ts';

/** The tables of more classes are drawn one at a time by the page's script. */
const mostAtOnce = 2;
/** The table of Dice of more classes is there on demand. */
const mostOpen = 10;

/** Every value of every class: metrics first, then losses. */
export function allValues(document: ResultsDocument, data: ReportData): Markup {
  const { classes, pooled } = document;
  return html`<section id="values" aria-labelledby="values-title">
<div class="head"><h2 id="values-title">All metrics and losses</h2>${
    classes.length > mostAtOnce &&
    html`<label class="inline" data-needs-script hidden>Class<select id="values-class">${classes.map(({ name }, at) => html`<option value="${at}">${name}</option>`)}</select></label>`
  }</div>
<p class="basis"><b>Pooled</b> takes all ${count(pooled?.cases ?? 0, 'scored case')} as one volume, so large structures weigh more. <b>Mean</b>, <b>SD</b> and quartiles are over cases, each weighing the same; N is the number of cases where the value is defined.</p>
${
  classes.length > mostAtOnce
    ? html`<noscript><p>The tables need scripting, which this browser has switched off; <code>results.json</code> has the values.</p></noscript><div id="values-table"></div>`
    : classes.map(
        ({ name, labels }, at) =>
          html`<details class="class-table" open><summary><h3>${name}</h3> <span class="quiet">label${labels.length > 1 && 's'} ${labels.join(', ')}</span></summary>
${valuesTable(
  `${name}: pooled and over cases`,
  data.measures.map(({ label }, measure) => ({ label, values: data.summaries[at]![measure]! })),
)}</details>`,
      )
}
${multiclass(document)}
${classes.length > 1 && overClasses(document, classMeasures(document))}
${pooledTable(document)}
</section>`;
}

/** The two poolings of Dice beside each other: by voxels, and by the volume of the voxels. */
function pooledTable({ classes, pooled }: ResultsDocument): Fragment {
  if (!pooled) return null;
  return html`<details class="class-table"${classes.length <= mostOpen && html` open`}><summary><h3>Dice of the pool</h3> <span class="quiet">by voxels and by mm³</span></summary>
<div class="scroll cue" tabindex="0" role="region" aria-label="Dice of the pool"><table class="narrow dense" data-sortable><caption class="visually-hidden">Dice of all scored cases as one volume</caption>
<thead><tr><th scope="col">Class</th><th scope="col" class="number">Dice, pooled by voxels</th><th scope="col" class="number">Dice, pooled by mm³</th></tr></thead>
<tbody>${classes.map(({ name }) => {
    const { dice, diceByMm3 } = pooled.classes[name]!.metrics;
    return html`<tr><th scope="row" class="name">${name}</th>${[dice, diceByMm3].map((value) => html`<td class="number" data-value="${value}">${figure(value)}</td>`)}</tr>`;
  })}</tbody></table></div></details>`;
}

function multiclass(document: ResultsDocument): Fragment {
  const rows = multiclassMeasures(document).map(({ id, label }) => {
    const row = { ...document.means.losses[id]!, pooled: document.pooled?.losses[id] ?? null };
    return { label, values: summaryColumns.map((column) => row[column]) };
  });
  if (rows.length === 0) return null;
  return html`<details class="class-table"><summary><h3>All classes together</h3> <span class="quiet">multi-class losses</span></summary>${valuesTable('Multi-class losses: pooled and over cases', rows)}</details>`;
}

function overClasses({ means, classes }: ResultsDocument, measures: readonly Measure[]): Markup {
  return html`<details class="class-table"><summary><h3>Mean over classes</h3> <span class="quiet">of the classes’ own means over cases</span></summary>
<div class="scroll cue" tabindex="0" role="region" aria-label="Mean over classes"><table class="narrow dense"><caption class="visually-hidden">Mean over classes</caption>
<thead><tr><th scope="col">Measure</th><th scope="col" class="number">Mean</th><th scope="col" class="number">Classes</th></tr></thead>
<tbody>${measures.map((measure) => {
    const mean = measureValue(means.overClasses, measure);
    if (mean === null) return null;
    return html`<tr><th scope="row">${measure.label}</th><td class="number main">${figure(mean.mean)}</td><td class="number quiet">${mean.classes.length} of ${classes.length}</td></tr>`;
  })}</tbody></table></div></details>`;
}
