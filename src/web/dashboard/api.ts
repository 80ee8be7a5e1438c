import type { Context } from 'hono';
import { Hono } from 'hono';
import type { Monitor } from '../../engines/monitor.ts';
import type { RunStatus } from '../../engines/status.ts';
import { apiDescription } from './api-description.ts';
import { casesOf, pageQuery, runId } from './query.ts';

/** The same facts as the pages, as JSON for programs. `api-description.ts` describes every answer. */
export function apiRoutes(monitor: Monitor): Hono {
  const routes = new Hono();
  /** Answers about the run that an address names. */
  const ofRun = (path: string, answer: (context: Context, run: RunStatus) => Promise<Response>) =>
    routes.get(path, async (context) => {
      const id = runId.safeParse(context.req.param('id'));
      const run = id.success ? await monitor.run(id.data) : undefined;
      return run ? answer(context, run) : context.json({ error: 'no such run' }, 404);
    });

  routes.get('/openapi.json', (context) => context.json(apiDescription()));
  routes.get('/runs', async (context) => context.json({ runs: await monitor.runs() }));
  routes.get('/workers', async (context) => context.json({ workers: await monitor.workers() }));
  routes.get('/queues', async (context) => context.json({ queues: await monitor.queueDepths() }));
  routes.get('/history', async (context) => context.json(await monitor.history()));

  ofRun('/runs/:id', async (context, run) => context.json(run));
  ofRun('/runs/:id/pooled', async (context, { id }) => context.json(await monitor.pooled(id)));
  ofRun('/runs/:id/history', async (context, { id }) => context.json(await monitor.history(id)));
  ofRun('/runs/:id/reasons', async (context, { id }) => context.json({ reasons: await monitor.reasons(id) }));
  ofRun('/runs/:id/cases', async (context, { id }) => {
    const query = pageQuery.safeParse(context.req.query());
    if (!query.success) return context.json({ error: 'status or page is not one' }, 400);
    return context.json({ ...(await casesOf(monitor, id, query.data)), page: query.data.page });
  });

  return routes;
}
