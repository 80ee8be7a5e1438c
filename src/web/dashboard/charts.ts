/** What was done when, drawn: throughput, finished cases and failures, each on a scale of its own, with a table behind them. */
import type { History } from '../../engines/status.ts';
import { formatCount, formatDuration, formatRate } from './format.ts';
import { type Fragment, html, type Markup } from './html.ts';
import { scrollingTable } from './parts.ts';

/** What a history is of, and until when it goes. */
export interface ChartFrame {
  readonly heading: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Whether it goes on. */
  readonly isLive: boolean;
}

/** Height of a bar that is not nothing, in percent: it must be seen. */
const leastPercent = 3;
const secondMs = 1000;

/** Fewer intervals than these say nothing that the numbers of the run do not. */
const leastSteps = 3;

export function historySection(history: History, frame: ChartFrame): Fragment {
  if (!frame.isLive && history.voxels.length < leastSteps) return undefined;
  const heading = html`<h2 id="history">${frame.heading}</h2>`;
  const busy = [...history.voxels.keys()].filter(
    (at) => history.voxels[at]! + history.cases[at]! + history.stalls[at]! > 0,
  );
  if (busy.length === 0) {
    return html`<section aria-labelledby="history">${heading}<p class="empty">Nothing was done.</p></section>`;
  }
  const rates = history.voxels.map((voxels, at) => voxels / 1e6 / secondsOf(history, frame, at));
  const stepMinutes = history.stepSeconds / 60;
  const each = stepMinutes === 1 ? 'a minute' : `${stepMinutes} min`;
  const counted = (values: readonly number[]) => {
    const sum = values.reduce((total, value) => total + value, 0);
    return sum === 0 ? 'none' : `${formatCount(sum)}, at most ${formatCount(Math.max(...values))} in ${each}`;
  };
  const rateText = (rate: number) => `${formatRate(rate)} Mvoxel/s`;
  const charts = [
    chart(history, frame, {
      ...{ name: 'Throughput', kind: 'rate', values: rates, text: rateText },
      summary: `at most ${rateText(Math.max(...rates))}`,
    }),
    chart(history, frame, {
      ...{ name: 'Finished cases', kind: 'cases', values: history.cases, text: formatCount },
      summary: counted(history.cases),
    }),
    chart(history, frame, {
      ...{ name: 'Failures', kind: 'failures', values: history.failures, text: formatCount },
      summary: counted(history.failures),
    }),
  ];
  const rows = busy.reverse().map(
    (at) =>
      html`<tr><th scope="row" class="number">${clock(startOf(history, at))}</th><td class="number">${formatRate(rates[at]!)}</td><td class="number">${formatCount(history.cases[at]!)}</td><td class="number${history.failures[at]! > 0 && ' bad'}">${formatCount(history.failures[at]!)}</td><td class="number${history.stalls[at]! > 0 && ' bad'}">${formatCount(history.stalls[at]!)}</td></tr>
`,
  );
  return html`<section aria-labelledby="history">${heading}
<div class="charts">${charts}</div>
<details><summary>As a table</summary>
<p class="basis">Intervals of ${formatDuration(history.stepSeconds)}, the last one first; those in which nothing was done are left out.</p>
${scrollingTable(
  'What was done when',
  html`<th scope="col" class="number">From</th><th scope="col" class="number">Mvoxel/s</th><th scope="col" class="number">Finished</th><th scope="col" class="number">Failures</th><th scope="col" class="number">Stalls</th>`,
  rows,
)}</details></section>`;
}

interface Series {
  readonly name: string;
  readonly kind: 'rate' | 'cases' | 'failures';
  readonly values: readonly number[];
  readonly text: (value: number) => string;
  /** All of it in a few words. */
  readonly summary: string;
}

/** Bars by percent of the picture: it stretches, its text does not. */
function chart(history: History, frame: ChartFrame, { name, kind, values, text, summary }: Series): Markup {
  const most = Math.max(...values);
  const width = 100 / values.length;
  const bars = values.map((value, at): Fragment => {
    if (value === 0) return undefined;
    const height = Math.max(leastPercent, (100 * value) / most);
    return html`<rect x="${(at * width).toFixed(2)}%" y="${(100 - height).toFixed(1)}%" width="${(0.82 * width).toFixed(2)}%" height="${height.toFixed(1)}%"><title>${text(value)}, ${ago(history, at, frame)}</title></rect>`;
  });
  const when = most === 0 ? '' : `, the most ${ago(history, values.indexOf(most), frame)}`;
  return html`<figure class="chart"><figcaption>${name} <span class="count">${summary}</span></figcaption>
<svg role="img" aria-label="${name}: ${summary}${when}" data-kind="${kind}" focusable="false">${bars}</svg>
<p class="ticks" aria-hidden="true">${clock(startOf(history, 0))}<span>${frame.isLive ? 'now' : clock(Math.min(frame.untilMs, startOf(history, history.voxels.length)))}</span></p></figure>
`;
}

function startOf({ startedAt, stepSeconds }: History, at: number): number {
  return startedAt + at * stepSeconds * secondMs;
}

/** The first and the last interval are not whole. */
function secondsOf(history: History, { fromMs, untilMs }: ChartFrame, at: number): number {
  const from = Math.max(fromMs, startOf(history, at));
  const until = Math.min(untilMs, startOf(history, at + 1));
  return Math.max(1, (until - from) / secondMs);
}

/** By whole intervals, so that it changes with them only. */
function ago(history: History, at: number, { isLive }: ChartFrame): string {
  const back = (history.voxels.length - 1 - at) * history.stepSeconds;
  if (!isLive) return `${formatDuration(at * history.stepSeconds)} after the start`;
  return back === 0 ? 'now' : `${formatDuration(back)} ago`;
}

/** A time of day; the page's module gives it in the zone of who looks. */
function clock(timeMs: number): Markup {
  const iso = new Date(timeMs).toISOString();
  return html`<time class="clock" datetime="${iso}">${iso.slice(11, 16)} UTC</time>`;
}
