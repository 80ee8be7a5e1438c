import { formatAgo, formatCount, percent } from './format.ts';
import { type Fragment, html, type Markup } from './html.ts';
import type { RunState, RunStatus, WorkerStatus } from './monitor.ts';

/** How long a worker may be silent before it is shown as lost, in milliseconds. */
export const silentMs = 60_000;

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

/** A table that scrolls within itself where the screen is narrow; the keyboard can scroll it too. */
export function scrollingTable(label: string, head: Fragment, rows: Fragment): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}, table" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows}
</tbody></table></div>`;
}

export function workersSection(workers: readonly WorkerStatus[], now: number): Markup {
  if (workers.length === 0) {
    return html`<section aria-labelledby="workers"><h2 id="workers">Workers</h2>
<p class="empty">No worker has been seen. Start one with <code>voxtally worker</code>.</p></section>`;
  }
  const rows = workers.map((worker) => {
    const silence = now - worker.lastSeenAt;
    const state = silence > silentMs ? 'silent' : worker.busy ? 'busy' : 'idle';
    return html`<tr><th scope="row" class="name"><span class="named"><bdi>${worker.id}</bdi> <span class="badge" data-state="${state}">${state}</span></span></th><td class="number wide">${worker.threads}</td><td class="number">${formatCount(worker.tilesDone)}</td><td class="number"><time datetime="${new Date(worker.lastSeenAt).toISOString()}">${formatAgo(silence)}</time></td></tr>
`;
  });
  const live = workers.filter(({ lastSeenAt }) => now - lastSeenAt <= silentMs).length;
  return html`<section aria-labelledby="workers"><h2 id="workers">Workers <span class="count">${live}</span></h2>
${scrollingTable(
  'Workers',
  html`<th scope="col">Worker</th><th scope="col" class="number wide">Threads</th><th scope="col" class="number">Tiles</th><th scope="col" class="number">Last seen</th>`,
  rows,
)}</section>`;
}

/** Links to the other pages of a list, with what the list is of. `address` gives the address of a page. */
export function pager(
  label: string,
  { page, pageSize, total }: { readonly page: number; readonly pageSize: number; readonly total: number },
  address: (page: number) => string,
): Fragment {
  const last = Math.max(1, Math.ceil(total / pageSize));
  if (last === 1) return undefined;
  const first = (page - 1) * pageSize + 1;
  const step = (name: string, to: number, rel: Fragment, enabled: boolean) =>
    enabled
      ? html`<a class="button" href="${address(to)}"${rel}>${name}</a>`
      : html`<a class="button" aria-disabled="true" role="link">${name}</a>`;
  return html`<nav class="pager" aria-label="${label}">
${step('First', 1, undefined, page > 1)}
${step('Previous', page - 1, html` rel="prev"`, page > 1)}
<span>${formatCount(Math.min(first, total))} to ${formatCount(Math.min(page * pageSize, total))} of ${formatCount(total)}</span>
${step('Next', page + 1, html` rel="next"`, page < last)}
${step('Last', last, undefined, page < last)}
</nav>`;
}
