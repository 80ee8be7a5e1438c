import { Hono } from 'hono';
import type { CasePage, Monitor, RunStatus } from '../../engines/monitor.ts';
import { percent } from './format.ts';
import { faultPage, mainLinks, page } from './layout.ts';
import { casesOf, pageQuery, runId } from './query.ts';
import { runMain, runStatusText } from './run-page.ts';
import { casesDone } from './run-parts.ts';
import { runsMain, runsStatus } from './runs-page.ts';

/** Failures that a run's page lists before everything else, of each kind. */
const failuresShown = 5;

const noSuchPage = { title: 'No such page', message: 'The address names no page.' };
const noSuchRun = { title: 'No such run', message: 'There is no run of this id, or no such page of it.' };

/** The pages for people; with `canLook` a run that is over links to the pages of its cases. */
export function pageRoutes(monitor: Monitor, hasQueues: boolean, canLook = false): Hono {
  const routes = new Hono();

  routes.get('/', async (context) => {
    const query = pageQuery.safeParse(context.req.query());
    if (!query.success) return context.html(faultPage(noSuchPage, hasQueues), 404);
    const [runs, workers] = await Promise.all([monitor.runs(), monitor.workers()]);
    return context.html(
      page({
        title: 'Runs',
        main: runsMain(runs, workers, query.data.page, Date.now()),
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
    const [failures, pooled, workers, cases] = await Promise.all([
      firstFailures(monitor, run),
      monitor.pooled(run.id),
      monitor.workers(),
      casesOf(monitor, run.id, query.data),
    ]);
    return context.html(
      page({
        title: `${percent(casesDone(run), run.cases.total)} % of run ${run.id}`,
        main: runMain({ run, failures, pooled, workers, cases, query: query.data, now: Date.now(), canLook }),
        events: `/api/events?run=${encodeURIComponent(run.id)}`,
        status: runStatusText(run),
        links: mainLinks(hasQueues),
      }),
    );
  });

  return routes;
}

function firstFailures(monitor: Monitor, run: RunStatus): Promise<CasePage[]> {
  const kinds = (['failed', 'incomplete'] as const).filter((status) => run.cases[status] > 0);
  return Promise.all(
    kinds.map((status) => monitor.cases(run.id, { status, page: 0, pageSize: failuresShown })),
  );
}
