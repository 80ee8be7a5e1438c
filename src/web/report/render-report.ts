/** The report of a run: its sections, in the order in which they are asked for. */
import type { ResultsDocument } from '../../results/document.ts';
import { type Fragment, html } from '../dashboard/html.ts';
import { allValues } from './all-values.ts';
import { confusionMatrix } from './confusion.ts';
import type { CurveSection } from './curve-data.ts';
import { curveSection, explore } from './explore.ts';
import { failures } from './failures.ts';
import { count } from './format.ts';
import { type LesionSection, lesionSection } from './lesions.ts';
import { packData } from './packed-data.ts';
import { method, provenance } from './provenance.ts';
import { reportData } from './report-data.ts';
import type { RunFacts } from './run-facts.ts';
import { reportPage } from './shell.ts';
import { groupTable, summaryTable } from './summary-table.ts';
import type { Thumbnail } from './thumbnails.ts';
import { volumeSection } from './volumes.ts';

export interface ReportOptions {
  readonly document: ResultsDocument;
  readonly facts: RunFacts;
  readonly curves: CurveSection;
  readonly thumbnails?: readonly Thumbnail[];
  readonly lesions?: LesionSection | undefined;
  /** The cases to list (default: all). */
  readonly listed?: ReadonlySet<string>;
  /** Name of the file beside it that lists all. */
  readonly allCases?: string;
  /** Address of the run in the viewer, as `lookUpAddress` takes it: cases, lesions and pictures link there. */
  readonly viewer?: string;
}

export function renderReport({
  document,
  facts,
  curves,
  thumbnails = [],
  lesions,
  listed,
  allCases,
  viewer,
}: ReportOptions): string {
  const data = reportData(document, curves.curves, {
    ...(listed && { listed }),
    ...(viewer !== undefined && { viewer }),
  });
  const scored = document.cases.filter(({ status }) => status === 'ok').length;
  const failed = document.cases.length - scored;
  const confusion = confusionMatrix(document);
  const scoredText = `${scored} of ${count(document.cases.length, 'case')} scored`;
  const { name, model } = facts.configuration;
  const title = typeof name === 'string' ? name : scoredText;
  const sections = [
    ['summary', 'Summary'],
    ['cases', 'Cases'],
    ...(lesions ? [['lesions', 'Lesions'] as const] : []),
    ...(failed > 0 ? [['failures', 'Failures'] as const] : []),
    ['volumes', 'Volumes'],
    ['curves', 'Curves'],
    ...(confusion ? [['confusion', 'Confusion'] as const] : []),
    ['values', 'All values'],
    ['method', 'Method'],
    ['provenance', 'Provenance'],
  ] as const;
  const body = html`<div class="title"><h1>${title}</h1><p>${title !== scoredText && html`${scoredText}, `}${failed > 0 && html`<a class="bad" href="#failures">${failed} without a score</a>, `}${count(document.classes.length, 'class')}, scores: ${document.scores}${typeof model === 'string' && html`, model ${model}`}${facts.startedAt !== undefined && html`, ${facts.startedAt.slice(0, 10)}`}</p></div>
${warnings(facts)}
<section id="summary" aria-labelledby="summary-title">
<div class="head"><h2 id="summary-title">Summary</h2><button type="button" data-csv-of="summary-table" data-needs-script hidden>Download CSV</button></div>
${summaryTable(document)}
${groupTable(document)}
</section>
${explore(data, allCases, thumbnails)}
${lesionSection(lesions, viewer)}
${failures(document)}
${volumeSection(data)}
${curveSection(curves)}
${confusion}
${allValues(document, data)}
${method(document, facts)}
${provenance(document, facts)}`;
  return reportPage({
    title,
    brand: 'Voxtally report',
    sections,
    body,
    script: 'page.js',
    data: packData(data),
  });
}

/** Shown before any number; the whole list is in the provenance. */
const mostWarnings = 5;

function warnings({ warnings: all }: RunFacts): Fragment {
  if (all.length === 0) return null;
  const rest = all.length - mostWarnings;
  return html`<section id="warnings" aria-labelledby="warnings-title"><h2 id="warnings-title">${count(all.length, 'warning')}</h2>
<ul>${all.slice(0, mostWarnings).map((warning) => html`<li class="name">${warning}</li>`)}${rest > 0 && html`<li><a href="#provenance">${rest} more</a></li>`}</ul></section>`;
}
