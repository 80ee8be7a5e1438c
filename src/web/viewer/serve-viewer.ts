/** The viewer of one finished run, for this machine only. */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { refuseClimbing, refuseForeignHost } from '../dashboard/guard.ts';
import { securityHeaders } from '../dashboard/headers.ts';
import { staticRoutes } from '../dashboard/static-files.ts';
import { casesAddress, onlyRun, reportAddress } from './address.ts';
import type { FinishedCases } from './finished-cases.ts';
import { messagePage } from './message-page.ts';
import { viewerRoutes } from './routes.ts';

/** All routes behind the guards; answers to names of this machine alone. `cases` gives the run as it is now. */
export function viewerApp(cases: () => FinishedCases): Hono<{ Bindings: Partial<HttpBindings> }> {
  const app = new Hono<{ Bindings: Partial<HttpBindings> }>();
  app.use(securityHeaders);
  app.use(refuseClimbing);
  app.use(refuseForeignHost);
  app.get('/', (context) => context.redirect(casesAddress(onlyRun)));
  app.get('/report', (context) => context.redirect(reportAddress(onlyRun)));
  app.route('/static', staticRoutes());
  app.route('/', viewerRoutes({ find: async (run) => (run === onlyRun ? cases() : undefined) }));
  app.notFound((context) => context.html(messagePage('There is nothing at this address.', []), 404));
  return app;
}
