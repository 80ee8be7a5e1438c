/** The list of cases: those without a score with their reasons, then each case and class, lowest Dice first. */

import type { ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import { type Fragment, html } from '../dashboard/html.ts';
import { type Link, page } from '../dashboard/layout.ts';
import { pager, scrollingTable } from '../dashboard/parts.ts';
import { figure } from '../report/format.ts';
import { describeReason, reasonOf } from '../report/reasons.ts';
import { caseAddress, casesAddress } from './address.ts';

/** Rows of the list of cases on one page. */
const rowsPerPage = 100;
/** Cases without a score that are listed. */
const mostUnscored = 100;

export interface CasesPageParts {
  readonly run: string;
  readonly results: ResultsDocument;
  /** From 1. */
  readonly page: number;
  readonly links: readonly Link[];
}

/** Undefined for a page that is not there. */
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
      return html`<tr><th scope="row" class="name"><a href="${caseAddress(run, { case: index, class: at })}"><bdi>${entry.id}</bdi></a>${reason !== '' && html`<span class="reason">${reason}</span>`}</th><td class="name"><bdi>${name}</bdi></td><td class="number">${figure(result.metrics.dice)}</td></tr>
`;
    }),
  );
  return page({
    title: 'Cases',
    links,
    main: html`<h1>Cases, lowest Dice first</h1>
${number === 1 && unscoredSection(run, results)}
<section aria-label="Cases">${rows.length > 0 ? table : html`<p class="empty">No case has a score.</p>`}
${pager('Pages of cases', { page: number, pageSize: rowsPerPage, total: rows.length }, (to) => `${casesAddress(run)}?page=${to}`)}</section>`,
  });
}

function unscoredSection(run: string, { cases }: ResultsDocument): Fragment {
  const unscored = cases.flatMap((entry, index) => (entry.status === 'ok' ? [] : [{ entry, index }]));
  if (unscored.length === 0) return undefined;
  const rest = unscored.length - mostUnscored;
  return html`<section class="failures" aria-labelledby="unscored"><h2 id="unscored">Without a score <span class="count">${unscored.length}</span></h2>
${scrollingTable(
  'Cases without a score',
  html`<th scope="col">Case</th><th scope="col">Reason</th>`,
  unscored.slice(0, mostUnscored).map(
    ({
      entry,
      index,
    }) => html`<tr><th scope="row" class="name"><a href="${caseAddress(run, { case: index })}"><bdi>${entry.id}</bdi></a><span class="reason">${entry.status}</span></th><td class="name"><code>${entry.error.code}</code></td></tr>
`,
  ),
)}
${rest > 0 && html`<p class="basis">And ${rest} more; cases.csv lists all.</p>`}</section>`;
}

/** Why the class of a case scored as it did, as far as its counts tell. */
export function known(result: ScoredCaseResult['classes'][string]): string {
  const { predictedVolumeMl, referenceVolumeMl } = result.metrics;
  return describeReason(reasonOf(result), predictedVolumeMl, referenceVolumeMl);
}
