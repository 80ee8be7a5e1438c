/** Method, configuration and provenance: what another person needs to repeat the scores or to cite them. */

import type { LossDescription, ResultsDocument } from '../../results/document.ts';
import { formatBytes, formatDuration } from '../dashboard/format.ts';
import { type Fragment, html, type Markup } from '../dashboard/html.ts';
import { count } from './format.ts';
import type { RunFacts } from './run-facts.ts';

/** A paragraph for the methods section of a paper. */
export function methodText(document: ResultsDocument, facts: RunFacts): string {
  const { cases, scores, channels, classes, decision, losses, convention } = document;
  const scored = cases.filter(({ status }) => status === 'ok').length;
  const kinds = { probability: 'probabilities', logit: 'logits', label: 'label maps' };
  const threshold = facts.settings.threshold;
  const rule =
    scores === 'label'
      ? 'Predicted labels were compared as they are'
      : `A voxel counted as foreground where its ${typeof threshold === 'number' && threshold !== 0.5 ? `probability was above ${threshold}` : decision.replace('>', 'was above')}`;
  const names = [
    ...new Set(losses.map(({ name, form }) => (form === undefined ? name : `${name} (${form})`))),
  ];
  const version = facts.voxtally === 'unknown' ? '' : ` ${facts.voxtally}`;
  return [
    `Predicted segmentations of ${count(cases.length, 'case')} were compared with their references by Voxtally${version}; ${scored} could be scored.`,
    `Predictions were ${kinds[scores]}${scores === 'label' ? '' : ` in ${channels === 'exclusive' ? 'mutually exclusive' : 'independent'} channels`}, and ${classes.length === 1 ? `the class was ${classes[0]!.name}` : `the ${classes.length} classes were ${classes.map(({ name }) => name).join(', ')}`}.`,
    `${rule}.`,
    `${losses.length === 0 ? '' : `Losses (${names.join(', ')}) were evaluated over whole volumes at full resolution, with the defaults of the ${convention === 'pytorch' ? 'PyTorch' : 'Keras'} convention unless given below. `}Sums were exact or rounded once per voxel, so the values depend neither on how volumes were cut nor on the order of work.`,
    'Means and quartiles are over cases with a defined value; pooled values treat all scored cases as one volume.',
  ].join(' ');
}

export function method(document: ResultsDocument, facts: RunFacts): Markup {
  return html`<section id="method" aria-labelledby="method-title">
<h2 id="method-title">Method</h2>
<blockquote class="method">${methodText(document, facts)}</blockquote>
${
  document.losses.length > 0 &&
  html`<div class="scroll" tabindex="0" role="region" aria-label="Losses and their parameters"><table class="narrow"><caption class="visually-hidden">Losses and their parameters</caption>
<thead><tr><th scope="col">Loss</th><th scope="col">Value for</th><th scope="col">Parameters</th></tr></thead>
<tbody>${document.losses.map((loss) => html`<tr><th scope="row"><code>${loss.id}</code></th><td>${loss.scope === 'class' ? 'each class' : 'all classes'}</td><td>${parameters(loss)}</td></tr>`)}</tbody></table></div>`
}
${
  document.shapes &&
  html`<h3>Borders and lesions</h3><div class="scroll cue" tabindex="0" role="region" aria-label="Measures of borders and lesions"><table class="narrow"><caption class="visually-hidden">Measures of borders and lesions and their definitions</caption>
<thead><tr><th scope="col">Measure</th><th scope="col">Definition</th></tr></thead>
<tbody>${document.shapes.measures.map(({ name, definition }) => html`<tr><th scope="row"><code>${name}</code></th><td>${definition}</td></tr>`)}</tbody></table></div>
<p class="basis">HD, ASSD: of the centres of border voxels (<code>voxel</code>), in mm; NSD: of corners of the voxel grid weighed by their area (<code>surfel</code>). Where one mask is empty a distance is ${document.shapes.emptyDistance === null ? 'undefined and counted as such' : `taken as ${document.shapes.emptyDistance}`}.</p>`
}
</section>`;
}

function parameters({ params }: LossDescription): Fragment {
  const entries = Object.entries(params);
  return entries.length === 0
    ? html`<span class="quiet">none</span>`
    : entries
        .map(([name, value]) => `${name} ${typeof value === 'object' ? value.join(', ') : value}`)
        .join('; ');
}

export function provenance(document: ResultsDocument, facts: RunFacts): Markup {
  const { machine, startedAt, seconds, threads, engine } = facts;
  const known: readonly (readonly [string, string | undefined])[] = [
    ['Voxtally', facts.voxtally],
    ['Started', startedAt?.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')],
    [
      'Took',
      seconds === undefined ? undefined : seconds < 10 ? `${seconds.toFixed(1)} s` : formatDuration(seconds),
    ],
    ['Engine', engine],
    ['Threads', threads === undefined ? undefined : String(threads)],
    ['Node.js', facts.node],
    ['Platform', facts.platform],
    ['Processor', machine && `${machine.processor}, ${machine.processors}`],
    ['Memory', machine && formatBytes(machine.memoryBytes)],
    ['Scores', document.scores],
    ['Channels', document.channels],
    ['Convention', document.convention],
    ['Foreground', document.decision],
    ['β of F-beta', String(document.beta)],
  ];
  return html`<section id="provenance" aria-labelledby="provenance-title">
<h2 id="provenance-title">Configuration and provenance</h2>
<dl class="facts">${known.map(([name, value]) => value !== undefined && html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${facts.settings.decisions.length > 0 && html`<h3>Decided by the files</h3><ul>${facts.settings.decisions.map((decision) => html`<li class="name">${decision}</li>`)}</ul>`}
${facts.warnings.length > 0 && html`<h3>Warnings</h3><ul>${facts.warnings.slice(0, 50).map((warning) => html`<li class="name">${warning}</li>`)}</ul>`}
<details><summary>Configuration as it was given</summary><pre tabindex="0" role="region" aria-label="Configuration">${JSON.stringify(facts.configuration, undefined, 2)}</pre></details>
<details><summary>Settings as they were resolved</summary><pre tabindex="0" role="region" aria-label="Settings">${JSON.stringify(facts.settings, undefined, 2)}</pre></details>
<p class="basis">The files of every case, with sizes and times, are in <code>run.json</code>; every value to its last digit in <code>results.json</code> and <code>cases.csv</code>.</p>
</section>`;
}
