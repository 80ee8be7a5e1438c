import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { IServerAdapter } from '@bull-board/api/typings/app';
import { HonoAdapter } from '@bull-board/hono';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Queue } from 'bullmq';
import { Hono } from 'hono';

/** Where bull-board lives. */
export const queuesPath = '/queues';

/**
 * bull-board's own needs: styles that its script writes into the page. Its scripts are files of ours; images may be data.
 */
const boardPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page's only reference to another host: a font. The browser takes one of the system instead. */
const foreignFont = /<link[^>]*href="https:\/\/fonts\.googleapis\.com[^>]*>/g;

/** The queues in bull-board, mounted under `queuesPath`; read-only unless writes are allowed. */
export function queueRoutes(queues: readonly Queue[], allowWrites: boolean): Hono {
  const adapter = new HonoAdapter(serveStatic).setBasePath(queuesPath);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: !allowWrites })),
    // The adapter's package brings types of its own patch release of the API.
    serverAdapter: adapter as unknown as IServerAdapter,
    options: { uiConfig: { boardTitle: 'Voxtally queues' } },
  });
  const routes = new Hono();
  routes.use(`${queuesPath}/*`, async (context, next) => {
    await next();
    const isPage = context.res.headers.get('Content-Type')?.startsWith('text/html') === true;
    if (isPage) {
      const text = (await context.res.text()).replace(foreignFont, '');
      context.res = new Response(text, context.res);
    }
    context.res.headers.set('Content-Security-Policy', boardPolicy);
  });
  routes.get(`${queuesPath}/`, (context) => context.redirect(queuesPath));
  routes.route(queuesPath, adapter.registerPlugin());
  return routes;
}
