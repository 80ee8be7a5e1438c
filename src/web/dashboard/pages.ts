import { Hono } from 'hono';
import { isAllFailed, type Monitor } from '../../engines/monitor.ts';
import type { RunActions } from './actions.ts';
import { percent } from './format.ts';
import { faultPage, mainLinks, page } from './layout.ts';
import { casesOf, pageQuery, runId, runsPerPage } from './query.ts';
import { runMain, runStatusText } from './run-page.ts';
import { casesDone } from './run-parts.ts';
import { runsMain, runsStatus } from './runs-page.ts';

const noSuchPage = { title: 'No such page', message: 'The address names no page.' };
const noSuchRun = { title: 'No such run', message: 'There is no run of this id, or no such page of it.' };

export interface PageOptions {
  readonly hasQueues: boolean;
  /** A run that is over links to the pages of its cases. */
  readonly canLook: boolean;
  /** What may be done with runs; undefined for nothing. */
  readonly actions: RunActions | undefined;
}

/** The pages for people. */
export function pageRoutes(monitor: Monitor, { hasQueues, canLook, actions }: PageOptions): Hono {
  const routes = new Hono();

  routes.get('/', async (context) => {
    const query = pageQuery.safeParse(context.req.query());
    if (!query.success) return context.html(faultPage(noSuchPage, hasQueues), 404);
    const [runs, workers, depths, history] = await Promise.all([
      monitor.runs(),
      monitor.workers(),
      monitor.queueDepths(),
      monitor.history(),
    ]);
    const shown = runs.slice((query.data.page - 1) * runsPerPage, query.data.page * runsPerPage);
    const reasons = await Promise.all(
      shown.filter(isAllFailed).map(async ({ id }) => [id, await monitor.reasons(id)] as const),
    );
    return context.html(
      page({
        title: 'Runs',
        main: runsMain(runs, workers, query.data.page, Date.now(), new Map(reasons), depths, history),
        events: '/api/events',
        status: runsStatus(runs),
        links: mainLinks(hasQueues, 'runs'),
      }),
    );
  });

  routes.get('/runs/:id', async (context) => {
    const id = runId.safeParse(context.req.param('id'));
    const query = pageQuery.safeParse(context.req.query());
    const run = id.success && query.success ? await monitor.run(id.data) : undefined;
    if (!run || !query.success) {
      return context.html(faultPage(noSuchRun, hasQueues), 404);
    }
    const [reasons, pooled, workers, history, cases] = await Promise.all([
      monitor.reasons(run.id),
      monitor.pooled(run.id),
      monitor.workers(),
      monitor.history(run.id),
      casesOf(monitor, run.id, query.data),
    ]);
    return context.html(
      page({
        title: `${percent(casesDone(run), run.cases.total)} % of ${run.name ?? `run ${run.id}`}`,
        main: runMain({
          ...(actions && { actions: actions.forms(run) }),
          run,
          reasons,
          pooled,
          workers,
          history,
          cases,
          query: query.data,
          now: Date.now(),
          canLook,
        }),
        events: `/api/events?run=${encodeURIComponent(run.id)}`,
        status: runStatusText(run),
        links: mainLinks(hasQueues),
      }),
    );
  });

  return routes;
}
