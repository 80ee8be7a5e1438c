/** Cases without a score, each with what became of it and why. */

import type { ResultsDocument } from '../../results/document.ts';
import { groupUnscored } from '../../results/unscored.ts';
import { html, type Markup } from '../dashboard/html.ts';
import { count, integer } from './format.ts';

/** More than these stand in cases.csv only. */
const mostShown = 500;

export function failures({ cases }: ResultsDocument): Markup {
  const unscored = cases.filter((entry) => entry.status !== 'ok');
  const shown = unscored.slice(0, mostShown);
  const reasons = groupUnscored(unscored).filter(({ ids }) => ids.length > 1);
  const groups = unscored.some(({ group }) => group !== undefined);
  if (unscored.length === 0) {
    return html`<section id="failures" aria-labelledby="failures-title"><h2 id="failures-title">Failures</h2><p class="basis">None: every case was scored.</p></section>`;
  }
  return html`<section id="failures" class="failures" aria-labelledby="failures-title">
<div class="head"><h2 id="failures-title">Failures <span class="quiet">${integer(unscored.length)}</span></h2><button type="button" data-csv-of="failures-table" data-needs-script hidden>Download CSV</button></div>
<p class="basis">${count(unscored.length, 'case')} without a score, counted in no value of this report.${unscored.length > mostShown && html` The first ${mostShown} are listed; cases.csv has all.`}</p>
${reasons.length > 0 && html`<ul class="reasons">${reasons.map(({ ids, status, code, reason }) => html`<li>${count(ids.length, 'case')} ${status}: <code>${code}</code> <span class="name">${reason}</span></li>`)}</ul>`}
<div class="scroll" tabindex="0" role="region" aria-label="Table of failures"><table id="failures-table" data-csv><caption class="visually-hidden">Cases without a score</caption>
<thead><tr><th scope="col">Case</th>${groups && html`<th scope="col">Group</th>`}<th scope="col">Status</th><th scope="col">Code</th><th scope="col">Reason</th></tr></thead>
<tbody>${shown.map(
    ({ id, group, status, error }) =>
      html`<tr><th scope="row" class="name">${id}</th>${groups && html`<td class="name">${group}</td>`}<td>${status}</td><td><code>${error.code}</code></td><td class="name reason">${error.message}</td></tr>`,
  )}</tbody></table></div>
</section>`;
}
