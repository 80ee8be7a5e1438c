import type { WorkerStatus } from '../../engines/monitor.ts';
import { formatAgo, formatCount } from './format.ts';
import { type Fragment, html, type Markup } from './html.ts';

/** How long a worker may be silent before it is shown as lost, in milliseconds. */
export const silentMs = 60_000;

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
