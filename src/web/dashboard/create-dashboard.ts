import type { HttpBindings } from '@hono/node-server';
import type { Queue } from 'bullmq';
import { Hono } from 'hono';
import { MachineError } from '../../base/errors.ts';
import type { Monitor } from '../../engines/monitor.ts';
import { isRedisTrouble } from '../../engines/redis/redis-faults.ts';
import { checkViewerFiles, type ViewerOptions, viewerRoutes } from '../viewer/routes.ts';
import { RunActions, type RunControl } from './actions.ts';
import { apiRoutes } from './api.ts';
import { type Credentials, requireCredentials } from './auth.ts';
import { ChangeFeed, eventRoutes } from './events.ts';
import { guardWrites, refuseClimbing, refuseForeignHost } from './guard.ts';
import { securityHeaders } from './headers.ts';
import { healthRoutes } from './health.ts';
import { faultPage, mainLinks } from './layout.ts';
import { metricsRoutes } from './metrics.ts';
import { pageRoutes } from './pages.ts';
import { queueRoutes } from './queues.ts';
import { shareMonitor } from './shared-monitor.ts';
import { checkStaticFiles, staticRoutes } from './static-files.ts';

export interface DashboardOptions {
  readonly monitor: Monitor;
  /** Whether Redis answers; must reject or never settle when it does not. */
  readonly ping: () => Promise<unknown>;
  /** Shown in bull-board and counted in the metrics; without any there is no /queues. */
  readonly queues?: readonly Queue[];
  readonly credentials?: Credentials;
  /** Lets bull-board change queues, and pages runs; the server refuses to start so without credentials. */
  readonly allowWrites?: boolean;
  /** What pages do with runs where writes are allowed. */
  readonly control?: RunControl;
  /** Whether it answers to names of this machine only (see `refuseForeignHost`). */
  readonly loopbackOnly?: boolean;
  /** Finds the finished runs whose cases can be looked at; without it no volume is served. */
  readonly findCases?: ViewerOptions['find'];
  /** Told of faults; what is private (messages) is the caller's to leave out. */
  readonly onFault?: (error: Error, route: string) => void;
}

export interface Dashboard {
  readonly app: Hono<{ Bindings: Partial<HttpBindings> }>;
  /** Ends every stream of events, so that a server can close. The monitor and the queues stay the caller's. */
  close(): void;
}

const faults = {
  address: { title: 'Not found', message: 'There is nothing at this address.' },
  redis: {
    title: 'Redis does not answer',
    message: 'The runs go on where they are. This page tries again by itself.',
    againSeconds: 5,
  },
  program: { title: 'Something went wrong', message: "The dashboard's log tells more." },
} as const;

/** All routes behind all guards; knows neither port nor Redis. */
export function createDashboard(options: DashboardOptions): Dashboard {
  const { credentials = {}, queues = [], allowWrites = false, loopbackOnly = false, onFault } = options;
  const monitor = shareMonitor(options.monitor);
  const feed = new ChangeFeed(monitor);
  const closing = new AbortController();
  const hasQueues = queues.length > 0;
  const app = new Hono<{ Bindings: Partial<HttpBindings> }>();

  app.use(securityHeaders);
  app.use(refuseClimbing);
  if (loopbackOnly) app.use(refuseForeignHost);
  const checkPages = () => {
    checkStaticFiles();
    if (options.findCases) checkViewerFiles();
  };
  app.route('/', healthRoutes(options.ping, checkPages));
  app.use(requireCredentials(credentials));
  app.use(guardWrites(allowWrites));
  const actions =
    allowWrites && options.control ? new RunActions(options.control, options.monitor, hasQueues) : undefined;
  app.route('/', pageRoutes(monitor, { hasQueues, canLook: options.findCases !== undefined, actions }));
  if (actions) app.route('/', actions.routes());
  if (options.findCases) {
    const links = (run: string) => [...mainLinks(hasQueues), { address: `/runs/${run}`, name: 'Run' }];
    app.route('/', viewerRoutes({ find: options.findCases, links }));
  }
  app.route('/static', staticRoutes());
  app.route('/api', apiRoutes(monitor));
  app.route('/api', eventRoutes(monitor, feed, closing.signal));
  app.route('/', metricsRoutes(monitor, queues));
  if (hasQueues) app.route('/', queueRoutes(queues, allowWrites));

  app.notFound((context) => context.html(faultPage(faults.address, hasQueues), 404));
  app.onError((error, context) => {
    onFault?.(error, context.req.path);
    return error instanceof MachineError || isRedisTrouble(error)
      ? context.html(faultPage(faults.redis, hasQueues), 503, { 'Retry-After': '5' })
      : context.html(faultPage(faults.program, hasQueues), 500);
  });

  return {
    app,
    close: () => {
      closing.abort();
      feed.close();
    },
  };
}
