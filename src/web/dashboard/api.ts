import type { Context } from 'hono';
import { Hono } from 'hono';
import type { Monitor, RunStatus } from '../../engines/monitor.ts';
import { casesOf, pageQuery, runId } from './query.ts';

/** The same facts as the pages, as JSON for programs. */
export function apiRoutes(monitor: Monitor): Hono {
  const routes = new Hono();
  const missing = (context: Context) => context.json({ error: 'no such run' }, 404);
  const find = async (id: string): Promise<RunStatus | undefined> =>
    runId.safeParse(id).success ? monitor.run(id) : undefined;

  routes.get('/runs', async (context) => context.json({ runs: await monitor.runs() }));

  routes.get('/runs/:id', async (context) => {
    const run = await find(context.req.param('id'));
    return run ? context.json(run) : missing(context);
  });

  routes.get('/runs/:id/cases', async (context) => {
    const query = pageQuery.safeParse(context.req.query());
    if (!query.success) return context.json({ error: 'status or page is not one' }, 400);
    const run = await find(context.req.param('id'));
    if (!run) return missing(context);
    return context.json({ ...(await casesOf(monitor, run.id, query.data)), page: query.data.page });
  });

  routes.get('/runs/:id/pooled', async (context) => {
    const run = await find(context.req.param('id'));
    return run ? context.json(await monitor.pooled(run.id)) : missing(context);
  });

  routes.get('/workers', async (context) => context.json({ workers: await monitor.workers() }));

  return routes;
}
