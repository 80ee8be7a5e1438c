/** What is said of a run wherever one is shown. */

import { isAllFailed } from '../../engines/monitor.ts';
import type { FailureReason, RunState, RunStatus } from '../../engines/status.ts';
import { formatCount, percent } from './format.ts';
import { html, type Markup } from './html.ts';

const stateWords: Readonly<Record<RunState, string>> = {
  planning: 'Planning',
  running: 'Running',
  reducing: 'Reducing',
  done: 'Done',
  cancelled: 'Cancelled',
  failed: 'Failed',
};

/** How a run is or ended: one of which no case has a score has failed, whatever its state. */
export function stateBadge(run: RunStatus): Markup {
  if (isAllFailed(run)) return html`<span class="badge" data-state="failed">All failed</span>`;
  const unscored = run.cases.failed + run.cases.incomplete;
  const isPartly = run.state === 'done' && unscored > 0;
  return html`<span class="badge" data-state="${isPartly ? 'partly' : run.state}">${stateWords[run.state]}${isPartly && `, ${formatCount(unscored)} failed`}</span>`;
}

/** What people call a run. */
export function runName({ id, name }: Pick<RunStatus, 'id' | 'name'>): string {
  return name ?? id;
}

/** Reasons in one line: what fails how often. */
export function reasonLine(reasons: readonly FailureReason[]): string {
  const shown = reasons.slice(0, 3).map(({ code, cases }) => `${code} (${formatCount(cases)})`);
  return `${shown.join(', ')}${reasons.length > 3 ? ` and ${reasons.length - 3} more reasons` : ''}`;
}

/** Cases that have an outcome, whichever. */
export function casesDone({ cases }: RunStatus): number {
  return cases.ok + cases.failed + cases.incomplete;
}

/** Whether nothing of the run will change by itself. */
export function isOver({ state }: RunStatus): boolean {
  return state === 'done' || state === 'cancelled' || state === 'failed';
}

/** A bar of the cases: scored, without a score, in flight. */
export function progressBar(run: RunStatus): Markup {
  const { cases } = run;
  const done = casesDone(run);
  let start = 0;
  const parts = (
    [
      ['ok', cases.ok],
      ['failed', cases.failed + cases.incomplete],
      ['in-flight', cases.inFlight],
    ] as const
  ).map(([name, count]) => {
    const width = cases.total === 0 ? 0 : (100 * count) / cases.total;
    const part = html`<rect class="${name}" x="${start.toFixed(3)}%" width="${width.toFixed(3)}%" height="100%"/>`;
    start += width;
    return part;
  });
  const text = `${formatCount(done)} of ${formatCount(cases.total)} cases done`;
  return html`<div class="bar" role="progressbar" aria-label="Cases done" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${percent(done, cases.total)}" aria-valuetext="${text}"><svg aria-hidden="true" focusable="false">${parts}</svg></div>`;
}
