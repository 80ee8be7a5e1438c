import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { MachineError, UsageError } from '../../base/errors.ts';
import { checkCredentials, isProtected } from './auth.ts';
import { createDashboard, type DashboardOptions } from './create-dashboard.ts';
import { isLoopback } from './guard.ts';

export interface ListenOptions extends Omit<DashboardOptions, 'loopbackOnly'> {
  /** Default: 127.0.0.1; any interface beyond this machine needs credentials. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface RunningDashboard {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Refuses what would be open to others: an interface beyond this machine, or writes, without credentials. */
export function checkExposure({
  host = '127.0.0.1',
  credentials = {},
  allowWrites = false,
}: Omit<ListenOptions, 'port' | 'monitor' | 'ping'>): void {
  checkCredentials(credentials);
  if (isProtected(credentials)) return;
  const how =
    'set VOXTALLY_DASHBOARD_PASSWORD or VOXTALLY_DASHBOARD_TOKEN, or give --password-file or --token-file';
  if (!isLoopback(host)) {
    throw new UsageError(
      'dashboard-open',
      `the dashboard would be open to everybody who reaches ${host}: ${how}`,
      {
        field: 'host',
      },
    );
  }
  if (allowWrites) {
    throw new UsageError('dashboard-writes-open', `--allow-writes needs a password or token: ${how}`, {
      field: 'allow-writes',
    });
  }
}

/** Listens; resolves once connections are accepted. */
export async function serveDashboard(options: ListenOptions): Promise<RunningDashboard> {
  checkExposure(options);
  const { host = '127.0.0.1', port } = options;
  const dashboard = createDashboard({ ...options, loopbackOnly: isLoopback(host) });
  // Without a name of its own, a request's Host header is what the guards see, whatever it holds.
  const server = createAdaptorServer({ fetch: dashboard.app.fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'the port is taken; choose another one with --port' : error.message;
      reject(
        new MachineError('dashboard-listen', `cannot listen on ${host}:${port}: ${why}`, { cause: error }),
      );
    });
    server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), resolve);
  });
  const bound = server.address() as AddressInfo;
  const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    url: `http://${name}:${bound.port}`,
    port: bound.port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      dashboard.close();
      server.closeIdleConnections();
      // Streams have ended; what is left after a moment is a client that does not read.
      const force = setTimeout(() => server.closeAllConnections(), 1_000);
      await closed;
      clearTimeout(force);
    },
  };
}
