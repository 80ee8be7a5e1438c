/** The whole report as one HTML text: style, script and data stand in it, and it asks nothing of any network. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packageFile } from '../../base/package-files.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { type Fragment, html, Markup } from '../dashboard/html.ts';
import { allValues } from './all-values.ts';
import { confusionMatrix } from './confusion.ts';
import type { CurveSection } from './curve-data.ts';
import { curveSection, explore } from './explore.ts';
import { failures } from './failures.ts';
import { count } from './format.ts';
import { method, provenance } from './provenance.ts';
import { reportData } from './report-data.ts';
import type { RunFacts } from './run-facts.ts';
import { groupTable, summaryTable } from './summary-table.ts';
import { volumeSection } from './volumes.ts';

export interface ReportOptions {
  readonly document: ResultsDocument;
  readonly facts: RunFacts;
  readonly curves: CurveSection;
  /** The cases to list; all unless told. */
  readonly listed?: ReadonlySet<string>;
  /** Name of the file beside it that lists all. */
  readonly allCases?: string;
}

export function renderReport({ document, facts, curves, listed, allCases }: ReportOptions): string {
  const data = reportData(document, curves.curves, listed);
  const style = asset('page.css');
  const script = asset('page.js').replaceAll('</script', '<\\/script');
  const scored = document.cases.filter(({ status }) => status === 'ok').length;
  const failed = document.cases.length - scored;
  const policy = `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}; img-src data:; base-uri 'none'; form-action 'none'`;
  const confusion = confusionMatrix(document);
  const scoredText = `${scored} of ${count(document.cases.length, 'case')} scored`;
  const { name, model } = facts.configuration;
  const title = typeof name === 'string' ? name : scoredText;
  const sections = [
    ['summary', 'Summary'],
    ['cases', 'Cases'],
    ...(failed > 0 ? [['failures', 'Failures'] as const] : []),
    ['volumes', 'Volumes'],
    ['curves', 'Curves'],
    ...(confusion ? [['confusion', 'Confusion'] as const] : []),
    ['values', 'All values'],
    ['method', 'Method'],
    ['provenance', 'Provenance'],
  ] as const;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} - Voxtally report</title>
<link rel="icon" href="data:,">
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><span class="brand">Voxtally report</span><nav aria-label="Sections">${sections.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav></header>
<main id="main" tabindex="-1">
<div class="title"><h1>${title}</h1><p>${title !== scoredText && html`${scoredText}, `}${failed > 0 && html`<a class="bad" href="#failures">${failed} without a score</a>, `}${count(document.classes.length, 'class')}, scores: ${document.scores}${typeof model === 'string' && html`, model ${model}`}${facts.startedAt !== undefined && html`, ${facts.startedAt.slice(0, 10)}`}</p></div>
${warnings(facts)}
<section id="summary" aria-labelledby="summary-title">
<div class="head"><h2 id="summary-title">Summary</h2><button type="button" data-csv-of="summary-table" data-needs-script hidden>Download CSV</button></div>
${summaryTable(document)}
${groupTable(document)}
</section>
${explore(data, allCases)}
${failures(document)}
${volumeSection(data)}
${curveSection(curves)}
${confusion}
${allValues(document)}
${method(document, facts)}
${provenance(document, facts)}
</main>
<div id="tip" class="tip" role="status" hidden></div>
<script type="application/json" id="report-data">${new Markup(scriptJson(data))}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

/** Shown before any number; the whole list is in the provenance. */
const mostWarnings = 5;

function warnings({ warnings: all }: RunFacts): Fragment {
  if (all.length === 0) return null;
  const rest = all.length - mostWarnings;
  return html`<section id="warnings" aria-labelledby="warnings-title"><h2 id="warnings-title">${count(all.length, 'warning')}</h2>
<ul>${all.slice(0, mostWarnings).map((warning) => html`<li class="name">${warning}</li>`)}${rest > 0 && html`<li><a href="#provenance">${rest} more</a></li>`}</ul></section>`;
}

/** JSON that can stand in a script element: nothing in it ends the element or opens a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

const assets = new Map<string, string>();

/** A file of the page as the build made it, small. */
function asset(name: 'page.css' | 'page.js'): string {
  let text = assets.get(name);
  if (text === undefined) {
    text = readFileSync(packageFile(`dist/report/${name}`), 'utf8').trim();
    assets.set(name, text);
  }
  return text;
}
