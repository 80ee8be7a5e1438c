import { resolve } from 'node:path';
import { isAllFailed, troubleOf } from '../engines/monitor.ts';
import { connectNow } from '../engines/redis/connection.ts';
import { checkRunId } from '../engines/redis/jobs.ts';
import { unknownRun } from '../engines/redis/places.ts';
import { openMonitor, type RedisMonitor } from '../engines/redis/redis-monitor.ts';
import type { CaseStatus, FailureReason, QueueDepth, RunStatus, WorkerStatus } from '../engines/status.ts';
import { loadConfig } from '../settings/load-config.ts';
import { plainText } from './plain-text.ts';
import { printObject } from './print-object.ts';
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
      ? await showAll(monitor, redis.workRoot, options.json === true, terminal)
      : await showOne(monitor, redis.workRoot, checkRunId(run), options.json === true, terminal);
  } finally {
    await monitor.close();
  }
}

async function showAll(
  monitor: RedisMonitor,
  workRoot: string,
  json: boolean,
  terminal: Terminal,
): Promise<number> {
  const [runs, workers, queues, history] = await Promise.all([
    monitor.runs(),
    monitor.workers(),
    monitor.queueDepths(),
    monitor.history(),
  ]);
  if (json) {
    printObject(terminal, 'status', { runs, queues, workers });
    return 0;
  }
  const lines: string[] = [];
  for (const run of runs) {
    lines.push(runLine(run), ...troubleLines(run));
    if (isAllFailed(run)) lines.push(`  ${reasonLine(await monitor.reasons(run.id))}`);
  }
  if (runs.length === 0) {
    lines.push(`no run in ${resolve(workRoot)} (--work-root): submit one with voxtally score --engine redis`);
  }
  const stalls = history.stalls.reduce((sum, count) => sum + count, 0);
  lines.push(
    '',
    ...queues.map(queueLine),
    ...(stalls === 0 ? [] : [`${stalls} stalls in the last 24 hours`]),
  );
  terminal.out(`${plainLines([...lines, '', ...workerLines(workers, Date.now())])}\n`);
  return 0;
}

function queueLine({ queue, waiting, active, children, delayed, failed }: QueueDepth): string {
  const parts = [
    `${queue.padEnd(5)}  ${waiting} waiting`,
    `${active} active`,
    ...(children > 0 ? [`${children} for their tiles`] : []),
    ...(delayed > 0 ? [`${delayed} delayed`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  return parts.join('  ');
}

async function showOne(
  monitor: RedisMonitor,
  workRoot: string,
  id: string,
  json: boolean,
  terminal: Terminal,
): Promise<number> {
  const status = await monitor.run(id);
  if (status === undefined) {
    throw unknownRun(id, workRoot);
  }
  const reasons = await monitor.reasons(id);
  const failures: CaseStatus[] = [];
  for (const kind of ['failed', 'incomplete'] as const) {
    failures.push(...(await monitor.cases(id, { status: kind, page: 0, pageSize: shownFailures })).cases);
  }
  if (json) printObject(terminal, 'status', { ...status, reasons, failures });
  else {
    const unscored = status.cases.failed + status.cases.incomplete;
    const more = unscored - failures.length;
    const lines = [
      runLine(status),
      ...troubleLines(status),
      `  ${status.tilesDone} tiles, ${status.retries} retries, ${status.stalls} stalls, priority ${status.priority}`,
      ...(reasons.length > 0 ? [`  ${reasonLine(reasons)}`] : []),
      ...failures.map(
        ({ name, status: kind, error }) => `  ${name} ${kind}: ${error?.message ?? 'no reason is known'}`,
      ),
      ...(more > 0 ? [`  and ${more} more: the dashboard and results.json have all`] : []),
    ];
    terminal.out(`${plainLines(lines)}\n`);
  }
  return status.cases.failed + status.cases.incomplete === 0 ? 0 : 1;
}

function troubleLines(run: RunStatus): string[] {
  const trouble = troubleOf(run);
  return trouble === undefined ? [] : [`  ${trouble}`];
}

function runLine(run: RunStatus): string {
  const { total, ok, failed, incomplete, inFlight } = run.cases;
  const parts = [
    `${run.id}  ${(isAllFailed(run) ? 'ALL FAILED' : run.state).padEnd(10)}`,
    ...(run.name === undefined ? [] : [run.name]),
    `${ok + failed + incomplete}/${total} cases`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(incomplete > 0 ? [`${incomplete} incomplete`] : []),
    ...(inFlight > 0 ? [`${inFlight} in flight`] : []),
    ...(run.megavoxelsPerSecond > 0 ? [`${run.megavoxelsPerSecond.toFixed(1)} Mvoxel/s`] : []),
    ...(run.etaSeconds === undefined ? [] : [`ETA ${formatDuration(run.etaSeconds)}`]),
    ...(run.startedBy === undefined ? [] : [`by ${run.startedBy}`]),
  ];
  return parts.join('  ');
}

function reasonLine(reasons: readonly FailureReason[]): string {
  return reasons.map(({ code, cases }) => `${code}: ${cases} ${cases === 1 ? 'case' : 'cases'}`).join(', ');
}

/** Names come from people: nothing in them moves the cursor. */
function plainLines(lines: readonly string[]): string {
  return lines.map((line) => plainText(line)).join('\n');
}

/** Those that can be heard of first, then the silent ones, then those that are gone. */
function workerLines(workers: readonly WorkerStatus[], now: number): string[] {
  if (workers.length === 0) return ['no worker: start some with voxtally worker'];
  const line = (worker: WorkerStatus) => {
    const { id, host, processId, threads, lastSeenAt, tilesDone, megavoxelsPerSecond, memoryBytes, working } =
      worker;
    const ago = Math.max(0, now - lastSeenAt) / 1000;
    return [
      ...(host === undefined ? [id] : [`${host}${processId === undefined ? '' : ` (${processId})`}`]),
      worker.state === 'other-version'
        ? `of another version (${worker.voxtally ?? 'unknown'})`
        : worker.state,
      `${threads} threads`,
      ...(megavoxelsPerSecond === undefined ? [] : [`${megavoxelsPerSecond.toFixed(1)} Mvoxel/s`]),
      ...(memoryBytes === undefined ? [] : [`${(memoryBytes / 2 ** 20).toFixed(0)} MiB`]),
      `${tilesDone} tiles`,
      ...(working ? [`at ${working.run}${working.case === undefined ? '' : ` case ${working.case}`}`] : []),
      `seen ${ago < 100 ? `${ago.toFixed(0)} s` : `${(ago / 60).toFixed(0)} min`} ago`,
    ].join('  ');
  };
  const order = ['busy', 'idle', 'other-version', 'silent', 'gone'] as const;
  const rank = ({ state }: WorkerStatus) => (state === 'busy' ? order.indexOf('idle') : order.indexOf(state));
  return [...workers].sort((a, b) => rank(a) - rank(b)).map(line);
}
