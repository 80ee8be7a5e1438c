import { isAllFailed, troubleOf } from '../../engines/monitor.ts';
import type {
  CasePage,
  CaseStatus,
  FailureReason,
  History,
  PooledSoFar,
  PooledValues,
  RunStatus,
  WorkerStatus,
} from '../../engines/status.ts';
import { casesAddress, reportAddress } from '../viewer/address.ts';
import { historySection } from './charts.ts';
import { formatAgo, formatBytes, formatCount, formatDuration, formatRate, percent } from './format.ts';
import { type Fragment, html, type Markup } from './html.ts';
import { pager, scrollingTable, workersSection } from './parts.ts';
import type { PageQuery } from './query.ts';
import { casesDone, isOver, progressBar, runName, stateBadge } from './run-parts.ts';

export interface RunView {
  readonly run: RunStatus;
  /** Why cases have no score, the commonest reason first. */
  readonly reasons: readonly FailureReason[];
  /** What can be done with the run; none where nothing may be changed. */
  readonly actions?: Markup;
  readonly pooled: PooledSoFar;
  readonly workers: readonly WorkerStatus[];
  readonly history: History;
  readonly cases: CasePage;
  readonly query: PageQuery;
  readonly now: number;
  /** Whether cases can be looked at. */
  readonly canLook?: boolean;
}

const statusWords: Readonly<Record<CaseStatus['status'], string>> = {
  waiting: 'waiting',
  'in-flight': 'in flight',
  ok: 'scored',
  failed: 'failed',
  incomplete: 'incomplete',
};

/** The content of a run's page. */
export function runMain(view: RunView): Markup {
  const { run, now } = view;
  const { id, name, startedBy } = run;
  const trouble = troubleOf(run);
  const canOpen = view.canLook === true && run.state === 'done';
  const facts = [
    ...(name === undefined ? [] : [id]),
    ...(startedBy === undefined ? [] : [`started by ${startedBy}`]),
  ];
  return html`<div class="title"><h1>Run <span class="id"><bdi>${runName(run)}</bdi></span></h1>${stateBadge(run)}</div>
${facts.length > 0 && html`<p class="basis">${facts.join(', ')}</p>`}
${trouble !== undefined && html`<p class="trouble bad">This run ${trouble}.</p>`}
${canOpen && html`<p class="open"><a class="button" href="${reportAddress(id)}">Report</a> <a class="button" href="${casesAddress(id)}">Cases in the viewer, worst first</a></p>`}
${view.actions}
${summarySection(run, now)}
${reasonsSection(view)}
${historySection(view.history, {
  ...{ heading: 'Over time', fromMs: run.createdAt, untilMs: run.finishedAt ?? now },
  isLive: !isOver(run),
})}
${pooledSection(view.pooled, isOver(run))}
${workersSection(view.workers, now)}
${casesSection(view)}`;
}

/** What a screen reader is told of a run. */
export function runStatusText(run: RunStatus): string {
  const unscored = run.cases.failed + run.cases.incomplete;
  const done = `${formatCount(casesDone(run))} of ${formatCount(run.cases.total)} cases done`;
  return `${isAllFailed(run) ? 'all failed' : run.state}: ${done}${unscored === 0 ? '' : `, ${formatCount(unscored)} without a score`}`;
}

function summarySection(run: RunStatus, now: number): Markup {
  const { cases } = run;
  const done = casesDone(run);
  const took = (run.finishedAt ?? now) - run.createdAt;
  const facts: readonly (readonly [name: string, value: Fragment, isBad?: boolean])[] = [
    ['Scored', formatCount(cases.ok)],
    ['Failed', formatCount(cases.failed), cases.failed > 0],
    ['Incomplete', formatCount(cases.incomplete), cases.incomplete > 0],
    ['In flight', formatCount(cases.inFlight)],
    ['Tiles', formatCount(run.tilesDone)],
    ['Mvoxel/s', isOver(run) ? averageRate(run, took) : formatRate(run.megavoxelsPerSecond)],
    [isOver(run) ? 'Took' : 'Time left', isOver(run) ? formatDuration(took / 1000) : timeLeft(run)],
    ['Read', formatBytes(run.bytesRead)],
    ['Retries', formatCount(run.retries)],
    ['Stalls', formatCount(run.stalls)],
    ['Priority', run.priority],
    [
      'Submitted',
      html`<time datetime="${new Date(run.createdAt).toISOString()}">${formatAgo(now - run.createdAt)}</time>`,
    ],
  ];
  return html`<section aria-label="Progress">
<p class="done"><strong>${formatCount(done)}</strong> of ${formatCount(cases.total)} cases done <span class="percent">${percent(done, cases.total)} %</span></p>
${progressBar(run)}
<dl class="facts">
${facts.map(
  ([
    name,
    value,
    isBad,
  ]) => html`<div><dt>${name}</dt><dd${isBad ? html` class="bad"` : ''}>${value}</dd></div>
`,
)}</dl>
</section>`;
}

function timeLeft({ etaSeconds }: RunStatus): string {
  return etaSeconds === undefined ? '-' : formatDuration(etaSeconds);
}

function averageRate({ voxelsDone }: RunStatus, tookMs: number): string {
  return tookMs > 0 ? formatRate(voxelsDone / 1e3 / tookMs) : '-';
}

/** A row a reason: how many cases it has, and the first of them. */
function reasonsSection({ run, reasons, query }: RunView): Fragment {
  const total = run.cases.failed + run.cases.incomplete;
  // A list that is filtered by failures tells of them already.
  if (total === 0 || query.status === 'failed' || query.status === 'incomplete') return undefined;
  const all = (['failed', 'incomplete'] as const)
    .filter((status) => run.cases[status] > 0)
    .map(
      (status) =>
        html` <a href="${listAddress(run.id, status, 1)}">All ${formatCount(run.cases[status])} ${status}</a>`,
    );
  const rows = reasons.map(
    ({ code, cases, example }) =>
      html`<tr><td class="number">${formatCount(cases)}</td><th scope="row" class="name"><code>${code}</code><span class="reason"><bdi>${example.name}</bdi>: <bdi>${example.message}</bdi></span></th></tr>
`,
  );
  return html`<section class="failures" aria-labelledby="failures"><h2 id="failures">${isAllFailed(run) ? 'No case has a score' : 'Without a score'} <span class="count bad">${formatCount(total)}</span></h2>
${scrollingTable('Reasons', html`<th scope="col" class="number">Cases</th><th scope="col">Reason, and its first case</th>`, rows)}
<p class="more">${all}</p></section>`;
}

function pooledSection({ cases, classes }: PooledSoFar, final: boolean): Markup {
  const heading = html`<h2 id="pooled">${final ? 'Pooled values' : 'Pooled so far'}</h2>`;
  const tables = [
    pooledTable('Metrics, higher is better', classes, ({ metrics }) => metrics),
    pooledTable('Losses', classes, ({ losses }) => losses),
  ];
  if (tables.every((table) => table === undefined)) {
    return html`<section aria-labelledby="pooled">${heading}<p class="empty">No case has been pooled${!final && ' yet'}.</p></section>`;
  }
  return html`<section aria-labelledby="pooled">${heading}
<p class="basis">Over all voxels of ${formatCount(cases)} scored ${cases === 1 ? 'case' : 'cases'}.</p>
<div class="columns">${tables}</div></section>`;
}

/** A row a measure, a column a class that has any; undefined without measures. */
function pooledTable(
  label: string,
  classes: PooledSoFar['classes'],
  pick: (values: PooledValues) => Readonly<Record<string, number | null>>,
): Markup | undefined {
  const columns = Object.entries(classes)
    .map(([name, values]) => [name, pick(values)] as const)
    .filter(([, values]) => Object.keys(values).length > 0);
  if (columns.length === 0) return undefined;
  const measures = [...new Set(columns.flatMap(([, values]) => Object.keys(values)))];
  return scrollingTable(
    label,
    html`<th scope="col">${label}</th>${columns.map(([name]) => html`<th scope="col" class="number"><bdi>${name}</bdi></th>`)}`,
    measures.map(
      (
        measure,
      ) => html`<tr><th scope="row">${measure}</th>${columns.map(([, values]) => valueCell(values[measure]))}</tr>
`,
    ),
  );
}

function valueCell(value: number | null | undefined): Markup {
  if (value === null || value === undefined) {
    return html`<td class="number"><span aria-hidden="true">-</span><span class="visually-hidden">undefined</span></td>`;
  }
  return html`<td class="number"><data value="${value}" title="${value}">${shortValue(value)}</data></td>`;
}

function shortValue(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) >= 10) return formatCount(value);
  return Math.abs(value) < 1e-4 && value !== 0 ? value.toExponential(3) : value.toFixed(5);
}

function casesSection({ run, cases, query, canLook = false }: RunView): Markup {
  const look = canLook && run.state === 'done' ? casesAddress(run.id) : undefined;
  const counts: readonly (readonly [CaseStatus['status'] | undefined, string, number])[] = [
    [undefined, 'All', run.cases.total],
    ['failed', 'Failed', run.cases.failed],
    ['incomplete', 'Incomplete', run.cases.incomplete],
    ['in-flight', 'In flight', run.cases.inFlight],
    ['ok', 'Scored', run.cases.ok],
    ['waiting', 'Waiting', Math.max(0, run.cases.total - casesDone(run) - run.cases.inFlight)],
  ];
  const filters = counts.map(
    ([status, name, count]) =>
      html`<li><a class="button" href="${listAddress(run.id, status, 1)}"${query.status === status && html` aria-current="true"`}>${name} <span class="count">${formatCount(count)}</span></a></li>
`,
  );
  const pages = pager('Pages of cases', { ...cases, page: query.page }, (to) =>
    listAddress(run.id, query.status, to),
  );
  return html`<section aria-labelledby="cases"><h2 id="cases">Cases</h2>
<nav aria-label="Filter cases by status"><ul class="filters">
${filters}</ul></nav>
${cases.cases.length === 0 ? html`<p class="empty">No such case.</p>` : caseTable('Cases', cases.cases, look)}
${pages}</section>`;
}

/** With `look`, the names of scored cases lead to their pages below it. */
function caseTable(label: string, cases: readonly CaseStatus[], look?: string): Markup {
  const named = ({ index, name, status }: CaseStatus) =>
    look !== undefined && (status === 'ok' || status === 'failed')
      ? html`<a href="${look}/${index}"><bdi>${name}</bdi></a>`
      : html`<bdi>${name}</bdi>`;
  const rows = cases.map(
    ({ index, status, error }, at) =>
      html`<tr><td class="number index wide">${index}</td><th scope="row" class="name">${named(cases[at]!)}${error && html`<span class="reason"><code>${error.code}</code> <bdi>${error.message}</bdi></span>`}</th><td class="status"><span class="badge" data-state="${status}">${statusWords[status]}</span></td></tr>
`,
  );
  return scrollingTable(
    label,
    html`<th scope="col" class="number index wide">Index</th><th scope="col">Case</th><th scope="col" class="status">Status</th>`,
    rows,
  );
}

/** Addresses carry the run's id, a status and a page number; names never. */
function listAddress(id: string, status: CaseStatus['status'] | undefined, page: number): string {
  const query = new URLSearchParams();
  if (status !== undefined) query.set('status', status);
  if (page > 1) query.set('page', String(page));
  return `/runs/${encodeURIComponent(id)}${query.size > 0 ? `?${query}` : ''}#cases`;
}
