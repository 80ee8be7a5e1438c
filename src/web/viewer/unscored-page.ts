/** The page of a case without a score: why, and its two files side by side, each on its own grid. */

import type { UnscoredCase } from '../../base/scored.ts';
import { html, type Markup } from '../dashboard/html.ts';
import { page } from '../dashboard/layout.ts';
import { caseAddress } from './address.ts';
import { type CasePageParts, caseLinks, viewerHead } from './case-page.ts';

export type UnscoredPageParts = Omit<CasePageParts, 'entry' | 'places'> & {
  readonly entry: UnscoredCase;
  /** The message of its error, without folders. */
  readonly reason: string;
};

export function unscoredPage(parts: UnscoredPageParts): string {
  const { entry, links } = parts;
  const { code } = entry.error;
  return page({
    title: entry.id,
    links,
    head: viewerHead,
    main: html`<div class="title"><h1 class="id"><bdi>${entry.id}</bdi></h1><span class="badge" data-state="${entry.status}">${entry.status}</span>${entry.group !== undefined && html`<span class="badge">${entry.group}</span>`}${caseLinks(parts)}</div>
<section class="failures" aria-labelledby="reason"><h2 id="reason">Why it has no score</h2>
<p class="reason-text">${parts.reason}</p><p class="basis"><code>${code}</code></p></section>
<div class="two">${side(parts, 'prediction', 'Prediction')}${side(parts, 'reference', 'Reference')}</div>
<p class="basis">Each file is shown on its own grid; a click in one goes to the same place, in mm, in the other.</p>`,
  });
}

function side(parts: UnscoredPageParts, name: 'prediction' | 'reference', title: string): Markup {
  const address = `${caseAddress(parts.run, { case: parts.case })}/view?side=${name}`;
  const start = parts.start ?? parts.entry.error.voxel;
  return html`<section class="picture" data-side="${address}" data-mode="${name}"${start !== undefined && html` data-start="${start.join()}"`}><h2>${title}</h2>
<div class="stage"><canvas tabindex="0" role="img" aria-label="${title} of ${parts.entry.id}"></canvas></div>
<p class="where" role="status">Loading the volume.</p></section>`;
}
