import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { UsageError, VoxtallyError } from '../base/errors.ts';
import { connectNow } from '../engines/redis/connection.ts';
import { Control } from '../engines/redis/control.ts';
import { openPlaces } from '../engines/redis/places.ts';
import { openMonitor } from '../engines/redis/redis-monitor.ts';
import { loadConfig } from '../settings/load-config.ts';
import type { Credentials } from '../web/dashboard/auth.ts';
import { FinishedRuns } from '../web/dashboard/finished-runs.ts';
import { checkExposure, serveDashboard } from '../web/dashboard/serve.ts';
import { settingsFromFlags } from './setting-flags.ts';

export interface DashboardFlags {
  readonly config?: string;
  readonly host: string;
  readonly port: string;
  readonly passwordFile?: string;
  readonly tokenFile?: string;
  readonly allowWrites?: boolean;
  readonly dataRoot?: readonly string[];
  readonly logLevel: string;
}

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'];

/** `voxtally dashboard`: serves until a signal ends it. */
export async function runDashboard(flags: DashboardFlags, env: NodeJS.ProcessEnv): Promise<number> {
  const { redis } = loadConfig({
    ...(flags.config === undefined ? {} : { file: flags.config }),
    flags: settingsFromFlags({ ...flags }),
  });
  if (!logLevels.includes(flags.logLevel)) {
    throw new UsageError('option-value', `--log-level: allowed: ${logLevels.join(', ')}`, {
      field: 'log-level',
    });
  }
  const exposure = {
    host: flags.host,
    port: readPort(flags.port),
    credentials: readCredentials(flags, env),
    allowWrites: flags.allowWrites === true,
  };
  checkExposure(exposure);
  // What cannot work is said now, not shown for ever.
  const connection = await connectNow(redis);
  const control = exposure.allowWrites
    ? new Control(connection, redis.prefix, openPlaces(redis.workRoot))
    : undefined;
  if (!control) connection.disconnect();
  const log = pino({ level: flags.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
  const finished = flags.dataRoot && new FinishedRuns(redis.workRoot, flags.dataRoot);
  const monitor = openMonitor({ redisUrl: redis.url, prefix: redis.prefix, workRoot: redis.workRoot });
  try {
    const dashboard = await serveDashboard({
      ...exposure,
      monitor,
      queues: monitor.queues,
      ping: () => monitor.ping(),
      ...(control && { control }),
      ...(finished ? { findCases: (run) => finished.find(run) } : {}),
      onFault: (error, route) => log.error({ route, ...faultFacts(error) }, 'request failed'),
    });
    log.info({ url: dashboard.url }, 'dashboard ready');
    const signal = await stopSignal();
    log.info({ signal }, 'stopping');
    await dashboard.close();
  } finally {
    await monitor.close();
    await control?.close();
    connection.disconnect();
    await finished?.close();
  }
  return 0;
}

/** The password and the token, from files or else from the environment, which `ps` does not show. */
export function readCredentials(
  flags: Pick<DashboardFlags, 'passwordFile' | 'tokenFile'>,
  env: NodeJS.ProcessEnv,
): Credentials {
  const password = firstLine(flags.passwordFile, 'password-file') ?? env.VOXTALLY_DASHBOARD_PASSWORD;
  const token = firstLine(flags.tokenFile, 'token-file') ?? env.VOXTALLY_DASHBOARD_TOKEN;
  return {
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  };
}

function firstLine(file: string | undefined, field: string): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0]!;
  } catch (cause) {
    throw new UsageError('secret-file', `--${field}: ${file} cannot be read: ${(cause as Error).message}`, {
      file,
      field,
      cause,
    });
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError('option-value', `--port: given "${text}"; allowed: 0 to 65535`, { field: 'port' });
}

/** Messages may name cases and files, which no log holds: codes and the program's own places only. */
function faultFacts(error: Error): Readonly<Record<string, unknown>> {
  const stack = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return { code: error instanceof VoxtallyError ? error.code : error.name, stack };
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
}
