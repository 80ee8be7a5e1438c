/** What every report file is: one HTML text in which style, script and data are, and that asks nothing of any network. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packageFile } from '../../base/package-files.ts';
import { html, Markup } from '../dashboard/html.ts';

export interface ReportPage {
  readonly title: string;
  readonly brand: string;
  /** Ids of the sections and what the navigation calls them. */
  readonly sections: readonly (readonly [id: string, name: string])[];
  readonly body: Markup;
  readonly script: 'page.js' | 'compare.js';
  /** For the script. */
  readonly data?: unknown;
}

export function reportPage({ title, brand, sections, body, script, data }: ReportPage): string {
  const style = asset('page.css');
  const code = asset(script).replaceAll('</script', '<\\/script');
  const policy = `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(code)}; img-src data:; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} - ${brand}</title>
<link rel="icon" href="data:,">
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><span class="brand">${brand}</span><nav aria-label="Sections">${sections.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav></header>
<main id="main" tabindex="-1">
${body}
</main>
<div id="tip" class="tip" role="status" hidden></div>
${data !== undefined && html`<script type="application/json" id="report-data">${new Markup(scriptJson(data))}</script>`}
<script>${new Markup(code)}</script>
</body>
</html>
`.text;
}

/** JSON that can be in a script element: nothing in it ends the element or opens a comment. */
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
function asset(name: 'page.css' | ReportPage['script']): string {
  let text = assets.get(name);
  if (text === undefined) {
    text = readFileSync(packageFile(`dist/report/${name}`), 'utf8').trim();
    assets.set(name, text);
  }
  return text;
}
