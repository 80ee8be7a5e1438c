/** Predicted and reference volumes: the page's script draws their agreement. */
import { html, type Markup } from '../dashboard/html.ts';
import type { ReportData } from './report-data.ts';

export function volumeSection({ classes, cases, total }: ReportData): Markup {
  const plots = [
    ['agreement', 'Predicted against reference volume'],
    ['bland-altman', 'Bland-Altman plot'],
  ] as const;
  return html`<section id="volumes" aria-labelledby="volumes-title">
<div class="head"><h2 id="volumes-title">Volumes</h2>${
    classes.length > 1 &&
    html`<label class="inline" data-needs-script hidden>Class<select id="volume-class">${classes.map((name, at) => html`<option value="${at}">${name}</option>`)}</select></label>`
  }</div>
<p class="basis">A point is a case${cases.length < total && `, of the ${cases.length} that this page lists; what is told and the lines are of all cases`}. Left: the diagonal is the reference's volume. Right: predicted minus reference over the mean of both; the solid line is the mean difference (bias), the outer ones the limits of agreement, 1.96 standard deviations around it.</p>
<div id="volume-plots" class="curve-grid" data-needs-script hidden>${plots.map(
    ([key, name]) =>
      html`<figure data-volume="${key}"><figcaption class="head"><span class="caption-text">${name}</span><button type="button" data-save-svg="voxtally-${key}" aria-label="Save SVG: ${name}">SVG</button></figcaption><div class="holder"></div></figure>`,
  )}</div>
</section>`;
}
