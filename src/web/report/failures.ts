/** Cases without a score, grouped by what kept them from one: the reason and the fix once, then the cases. */
import type { ResultsDocument } from '../../results/document.ts';
import { groupUnscored, type UnscoredGroup } from '../../results/unscored.ts';
import { html, type Markup } from '../dashboard/html.ts';
import { count, integer } from './format.ts';

/** More reasons, and more cases of one, are in cases.csv only. */
const mostReasons = 100;
const mostListed = 200;
/** The largest groups are open from the start. */
const mostOpen = 3;

type Unscored = Extract<ResultsDocument['cases'][number], { error: unknown }>;

export function failures({ cases }: ResultsDocument): Markup {
  const unscored = cases.filter((entry): entry is Unscored => entry.status !== 'ok');
  if (unscored.length === 0) {
    return html`<section id="failures" aria-labelledby="failures-title"><h2 id="failures-title">Failures</h2><p class="basis">None: every case was scored.</p></section>`;
  }
  const reasons = groupUnscored(unscored);
  const entries = new Map(unscored.map((entry) => [entry.id, entry]));
  return html`<section id="failures" class="failures" aria-labelledby="failures-title">
<h2 id="failures-title">Failures <span class="quiet">${integer(unscored.length)}</span></h2>
<p class="basis">${count(unscored.length, 'case')} without a score, counted in no value of this report. Fix what the reason names, then run the same command with <code>--resume</code>: only these cases are scored again.${reasons.length > mostReasons && html` Of ${integer(reasons.length)} reasons the ${mostReasons} most frequent are listed; cases.csv has all.`}</p>
${reasons.slice(0, mostReasons).map((reason, at) => reasonGroup(reason, entries, at))}
</section>`;
}

function reasonGroup(
  { ids, status, code, reason }: UnscoredGroup,
  entries: ReadonlyMap<string, Unscored>,
  at: number,
): Markup {
  const id = `failures-${at + 1}`;
  const shown = ids.slice(0, mostListed).map((name) => entries.get(name)!);
  return html`<details class="reason-group"${at < mostOpen && html` open`}><summary><h3>${count(ids.length, 'case')} ${status}: <code>${code}</code></h3></summary>
<div class="head"><p class="reason">${reason}${ids.length > shown.length && html` <span class="quiet">The first ${mostListed} are listed; cases.csv has all.</span>`}</p><button type="button" data-csv-of="${id}" data-needs-script hidden>Download CSV</button></div>
<div class="scroll cue" tabindex="0" role="region" aria-label="Cases ${status} with ${code}, ${at + 1}"><table id="${id}" class="stack"><caption class="visually-hidden">Cases ${status} with ${code}</caption>
<thead><tr><th scope="col">Case</th><th scope="col">Group</th><th scope="col">Message</th></tr></thead>
<tbody>${shown.map(
    ({ id: name, group, error }) =>
      html`<tr><th scope="row" class="name">${name}</th><td class="name">${group ?? ''}</td><td class="name reason">${error.message}</td></tr>`,
  )}</tbody></table></div></details>`;
}
