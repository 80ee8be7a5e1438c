/** The list of cases: those without a score by their reasons, then the worst first, each by its worst class or by a chosen one. */

import type { ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import { groupUnscored } from '../../results/unscored.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { type Link, page } from '../dashboard/layout.ts';
import { pager, scrollingTable } from '../dashboard/parts.ts';
import { count, figure } from '../report/format.ts';
import { describeReason, reasonOf } from '../report/reasons.ts';
import { caseAddress, casesAddress } from './address.ts';
import { worstFirst } from './case-order.ts';

/** Rows of the list of cases on one page. */
const rowsPerPage = 100;
/** Reasons for which cases have no score, and cases of each, that are listed. */
const mostReasons = 20;
const mostOfReason = 20;

export interface CasesPageParts {
  readonly run: string;
  readonly results: ResultsDocument;
  /** By the worst class of each case where there is none. */
  readonly class?: number | undefined;
  /** Part of the id of a case, in any case of letters. */
  readonly text?: string | undefined;
  /** From 1. */
  readonly page: number;
  readonly links: readonly Link[];
}

/** Undefined for a page or class that is not there. */
export function casesPage(parts: CasesPageParts): string | undefined {
  const { run, results, class: chosen, page: number, links } = parts;
  const { cases, classes } = results;
  if (chosen !== undefined && chosen >= classes.length) return undefined;
  const text = parts.text?.trim().toLowerCase() ?? '';
  const rows = worstFirst(results, chosen).filter(({ index }) =>
    cases[index]!.id.toLowerCase().includes(text),
  );
  const shown = rows.slice((number - 1) * rowsPerPage, number * rowsPerPage);
  if (shown.length === 0 && number > 1) return undefined;
  const table = scrollingTable(
    'Cases',
    html`<th scope="col">Case</th><th scope="col">${chosen === undefined && classes.length > 1 ? 'Worst class' : 'Class'}</th><th scope="col" class="number">Dice</th><th scope="col" class="wide">What is known</th>`,
    shown.map(({ index, class: at }) => {
      const entry = cases[index] as ScoredCaseResult;
      const { name } = classes[at]!;
      const result = entry.classes[name]!;
      const reason = known(result);
      return html`<tr><th scope="row" class="name"><a href="${caseAddress(run, { case: index, class: at })}"><bdi>${entry.id}</bdi></a>${reason !== '' && html`<span class="reason when-narrow">${reason}</span>`}</th><td class="name"><bdi>${name}</bdi></td><td class="number">${figure(result.metrics.dice)}</td><td class="name wide">${reason}</td></tr>
`;
    }),
  );
  const query = new URLSearchParams({
    ...(chosen !== undefined && { class: String(chosen) }),
    ...(text !== '' && { text: parts.text! }),
  });
  const address = (to: number) => {
    query.set('page', String(to));
    return `${casesAddress(run)}?${query}`;
  };
  return page({
    title: 'Cases',
    links,
    head: html`<link rel="stylesheet" href="/look/viewer.css">`,
    main: html`<h1>Cases, worst first</h1>
${number === 1 && unscoredSection(run, results, text)}
${choice(parts)}
<section aria-label="Cases">${
      shown.length > 0
        ? table
        : html`<p class="empty">${text === '' ? 'No case has a score.' : 'No case with a score has such a name.'}</p>`
    }
${pager('Pages of cases', { page: number, pageSize: rowsPerPage, total: rows.length }, address)}</section>`,
  });
}

function choice({ run, results: { classes, cases }, class: chosen, text }: CasesPageParts): Fragment {
  if (classes.length < 2 && cases.length <= rowsPerPage) return undefined;
  return html`<form class="choose" action="${casesAddress(run)}">${
    classes.length > 1 &&
    html`<label>By<select name="class"><option value="">worst class of each case</option>${classes.map(({ name }, at) => html`<option value="${at}"${at === chosen && html` selected`}>${name}</option>`)}</select></label>`
  }<label>Case contains<input type="search" name="text" value="${text ?? ''}" autocomplete="off" spellcheck="false"></label><button class="button">Show</button></form>`;
}

/** By reason: the same fix serves many. */
function unscoredSection(run: string, { cases }: ResultsDocument, text: string): Fragment {
  const unscored = cases.flatMap((entry) =>
    entry.status !== 'ok' && entry.id.toLowerCase().includes(text) ? [entry] : [],
  );
  if (unscored.length === 0) return undefined;
  const places = new Map(cases.map(({ id }, index) => [id, index]));
  const reasons = groupUnscored(unscored);
  const rest = reasons.length - mostReasons;
  return html`<section class="failures" aria-labelledby="unscored"><h2 id="unscored">Without a score <span class="count">${unscored.length}</span></h2>
${scrollingTable(
  'Cases without a score',
  html`<th scope="col">Reason</th><th scope="col">Cases</th>`,
  reasons.slice(0, mostReasons).map(
    ({ ids, status, code }) =>
      html`<tr><th scope="row" class="name">${count(ids.length, 'case')} ${status}<span class="reason"><code>${code}</code></span></th><td class="name">${casesOfReason(run, ids, places)}</td></tr>
`,
  ),
)}
${rest > 0 && html`<p class="basis">And ${count(rest, 'rarer reason')}; the report and cases.csv have all.</p>`}</section>`;
}

function casesOfReason(run: string, ids: readonly string[], places: ReadonlyMap<string, number>): Markup {
  const links = ids
    .slice(0, mostOfReason)
    .map(
      (id, at) =>
        html`${at > 0 && ', '}<a href="${caseAddress(run, { case: places.get(id)! })}"><bdi>${id}</bdi></a>`,
    );
  const rest = ids.length - mostOfReason;
  return html`${links}${rest > 0 && ` and ${rest} more`}`;
}

/** Why the class of a case scored as it did, as far as its counts tell. */
export function known(result: ScoredCaseResult['classes'][string]): string {
  const { predictedVolumeMl, referenceVolumeMl } = result.metrics;
  return describeReason(reasonOf(result), predictedVolumeMl, referenceVolumeMl);
}
