import { html, type Markup } from './html.ts';
import { staticAddress } from './static-files.ts';

export interface Link {
  readonly address: string;
  readonly name: string;
  /** The page itself. */
  readonly current?: boolean;
}

/** The links of the dashboard's pages. */
export function mainLinks(hasQueues: boolean, current?: 'runs'): readonly Link[] {
  const runs = { address: '/', name: 'Runs', current: current === 'runs' };
  return hasQueues ? [runs, { address: '/queues', name: 'Queues' }] : [runs];
}

export interface PageParts {
  readonly title: string;
  /** The content of `main`, which the page's module keeps up to date. */
  readonly main: Markup;
  /** Where the page hears of changes; a page without it stays as it is. */
  readonly events?: string;
  /** One sentence on the state of things, which a screen reader is told when it has changed. */
  readonly status?: string;
  /** Links to other pages. */
  readonly links: readonly Link[];
  /** What the page needs in its head beyond what all pages have. */
  readonly head?: Markup;
  /** The browser comes again after this time. */
  readonly againSeconds?: number;
}

/** A whole page, as text. */
export function page({ title, main, events, status, links, head, againSeconds }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${againSeconds !== undefined && html`<meta http-equiv="refresh" content="${againSeconds}">`}
<title>${title} - Voxtally</title>
<link rel="icon" href="${staticAddress('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${staticAddress('base.css')}">
<link rel="stylesheet" href="${staticAddress('dashboard.css')}">
${head}
${
  events !== undefined &&
  html`<script type="module" src="${staticAddress('dashboard.js')}"></script>
<noscript><meta http-equiv="refresh" content="15"></noscript>`
}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="/">Voxtally</a>
<nav aria-label="Main">${links.map(({ address, name, current }) => html`<a href="${address}"${current && html` aria-current="page"`}>${name}</a>`)}</nav>
${events !== undefined && html`<span class="live" id="live" data-state="static">Not live</span>`}
</header>
<main id="main" tabindex="-1"${events !== undefined && html` data-events="${events}"`}${status !== undefined && html` data-status="${status}"`}>
${main}
</main>
${events !== undefined && html`<p class="visually-hidden" id="announcement" role="status" aria-live="polite"></p>`}
</body>
</html>
`.text;
}

export interface Fault {
  readonly title: string;
  readonly message: string;
  /** For a fault that passes. */
  readonly againSeconds?: number;
}

/** A page for a fault: what it is and where to go from there. */
export function faultPage({ title, message, ...rest }: Fault, hasQueues: boolean): string {
  return page({
    title,
    links: mainLinks(hasQueues),
    main: html`<h1>${title}</h1><p>${message}</p><p><a href="/">All runs</a></p>`,
    ...rest,
  });
}
