import { Hono } from 'hono';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Monitor } from '../../engines/monitor.ts';
import { type RunStatus, tileSecondsBounds } from '../../engines/status.ts';
import { type CountedQueue, countQueues } from './queue-counts.ts';
import { isOver } from './run-parts.ts';

/** Runs that have series of their own: the newest. Older ones have ended and are dropped. */
const runsMeasured = 100;

/**
 * `GET /metrics`: counts of runs, cases, tiles, bytes, workers and queues for Prometheus. Labels are run ids,
 * worker ids, queue names and states; nothing names a case or a file. Totals come from Redis, so they survive a restart of the dashboard.
 */
export function metricsRoutes(monitor: Monitor, queues: readonly CountedQueue[]): Hono {
  const routes = new Hono();
  routes.get('/metrics', async (context) => {
    const [runs, workers, counts] = await Promise.all([
      monitor.runs(),
      monitor.workers(),
      countQueues(queues),
    ]);
    // A registry a scrape: two at the same time cannot mix, and runs that are gone leave no series.
    const registry = new Registry();
    const gauge = (name: string, help: string, ...labelNames: string[]) =>
      new Gauge({ name: `voxtally_${name}`, help, labelNames, registers: [registry] });
    const counter = (name: string, help: string, ...labelNames: string[]) =>
      new Counter({ name: `voxtally_${name}`, help, labelNames, registers: [registry] });

    const cases = gauge('cases', 'Cases of a run by status.', 'run', 'status');
    const rate = gauge('megavoxels_per_second', 'Scored over the last minute.', 'run');
    const over = gauge('run_active', '1 while the run goes on.', 'run');
    const totals = (
      [
        ['tiles_total', 'Tiles scored.', 'tilesDone'],
        ['voxels_total', 'Voxels scored.', 'voxelsDone'],
        ['read_bytes_total', 'Bytes read of the volumes.', 'bytesRead'],
        ['retries_total', 'Jobs tried again after a fault of the machine.', 'retries'],
        ['stalls_total', 'Jobs taken from workers that fell silent.', 'stalls'],
      ] as const
    ).map(([name, help, field]) => ({ metric: counter(name, help, 'run'), field }));
    for (const run of runs.slice(0, runsMeasured)) {
      for (const [status, count] of caseCounts(run)) cases.set({ run: run.id, status }, count);
      rate.set({ run: run.id }, run.megavoxelsPerSecond);
      over.set({ run: run.id }, isOver(run) ? 0 : 1);
      for (const { metric, field } of totals) metric.inc({ run: run.id }, run[field]);
    }

    const workerStates = gauge('workers', 'Workers by state.', 'state');
    for (const state of ['busy', 'idle', 'silent', 'gone', 'other-version']) workerStates.set({ state }, 0);
    for (const { state } of workers) workerStates.inc({ state });

    const seconds = counter(
      'thread_seconds_total',
      'What the threads of a worker have spent their time on: computing, or waiting for files or jobs.',
      'worker',
      'doing',
    );
    for (const { id, threadSeconds } of workers) {
      for (const [doing, spent] of Object.entries(threadSeconds ?? {})) {
        seconds.inc({ worker: id, doing }, spent);
      }
    }

    const jobs = gauge('queue_jobs', 'Jobs of a queue by state.', 'queue', 'state');
    const ended = counter('queue_jobs_ended_total', 'Jobs of a queue that have ended.', 'queue', 'outcome');
    for (const { queue, jobs: byState, completed, failed } of counts) {
      for (const [state, count] of Object.entries(byState)) jobs.set({ queue, state }, count);
      ended.inc({ queue, outcome: 'completed' }, completed);
      ended.inc({ queue, outcome: 'failed' }, failed);
    }
    const text = (await registry.metrics()) + tileHistogram(runs.slice(0, runsMeasured));
    return context.body(text, 200, { 'Content-Type': registry.contentType });
  });
  return routes;
}

/** prom-client counts observations itself; these were counted by the workers. */
function tileHistogram(runs: readonly RunStatus[]): string {
  const name = 'voxtally_tile_seconds';
  const lines = runs.flatMap(({ id, tileTimes }) => {
    if (!tileTimes) return [];
    let below = 0;
    const buckets = tileTimes.counts.map((count, at) => {
      below += count;
      return `${name}_bucket{run="${id}",le="${tileSecondsBounds[at] ?? '+Inf'}"} ${below}`;
    });
    return [
      ...buckets,
      `${name}_sum{run="${id}"} ${tileTimes.sumSeconds}`,
      `${name}_count{run="${id}"} ${below}`,
    ];
  });
  if (lines.length === 0) return '';
  return [`# HELP ${name} How long a tile took.`, `# TYPE ${name} histogram`, ...lines, ''].join('\n');
}

function caseCounts({ cases }: RunStatus): readonly (readonly [status: string, count: number])[] {
  const done = cases.ok + cases.failed + cases.incomplete;
  return [
    ['waiting', Math.max(0, cases.total - done - cases.inFlight)],
    ['in-flight', cases.inFlight],
    ['ok', cases.ok],
    ['failed', cases.failed],
    ['incomplete', cases.incomplete],
  ];
}
