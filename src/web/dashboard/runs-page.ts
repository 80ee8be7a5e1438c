import { troubleOf } from '../../engines/monitor.ts';
import type { FailureReason, History, QueueDepth, RunStatus, WorkerStatus } from '../../engines/status.ts';
import { historySection } from './charts.ts';
import { formatAgo, formatCount, formatDuration, formatRate, percent } from './format.ts';
import { html, type Markup } from './html.ts';
import { pager, scrollingTable, workersSection } from './parts.ts';
import { runsPerPage } from './query.ts';
import { queueSection } from './queue-section.ts';
import { casesDone, isOver, progressBar, reasonLine, runName, stateBadge } from './run-parts.ts';

/** The content of the first page: the runs, newest first, and the workers. */
export function runsMain(
  runs: readonly RunStatus[],
  workers: readonly WorkerStatus[],
  page: number,
  now: number,
  /** Of the runs without any score. */
  reasons: ReadonlyMap<string, readonly FailureReason[]>,
  depths: readonly QueueDepth[],
  history: History,
): Markup {
  const shown = runs.slice((page - 1) * runsPerPage, page * runsPerPage);
  const list =
    runs.length === 0
      ? html`<p class="empty">No run yet. Submit one with <code>voxtally score --engine redis</code>.</p>`
      : scrollingTable(
          'Runs',
          html`<th scope="col">Run</th><th scope="col">Cases</th><th scope="col" class="number">Failed</th><th scope="col" class="number wide">Mvoxel/s</th><th scope="col" class="number wide">Time left</th><th scope="col" class="number wide">Submitted</th>`,
          shown.map((run) => row(run, now, reasons.get(run.id))),
        );
  return html`<h1>Runs</h1>
<section aria-label="Runs">${list}
${pager('Pages of runs', { page, pageSize: runsPerPage, total: runs.length }, (to) => `/?page=${to}`)}</section>
${queueSection(depths, runs, history)}
${historySection(history, { heading: 'The last 24 hours', fromMs: 0, untilMs: now, isLive: true })}
${workersSection(workers, now)}`;
}

/** What a screen reader is told of the first page. */
export function runsStatus(runs: readonly RunStatus[]): string {
  const going = runs.filter((run) => !isOver(run)).length;
  return `${runs.length} runs, ${going} in progress`;
}

function row(run: RunStatus, now: number, reasons: readonly FailureReason[] | undefined): Markup {
  const { cases, id, name, startedBy } = run;
  const under = [
    ...(name === undefined ? [] : [id]),
    ...(startedBy === undefined ? [] : [`by ${startedBy}`]),
  ];
  const unscored = cases.failed + cases.incomplete;
  const done = casesDone(run);
  const trouble = troubleOf(run);
  return html`<tr>
<th scope="row" class="name"><span class="named"><a href="/runs/${encodeURIComponent(id)}"><bdi>${runName(run)}</bdi></a> ${stateBadge(run)}</span>${under.length > 0 && html`<span class="under">${under.join(', ')}</span>`}${reasons && html`<span class="reason bad">${reasonLine(reasons)}</span>`}${trouble !== undefined && html`<span class="reason bad">${trouble}</span>`}</th>
<td class="progress">${progressBar(run)}<span class="under">${formatCount(done)} / ${formatCount(cases.total)} (${percent(done, cases.total)} %)</span></td>
<td class="number${unscored > 0 && ' bad'}">${formatCount(unscored)}</td>
<td class="number wide">${isOver(run) ? '-' : formatRate(run.megavoxelsPerSecond)}</td>
<td class="number wide">${run.etaSeconds === undefined || isOver(run) ? '-' : formatDuration(run.etaSeconds)}</td>
<td class="number wide"><time datetime="${new Date(run.createdAt).toISOString()}">${formatAgo(now - run.createdAt)}</time></td>
</tr>
`;
}
