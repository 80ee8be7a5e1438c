/** `voxtally worker`: a process that serves the queue until a signal ends it. */
import { pino } from 'pino';
import { UsageError } from '../base/errors.ts';
import { connectNow, placeOf } from '../engines/redis/connection.ts';
import { checkKeepsJobs } from '../engines/redis/eviction.ts';
import { openPlaces } from '../engines/redis/places.ts';
import { defaultTiming } from '../engines/redis/timing.ts';
import { startWorker } from '../engines/redis/worker.ts';
import { planMemory } from '../run/plan/memory.ts';
import { loadConfig } from '../settings/load-config.ts';
import { interruptedStatus } from './interrupt.ts';
import { settingsFromFlags } from './setting-flags.ts';
import type { Terminal } from './terminal.ts';

export interface WorkerOptions {
  readonly dataRoot: readonly string[];
  readonly config?: string;
  readonly grace: string;
  readonly lockMs: string;
  readonly jobVoxels: string;
  readonly logLevel: string;
}

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'];

/** Serves until a signal ends it. @returns the exit status */
export async function runWorker(options: WorkerOptions, terminal: Terminal): Promise<number> {
  const config = loadConfig({
    ...(options.config === undefined ? {} : { file: options.config }),
    flags: settingsFromFlags({ ...options }),
  });
  const graceMs = 1000 * readNumber('grace', options.grace, 0, 86_400);
  const lockMs = readNumber('lock-ms', options.lockMs, 500, 3_600_000);
  if (!logLevels.includes(options.logLevel)) {
    throw new UsageError('option-value', `--log-level: allowed: ${logLevels.join(', ')}`, {
      field: 'log-level',
    });
  }
  const { url: redisUrl, prefix, workRoot } = config.redis;
  // What cannot work is said now, not retried for ever.
  const redis = await connectNow(config.redis);
  await checkKeepsJobs(redis, placeOf(redisUrl)).finally(() => redis.disconnect());
  // The lock decides how soon the work of a dead worker is found; what else is timed follows it.
  const share = Math.min(1, lockMs / defaultTiming.lockMs);
  const worker = await startWorker({
    redisUrl,
    prefix,
    places: openPlaces(workRoot, { make: true }),
    dataRoots: options.dataRoot,
    ...planMemory(config),
    log: pino({ level: options.logLevel, base: null }, pino.destination({ dest: 2, sync: true })),
    timing: {
      lockMs,
      jobVoxels: readNumber('job-voxels', options.jobVoxels, 1, 2 ** 40),
      stalledMs: Math.ceil(defaultTiming.stalledMs * share),
      backoffMs: Math.ceil(defaultTiming.backoffMs * share),
      pollMs: Math.ceil(defaultTiming.pollMs * Math.max(share, 0.1)),
    },
  });
  await stopSignal(() => {
    terminal.error(`voxtally: stopping within ${graceMs / 1000} s; a second signal stops at once\n`);
  });
  await worker.stop(graceMs);
  return 0;
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process. */
function stopSignal(announce: () => void): Promise<void> {
  return new Promise((resolve) => {
    let told = false;
    const signal = () => {
      if (told) process.exit(interruptedStatus);
      told = true;
      announce();
      resolve();
    };
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, signal);
  });
}

function readNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw new UsageError(
    'option-value',
    `--${flag}: given "${text}"; allowed: a number from ${least} to ${most}`,
    {
      field: flag,
    },
  );
}
