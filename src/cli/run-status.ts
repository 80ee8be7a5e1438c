import { UsageError } from '../base/errors.ts';
import type { CaseStatus, RunStatus, WorkerStatus } from '../engines/monitor.ts';
import { connectNow } from '../engines/redis/connection.ts';
import { checkRunId } from '../engines/redis/jobs.ts';
import { openMonitor, type RedisMonitor } from '../engines/redis/redis-monitor.ts';
import { loadConfig } from '../settings/load-config.ts';
import { plainText } from './plain-text.ts';
import { formatDuration } from './progress-line.ts';
import { settingsFromFlags } from './setting-flags.ts';
import type { Terminal } from './terminal.ts';

export interface StatusOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Failures shown of a run; the dashboard and results.json have all. */
const shownFailures = 20;

/** `voxtally status`: all runs and workers, or one run. Status 1 when cases of that run failed. */
export async function runStatus(
  run: string | undefined,
  options: StatusOptions,
  terminal: Terminal,
): Promise<number> {
  const { redis } = loadConfig({
    ...(options.config === undefined ? {} : { file: options.config }),
    flags: settingsFromFlags({ ...options }),
  });
  (await connectNow(redis)).disconnect();
  const monitor = openMonitor({ redisUrl: redis.url, prefix: redis.prefix, workRoot: redis.workRoot });
  try {
    return run === undefined
      ? await showAll(monitor, options.json === true, terminal)
      : await showOne(monitor, checkRunId(run), options.json === true, terminal);
  } finally {
    await monitor.close();
  }
}

async function showAll(monitor: RedisMonitor, json: boolean, terminal: Terminal): Promise<number> {
  const [runs, workers] = await Promise.all([monitor.runs(), monitor.workers()]);
  if (json) terminal.out(`${JSON.stringify({ runs, workers })}\n`);
  else terminal.out(`${[...runs.map(runLine), ...workerLines(workers)].join('\n')}\n`);
  return 0;
}

async function showOne(
  monitor: RedisMonitor,
  id: string,
  json: boolean,
  terminal: Terminal,
): Promise<number> {
  const status = await monitor.run(id);
  if (status === undefined) {
    throw new UsageError('run-unknown', `there is no run ${id}; voxtally status lists those that are there`, {
      field: 'run',
    });
  }
  const failures: CaseStatus[] = [];
  for (const kind of ['failed', 'incomplete'] as const) {
    failures.push(...(await monitor.cases(id, { status: kind, page: 0, pageSize: shownFailures })).cases);
  }
  if (json) terminal.out(`${JSON.stringify({ ...status, failures })}\n`);
  else {
    terminal.out(`${runLine(status)}\n`);
    for (const { name, status: kind, error } of failures) {
      terminal.out(plainText(`  ${name} ${kind}: ${error?.message ?? 'no reason is known'}`).concat('\n'));
    }
  }
  return status.cases.failed + status.cases.incomplete === 0 ? 0 : 1;
}

function runLine(run: RunStatus): string {
  const { total, ok, failed, incomplete, inFlight } = run.cases;
  const parts = [
    `${run.id}  ${run.state.padEnd(9)}`,
    `${ok + failed + incomplete}/${total} cases`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(incomplete > 0 ? [`${incomplete} incomplete`] : []),
    ...(inFlight > 0 ? [`${inFlight} in flight`] : []),
    ...(run.megavoxelsPerSecond > 0 ? [`${run.megavoxelsPerSecond.toFixed(1)} Mvoxel/s`] : []),
    ...(run.etaSeconds === undefined ? [] : [`ETA ${formatDuration(run.etaSeconds)}`]),
  ];
  return parts.join('  ');
}

function workerLines(workers: readonly WorkerStatus[]): string[] {
  if (workers.length === 0) return ['no worker: start some with voxtally worker'];
  return workers.map(({ id, threads, lastSeenAt, tilesDone, busy }) => {
    const ago = Math.round((Date.now() - lastSeenAt) / 1000);
    return `${id}  ${busy ? 'busy' : 'idle'}  ${threads} threads  ${tilesDone} tiles  seen ${ago} s ago`;
  });
}
