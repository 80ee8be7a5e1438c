/** The page that sets runs of the same cases side by side. */
import { scaleLinear, scalePoint } from 'd3-scale';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import {
  type Against,
  type ComparedRuns,
  comparedLabel,
  comparedMetric,
  type ReportedRun,
  valuesByCase,
} from './compare-runs.ts';
import { count, figure, integer } from './format.ts';
import { place } from './page/frame.ts';
import { reportPage } from './shell.ts';

const mostCases = 100;

export function renderComparison(compared: ComparedRuns): string {
  const { runs, cases, classes, notes } = compared;
  const title = `${count(runs.length, 'run')} of ${count(cases.length, 'case')} compared`;
  const body = html`<div class="title"><h1>${title}</h1><p>By ${comparedLabel}, over ${count(classes.length, 'class')}; the first run is ${runs[0]!.name}.</p></div>
${notes.length > 0 && html`<section id="notes" aria-labelledby="notes-title"><h2 id="notes-title">To know first</h2><ul>${notes.map((note) => html`<li class="name">${note}</li>`)}</ul></section>`}
${means(compared)}
${differences(compared)}
${trend(runs)}
${casesTable(compared)}`;
  return reportPage({
    title,
    brand: 'Voxtally comparison',
    sections: [
      ['means', 'Means'],
      ['differences', 'Differences'],
      ...(runs.length > 2 ? [['trend', 'Trend'] as const] : []),
      ['cases', 'Cases'],
    ],
    body,
    script: 'compare.js',
  });
}

function means({ runs, classes }: ComparedRuns): Markup {
  const rows = classes.map((name) => {
    const values = runs.map(({ results }) => results.means.classes[name]!.metrics[comparedMetric]);
    return { name, values, best: Math.max(...values.map(({ mean }) => mean ?? -Infinity)) };
  });
  return html`<section id="means" aria-labelledby="means-title">
<div class="head"><h2 id="means-title">Mean ${comparedLabel} of each run</h2><button type="button" data-csv-of="means-table" data-needs-script hidden>Download CSV</button></div>
<div class="scroll cue" tabindex="0" role="region" aria-label="Means by class and run"><table id="means-table" class="stack" data-sortable><caption class="visually-hidden">Mean ${comparedLabel} by class and run; the best of a class is bold</caption>
<thead><tr><th scope="col">Class</th>${runs.map((run) => html`<th scope="col" class="number name">${run.name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ name, values, best }) =>
      html`<tr><th scope="row" class="name">${name}</th>${values.map(({ mean, sd, count: defined }, at) => html`<td class="number" data-label="${runs[at]!.name}" data-value="${mean}">${mean === best ? html`<b>${figure(mean)}</b>` : figure(mean)}<span class="under">${sd !== null && `± ${figure(sd)}, `}N = ${integer(defined)}</span></td>`)}</tr>`,
  )}</tbody>
<tfoot><tr><th scope="row">Foreground mean</th>${runs.map(({ name, results }) => html`<td class="number" data-label="${name}"><b>${figure(results.means.foreground.metrics[comparedMetric].mean)}</b></td>`)}</tr></tfoot></table></div>
<p class="basis">Each run over all cases that it scored; the differences below are over the cases that both runs scored.</p>
</section>`;
}

function differences({ runs, classes, against }: ComparedRuns): Markup {
  return html`<section id="differences" aria-labelledby="differences-title">
<div class="head"><h2 id="differences-title">Differences from ${runs[0]!.name}</h2><button type="button" data-csv-of="differences-table" data-needs-script hidden>Download CSV</button></div>
<div class="scroll cue" tabindex="0" role="region" aria-label="Differences from the first run"><table id="differences-table" class="stack" data-sortable><caption class="visually-hidden">Paired differences of ${comparedLabel} from the first run</caption>
<thead><tr><th scope="col">Run</th><th scope="col">Class</th><th scope="col" class="number">Difference</th><th scope="col" class="number">95 % interval</th><th scope="col" class="number">p</th><th scope="col" class="number">Better</th><th scope="col" class="number">Worse</th><th scope="col" class="number">Equal</th></tr></thead>
<tbody>${against.map((other, at) => classes.map((name) => differenceRow(runs[at + 1]!, name, other)))}</tbody></table></div>
<p class="basis">Mean of the paired differences over cases, its percentile bootstrap interval, and the p value of Wilcoxon's signed-rank test, not corrected for the number of classes. Better, worse, equal: in how many cases this run has a higher, lower or the same ${comparedLabel}.</p>
</section>`;
}

function differenceRow(run: ReportedRun, name: string, { byClass, wins }: Against): Fragment {
  const compared = byClass.get(name);
  if (!compared) return null;
  const { difference, interval, wilcoxon } = compared;
  const isClear = interval !== null && (interval.low > 0 || interval.high < 0);
  const won = wins.get(name)!;
  const shown = difference === null ? '–' : `${difference > 0 ? '+' : ''}${figure(difference)}`;
  return html`<tr><th scope="row" class="name">${run.name}</th><td class="name" data-label="Class">${name}</td><td class="number" data-label="Difference" data-value="${difference}">${isClear ? html`<b>${shown}</b>` : shown}</td><td class="number" data-label="95 % interval">${interval ? `${figure(interval.low)} to ${figure(interval.high)}` : '–'}</td><td class="number" data-label="p" data-value="${wilcoxon?.pValue}">${figure(wilcoxon?.pValue)}</td>${(['this', 'first', 'equal'] as const).map((side, at) => html`<td class="number" data-label="${['Better', 'Worse', 'Equal'][at]!}" data-value="${won[side]}">${integer(won[side])}</td>`)}</tr>`;
}

const plot = { width: 860, height: 300, top: 16, right: 20, bottom: 56, left: 52 };

/** The foreground mean of each run in the order of their dates. */
function trend(runs: readonly ReportedRun[]): Fragment {
  if (runs.length < 3) return null;
  const dated = runs.every(({ startedAt }) => startedAt !== undefined)
    ? [...runs].sort((a, b) => (a.startedAt! < b.startedAt! ? -1 : 1))
    : runs;
  const points = dated.map((run) => ({
    run,
    value: run.results.means.foreground.metrics[comparedMetric].mean,
  }));
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length === 0) return null;
  const x = scalePoint(
    dated.map((_, at) => String(at)),
    [plot.left + 30, plot.width - plot.right - 30],
  );
  const y = scaleLinear()
    .domain([Math.min(...values), Math.max(...values)])
    .range([plot.height - plot.bottom, plot.top])
    .nice();
  const at = (index: number) => place(x(String(index))!);
  const drawn = points.flatMap(({ value }, index) =>
    value === null ? [] : [`${at(index)},${place(y(value))}`],
  );
  return html`<section id="trend" aria-labelledby="trend-title"><h2 id="trend-title">Trend</h2>
<div class="holder scroll cue" tabindex="0" role="region" aria-label="Trend over runs"><svg class="plot trend" xmlns="http://www.w3.org/2000/svg" width="${plot.width}" height="${plot.height}" viewBox="0 0 ${plot.width} ${plot.height}" role="img" aria-label="Foreground mean of ${comparedLabel} by run: ${points.map(({ run, value }) => `${run.name} ${figure(value)}`).join(', ')}">
${y.ticks(5).map((tick) => html`<line class="grid" x1="${plot.left}" x2="${plot.width - plot.right}" y1="${place(y(tick))}" y2="${place(y(tick))}"/><text class="tick" x="${plot.left - 6}" y="${place(y(tick)) + 4}" text-anchor="end">${y.tickFormat(5)(tick)}</text>`)}
<polyline class="line" points="${drawn.join(' ')}"/>
${points.map(({ run, value }, index) => html`<text x="${at(index)}" y="${plot.height - plot.bottom + 18}" text-anchor="middle">${cut(run.name)}</text><text x="${at(index)}" y="${plot.height - plot.bottom + 34}" text-anchor="middle">${run.startedAt?.slice(0, 10) ?? ''}</text>${value !== null && html`<circle class="point" cx="${at(index)}" cy="${place(y(value))}" r="4.5" data-tip="${run.name}: ${figure(value)}"/>`}`)}
</svg></div><p class="basis">Mean over the foreground classes of their mean ${comparedLabel}, by the date of the run.</p></section>`;
}

/** Where the runs disagree most: the cases with the largest spread of the mean over classes. */
function casesTable({ runs, cases, classes }: ComparedRuns): Markup {
  const values = runs.map(({ results }) => valuesByCase(results));
  const rows = cases
    .map((id) => {
      const ofRuns = values.map((byCase) => meanOf(classes.map((name) => byCase.get(id)?.[name] ?? null)));
      const defined = ofRuns.filter((value) => value !== null);
      const best = Math.max(...defined);
      const spread = defined.length < 2 ? 0 : best - Math.min(...defined);
      return { id, ofRuns, best, spread };
    })
    .sort((a, b) => b.spread - a.spread);
  const shown = rows.slice(0, mostCases);
  return html`<section id="cases" aria-labelledby="cases-title">
<div class="head"><h2 id="cases-title">Who wins where</h2><button type="button" data-csv-of="cases-table" data-needs-script hidden>Download CSV</button></div>
<div class="scroll cue" tabindex="0" role="region" aria-label="Cases by run"><table id="cases-table" class="stack" data-sortable><caption class="visually-hidden">Mean ${comparedLabel} over classes of each case in each run</caption>
<thead><tr><th scope="col">Case</th>${runs.map(({ name }) => html`<th scope="col" class="number name">${name}</th>`)}<th scope="col" class="number">Spread</th></tr></thead>
<tbody>${shown.map(
    ({ id, ofRuns, best, spread }) =>
      html`<tr><th scope="row" class="name">${id}</th>${ofRuns.map((value, at) => html`<td class="number" data-label="${runs[at]!.name}" data-value="${value}">${spread > 0 && value === best ? html`<b>${figure(value)}</b>` : figure(value)}</td>`)}<td class="number" data-label="Spread" data-value="${spread}">${figure(spread)}</td></tr>`,
  )}</tbody></table></div>
<p class="basis">Mean ${comparedLabel} over the classes of a case; the cases in which the runs differ most come first; the best is bold where they differ.${rows.length > shown.length && ` Of ${integer(rows.length)} cases the first ${mostCases} are listed.`}</p>
</section>`;
}

function meanOf(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}

function cut(text: string): string {
  return text.length <= 18 ? text : `${text.slice(0, 17)}…`;
}
