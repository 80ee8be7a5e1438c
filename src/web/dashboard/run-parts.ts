/** What is said of a run wherever one is shown. */

import type { RunState, RunStatus } from '../../engines/monitor.ts';
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

export function stateBadge(state: RunState): Markup {
  return html`<span class="badge" data-state="${state}">${stateWords[state]}</span>`;
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
