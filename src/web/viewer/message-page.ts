import { html } from '../dashboard/html.ts';
import { type Link, page } from '../dashboard/layout.ts';

export function messagePage(message: string, links: readonly Link[]): string {
  return page({
    title: 'Nothing to look at',
    links,
    main: html`<h1>Nothing to look at</h1><p>${message}</p>
${links.length === 0 && html`<p><a href="/">Start</a></p>`}`,
  });
}
