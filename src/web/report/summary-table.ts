/** The first table: a row for each class, the metrics that decide, worse cells more strongly tinted. */
import { summarise } from '../../base/statistics/summary.ts';
import { drawCases, type Interval, meanInterval } from '../../questions/compare/bootstrap.ts';
import type { CaseSummary, ResultsDocument } from '../../results/document.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { count, figure, integer, percent } from './format.ts';
import { classValue, type Measure, measureValue, summaryMeasures } from './measures.ts';

/** Beyond these cases the interval of a mean is the normal one: the bootstrap's differs by less than its own noise. */
const mostDrawn = 500;
const draws = 1000;
/** More classes have their quartiles beside the medians, so that a screen holds more of them. */
const mostRoomy = 10;
const level = 0.95;
/** Tints from none to the worst. */
const tints = 6;

export function summaryTable(document: ResultsDocument): Markup {
  const { classes, means, cases } = document;
  const measures = summaryMeasures(document);
  const [first] = measures;
  const worst = measures.map((measure) =>
    Math.max(...classes.map(({ name }) => distance(measure, summaryOf(document, name, measure).median) ?? 0)),
  );
  const intervals = meanIntervals(document, first!);
  const isDense = classes.length > mostRoomy;
  const scored = cases.filter(({ status }) => status === 'ok').length;
  return html`<div class="scroll cue" tabindex="0" role="region" aria-label="Metrics by class"><table id="summary-table" class="stack${isDense && ' dense'}" data-sortable>
<caption class="visually-hidden">Metrics of each class over ${integer(scored)} scored cases: median and quartiles, and the mean of ${first!.label} with its interval. The buttons in the header sort.</caption>
<thead><tr><th scope="col">Class</th>${measures.map(({ label, better }) => html`<th scope="col" class="number">${label} <span class="direction">${direction(better)}</span></th>`)}<th scope="col" class="number">${first!.label}, mean [95 %]</th><th scope="col" class="number">Cases</th><th scope="col" class="number">Undefined</th></tr></thead>
<tbody>${classes.map(({ name }, at) => {
    const { count: defined, undefined: none, mean } = summaryOf(document, name, first!);
    return html`<tr><th scope="row" class="name">${name}</th>${measures.map((measure, place) => {
      const summary = summaryOf(document, name, measure);
      return html`<td class="number ${tintOf(measure, summary.median, worst[place]!)}" data-label="${measure.label}" data-value="${summary.median}"><b>${shown(measure, summary.median)}</b><span class="under">${spread(measure, summary, isDense)}</span></td>`;
    })}<td class="number" data-label="${first!.label}, mean [95 %]" data-value="${mean}">${figure(mean)}<span class="under">${range(intervals[at]!, isDense)}</span></td><td class="number" data-label="Cases" data-value="${defined}">${integer(defined)}</td><td class="number${none > 0 && ' warn'}" data-label="Undefined" data-value="${none}">${integer(none)}</td></tr>`;
  })}</tbody>
<tfoot><tr><th scope="row">Foreground mean</th>${measures.map((measure) => {
    const mean = measureValue(means.foreground, measure);
    return html`<td class="number" data-label="${measure.label}"><b>${shown(measure, mean?.mean ?? null)}</b><span class="under">${count(mean?.classes.length ?? 0, 'class')}</span></td>`;
  })}<td data-label="" class="blank"></td><td class="blank"></td><td class="blank"></td></tr></tfoot></table></div>
<p class="basis">Large figures are medians over cases, small ones the quartiles; ↑ the higher the better, ↓ the lower, →0 the nearer to 0. The interval of the mean is the 95 % percentile bootstrap over cases (${integer(draws)} draws; beyond ${mostDrawn} cases the normal one). The foreground mean is the mean over classes, without the background, of their means over cases. Undefined: scored cases where the value has no meaning, such as an empty reference. Stronger tint: worse.${definitions(measures)}</p>`;
}

function definitions(measures: readonly Measure[]): Fragment {
  return measures.map(({ label, definition }) => definition !== undefined && html` ${label}: ${definition}.`);
}

/** Sites, scanners or whatever the manifest's groups are, side by side. */
export function groupTable(document: ResultsDocument): Fragment {
  const groups = [...new Set(document.cases.map(({ group }) => group ?? ''))].sort();
  if (groups.length < 2) return null;
  const [measure] = summaryMeasures(document);
  const isDense = document.classes.length > mostRoomy;
  return html`<div class="head"><h3>${measure!.label} by group</h3><button type="button" data-csv-of="group-table" data-needs-script hidden>Download CSV</button></div>
<div class="scroll cue" tabindex="0" role="region" aria-label="${measure!.label} by group"><table id="group-table" class="stack${isDense && ' dense'}" data-sortable><caption class="visually-hidden">Median ${measure!.label} and quartiles of each class in each group</caption>
<thead><tr><th scope="col">Class</th>${groups.map((group) => html`<th scope="col" class="number">${group || 'no group'}</th>`)}</tr></thead>
<tbody>${document.classes.map(
    ({ name }) =>
      html`<tr><th scope="row" class="name">${name}</th>${groups.map((group) => {
        const values = document.cases.flatMap((entry) => {
          if (entry.status !== 'ok' || (entry.group ?? '') !== group) return [];
          const value = classValue(entry.classes[name]!, measure!);
          return value === null ? [] : [value];
        });
        const { q1, median, q3, count: defined } = summarise(values);
        return html`<td class="number ${tintOf(measure!, median, 1)}" data-label="${group || 'no group'}" data-value="${median}"><b>${shown(measure!, median)}</b><span class="under">${q1 !== null && q3 !== null && `${fromTo(measure!, q1, q3, isDense)}, `}N = ${integer(defined)}</span></td>`;
      })}</tr>`,
  )}</tbody></table></div>`;
}

function summaryOf({ means }: ResultsDocument, name: string, measure: Measure): CaseSummary {
  return measureValue(means.classes[name]!, measure)!;
}

function meanIntervals(document: ResultsDocument, measure: Measure): (Interval | null)[] {
  const scored = document.cases.filter((entry) => entry.status === 'ok');
  const drawn = scored.length <= mostDrawn ? drawCases(scored.length, draws, 1) : null;
  return document.classes.map(({ name }) => {
    if (drawn) {
      const values = scored.map((entry) => classValue(entry.classes[name]!, measure));
      return scored.length < 2 ? null : meanInterval(values, drawn, level);
    }
    const { mean, sd, count } = summaryOf(document, name, measure);
    if (mean === null || sd === null) return null;
    const half = (1.959964 * sd) / Math.sqrt(count);
    return { low: mean - half, high: mean + half };
  });
}

function direction(better: Measure['better']): string {
  return { higher: '↑', lower: '↓', zero: '→0', none: '' }[better];
}

/** How far a value is from the best one. */
function distance({ better }: Measure, value: number | null): number | null {
  if (value === null) return null;
  return better === 'higher' ? 1 - value : Math.abs(value);
}

/** Fractions are tinted by themselves; lengths against the worst class. */
function tintOf(measure: Measure, value: number | null, worst: number): string {
  const far = distance(measure, value);
  if (far === null) return 'none';
  const share = measure.unit === 'fraction' ? Math.min(1, far) : worst === 0 ? 0 : far / worst;
  return `miss tint-${Math.round(share * tints)}`;
}

function range(interval: Interval | null, isDense: boolean): string {
  if (interval === null) return '';
  const digits = isDense ? 2 : 3;
  return `${interval.low.toFixed(digits)}${isDense ? '–' : ' to '}${interval.high.toFixed(digits)}`;
}

function shown({ id, unit }: Measure, value: number | null): string {
  if (value === null) return '–';
  if (id === 'relativeVolumeDifference') return percent(value);
  return unit === 'fraction' ? value.toFixed(3) : figure(value);
}

type Quartiles = Pick<CaseSummary, 'q1' | 'q3' | 'count'>;

function spread(measure: Measure, { q1, q3, count }: Quartiles, isDense: boolean): string {
  return q1 === null || q3 === null || count < 2 ? '' : fromTo(measure, q1, q3, isDense);
}

/** Where room is short, fractions have two digits. */
function fromTo(measure: Measure, low: number, high: number, isDense: boolean): string {
  if (isDense && measure.unit === 'fraction' && measure.better === 'higher') {
    return `${low.toFixed(2)}–${high.toFixed(2)}`;
  }
  return `${shown(measure, low).replace(/ %$/, '')} to ${shown(measure, high)}`;
}
