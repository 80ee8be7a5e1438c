import { silentMs } from '../../engines/monitor.ts';
import type { WorkerStatus } from '../../engines/status.ts';
import { formatAgo, formatBytes, formatCount, formatDuration, formatRate } from './format.ts';
import { type Fragment, html, type Markup } from './html.ts';

/** A table that scrolls within itself where the screen is narrow; the keyboard can scroll it too. */
export function scrollingTable(label: string, head: Fragment, rows: Fragment): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}, table" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows}
</tbody></table></div>`;
}

/** Workers that can be heard of, and apart from them those that fell silent and those that are gone. */
export function workersSection(workers: readonly WorkerStatus[], now: number): Markup {
  if (workers.length === 0) {
    return html`<section aria-labelledby="workers"><h2 id="workers">Workers</h2>
<p class="empty">No worker has been seen. Start one with <code>voxtally worker</code>.</p></section>`;
  }
  const live = workers.filter(({ state }) => state === 'busy' || state === 'idle');
  const group = (title: string, state: WorkerStatus['state'], about: string) => {
    const those = workers.filter((worker) => worker.state === state);
    return (
      those.length > 0 &&
      html`<h3 class="silent">${title} <span class="count bad">${those.length}</span></h3>
<p class="basis">${about}</p>
${workerTable(`${title} workers`, those, now)}`
    );
  };
  return html`<section aria-labelledby="workers"><h2 id="workers">Workers <span class="count">${live.length}</span></h2>
${live.length > 0 ? workerTable('Workers', live, now) : html`<p class="empty">No worker can be heard of.</p>`}
${group('Of another version', 'other-version', 'They serve runs of their own version of voxtally only: use one version for workers and submitters.')}
${group('Silent', 'silent', `Not heard of for ${formatDuration(silentMs / 1000)} or longer, but still connected: frozen or overloaded. Others take over what they had.`)}
${group('Gone', 'gone', 'Killed, or cut off from Redis. Others took over what they had. They are listed for 12 hours.')}</section>`;
}

function workerTable(label: string, workers: readonly WorkerStatus[], now: number): Markup {
  const rows = workers.map((worker) => {
    const isLive = worker.state === 'busy' || worker.state === 'idle';
    const { id, state, host, processId, working, memoryBytes, megavoxelsPerSecond, lastSeenAt } = worker;
    return html`<tr><th scope="row" class="name"><span class="named"><bdi>${host ?? id}</bdi> <span class="badge" data-state="${state}">${state}</span></span>${host !== undefined && html`<span class="under">${processId !== undefined && `process ${processId}, `}${id}</span>`}</th><td class="name">${working && workingLink(working)}</td><td class="number wide">${worker.threads}</td><td class="number">${megavoxelsPerSecond === undefined || !isLive ? '-' : formatRate(megavoxelsPerSecond)}</td><td class="number wide">${memoryBytes === undefined ? '-' : formatBytes(memoryBytes)}</td><td class="number wide">${formatCount(worker.tilesDone)}</td><td class="number"><time datetime="${new Date(lastSeenAt).toISOString()}">${formatAgo(now - lastSeenAt)}</time></td></tr>
`;
  });
  return scrollingTable(
    label,
    html`<th scope="col">Worker</th><th scope="col">${label === 'Workers' ? 'Works at' : 'Worked at'}</th><th scope="col" class="number wide">Threads</th><th scope="col" class="number">Mvoxel/s</th><th scope="col" class="number wide">Memory</th><th scope="col" class="number wide">Tiles</th><th scope="col" class="number">Last seen</th>`,
    rows,
  );
}

function workingLink({ run, case: index }: NonNullable<WorkerStatus['working']>): Markup {
  return html`<a href="/runs/${encodeURIComponent(run)}">${index === undefined ? 'run' : `case ${index}`}</a>`;
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
