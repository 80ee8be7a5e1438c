/** What waits, and what is being computed. */
import type { History, QueueDepth, RunStatus } from '../../engines/status.ts';
import { formatCount } from './format.ts';
import { html, type Markup } from './html.ts';
import { scrollingTable } from './parts.ts';
import { casesDone, isOver } from './run-parts.ts';

const words: Readonly<Record<QueueDepth['queue'], string>> = { runs: 'Runs', cases: 'Cases', tiles: 'Tiles' };

export function queueSection(
  depths: readonly QueueDepth[],
  runs: readonly RunStatus[],
  { stalls }: History,
): Markup {
  const going = runs.filter((run) => !isOver(run));
  const sum = (of: (run: RunStatus) => number) => going.reduce((total, run) => total + of(run), 0);
  const stalled = stalls.reduce((total, value) => total + value, 0);
  const inFlight = sum(({ cases }) => cases.inFlight);
  const facts = [
    ['Cases waiting', sum((run) => Math.max(0, run.cases.total - casesDone(run) - run.cases.inFlight))],
    ['Cases in flight', inFlight],
    ['Stalls in 24 h', stalled],
  ] as const;
  const rows = depths.map(
    ({ queue, waiting, active, children, delayed, failed }) =>
      html`<tr><th scope="row">${words[queue]}</th><td class="number">${formatCount(waiting)}</td><td class="number">${formatCount(active)}</td><td class="number wide">${formatCount(children)}</td><td class="number">${formatCount(delayed)}</td><td class="number${failed > 0 && ' bad'}">${formatCount(failed)}</td></tr>
`,
  );
  return html`<section aria-labelledby="queue"><h2 id="queue">In the queue</h2>
<dl class="facts few">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd${name.startsWith('Stalls') && value > 0 && html` class="bad"`}>${formatCount(value)}</dd></div>`)}</dl>
${scrollingTable(
  'Jobs by queue',
  html`<th scope="col">Jobs</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">Active</th><th scope="col" class="number wide">For their tiles</th><th scope="col" class="number">Delayed</th><th scope="col" class="number">Failed</th>`,
  rows,
)}</section>`;
}
