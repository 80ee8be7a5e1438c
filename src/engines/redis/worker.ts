/**
 * A worker of the Redis engine: takes planners, cases and tiles from the queues. This thread only talks to Redis and
 * renews locks; all that needs a processor is done in the threads of a pool.
 */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, type Job, type Processor, QueueEvents, Worker } from 'bullmq';
import type { Logger } from 'pino';
import { BufferBudget } from '../../base/buffer-budget.ts';
import { DataRoots } from '../../run/data-roots.ts';
import { ThreadPool } from '../../threads/thread-pool.ts';
import { Board } from './board.ts';
import { processCase } from './case-processor.ts';
import { connect } from './connection.ts';
import { type CaseJob, type MergeJob, partsOfJobId, type RunJob, type TileJob } from './jobs.ts';
import { processMerge } from './merge-jobs.ts';
import { OpenRuns } from './open-run.ts';
import type { Places } from './places.ts';
import { Quarantine, suspectStalls } from './quarantine.ts';
import { openQueues, queueNames } from './queues.ts';
import { endFailed, processRun } from './run-coordinator.ts';
import { processTiles } from './tile-processor.ts';
import { defaultTiming, maxPlannerStalls, plannerAttempts, type Timing } from './timing.ts';
import { WorkCounter } from './work-done.ts';
import type { WorkerContext } from './worker-context.ts';

/** Runs that a worker looks after at once. Planning waits most of the time. */
const maxPlanners = 64;
/** What handing jobs back may take. */
const handBackMs = 5000;

export interface WorkerRequest {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly places: Places;
  /** Volumes are read below these folders only. */
  readonly dataRoots: readonly string[];
  readonly threads: number;
  readonly log: Logger;
  readonly timing?: Partial<Timing>;
}

export interface QueueWorker {
  readonly id: string;
  /** Takes nothing more, finishes what it has within `graceMs`, and hands back what is left. */
  stop(graceMs: number): Promise<void>;
}

export async function startWorker(request: WorkerRequest): Promise<QueueWorker> {
  const { redisUrl, prefix, log, threads } = request;
  const timing: Timing = { ...defaultTiming, ...request.timing };
  const dataRoots = new DataRoots(request.dataRoots);
  const id = `worker-${randomBytes(4).toString('hex')}`;
  const report = (error: Error) => log.warn({ error: error.message }, 'queue');
  const redis = connect(redisUrl, report);
  const queues = openQueues(redis, prefix);
  const board = new Board(redis, prefix);
  const pool = new ThreadPool(threads, request.dataRoots);
  const buffers = new BufferBudget(2 * threads + 2);
  const drain = new AbortController();
  const handBack = new AbortController();
  for (const { signal } of [drain, handBack]) setMaxListeners(0, signal);

  const listeners = new Map<string, Set<(caseIndex: number) => void>>();
  const events = new QueueEvents(queueNames.cases, { connection: redis, prefix });
  const caseEnded = ({ jobId }: { jobId: string }) => {
    const { run, case: index } = partsOfJobId(jobId);
    for (const listener of listeners.get(run) ?? []) listener(index ?? -1);
  };
  events.on('completed', caseEnded);
  events.on('failed', caseEnded);
  events.on('error', report);

  let tilesDone = 0;
  const work = new WorkCounter((run, done) => {
    board.addWork(run, done).catch(() => {});
  });
  const context: WorkerContext = {
    queues,
    board,
    runs: new OpenRuns(request.places, pool, buffers, dataRoots),
    timing,
    threads,
    log,
    draining: drain.signal,
    handBack: handBack.signal,
    onCaseEnd(run, callback) {
      const callbacks = listeners.get(run) ?? new Set();
      listeners.set(run, callbacks.add(callback));
      return () => {
        callbacks.delete(callback);
        if (callbacks.size === 0) listeners.delete(run);
      };
    },
    workDone(run, done) {
      tilesDone += done.tiles;
      work.add(run.id, done);
    },
  };

  const workers: Worker[] = [];
  const quarantine = new Quarantine();
  let active = 0;
  const serve = <T>(name: string, concurrency: number, maxStalledCount: number, processor: Processor<T>) => {
    const worker = new Worker<T>(
      name,
      // Three parameters, or BullMQ gives no signal.
      async (job, token, signal) => {
        const mayRunBesides = name === queueNames.runs;
        if (!mayRunBesides && quarantine.isClosed) {
          await job.moveToDelayed(Date.now() + timing.lockMs / 4, token!);
          throw new DelayedError();
        }
        active++;
        if (signal) setMaxListeners(0, signal);
        const work = async () => processor(job, token, signal);
        const alone = job.stalledCounter >= suspectStalls;
        return (mayRunBesides ? work() : quarantine.run(alone, work)).finally(() => active--);
      },
      {
        connection: redis,
        prefix,
        name: id,
        concurrency,
        maxStalledCount,
        lockDuration: timing.lockMs,
        stalledInterval: timing.stalledMs,
        runRetryDelay: timing.reconnectMs,
        drainDelay: 5,
        metrics: { maxDataPoints: 120 },
        settings: {
          backoffStrategy: (attempt) =>
            Math.min(timing.maxBackoffMs, timing.backoffMs * 2 ** Math.max(0, attempt - 1)),
        },
      },
    );
    worker.on('error', report);
    worker.on('lockRenewalFailed', (jobIds) => {
      for (const jobId of jobIds) worker.cancelJob(jobId, 'lock lost');
    });
    worker.on('stalled', (jobId) => {
      log.warn({ queue: name, job: jobId }, 'stalled');
      board.count(partsOfJobId(jobId).run, 'stalls').catch(() => {});
    });
    worker.on('failed', (job) => {
      if (job?.id === undefined || job.finishedOn !== undefined) return;
      board.count(partsOfJobId(job.id).run, 'retries').catch(() => {});
    });
    workers.push(worker as unknown as Worker);
    return worker;
  };
  const lanes = threads + 1;
  const planners = serve<RunJob>(queueNames.runs, maxPlanners, maxPlannerStalls, (job, token, signal) =>
    processRun(context, pool, job, token!, signal!),
  );
  planners.on('failed', (job, error) => {
    // A planner that lost its last worker has nobody else to say so.
    if (job?.finishedOn === undefined || job.attemptsMade >= plannerAttempts) return;
    try {
      endFailed(context, context.runs.get(job.id!), error.message).catch(report);
    } catch (fault) {
      report(fault as Error);
    }
  });
  serve<CaseJob>(queueNames.cases, lanes, timing.maxStalls, (job, token, signal) =>
    processCase(context, job, token!, signal!),
  );
  serve<TileJob | MergeJob>(queueNames.tiles, lanes, timing.maxStalls, (job, token, signal) =>
    job.name === 'merge'
      ? processMerge(context, job as Job<MergeJob>, token!, signal!)
      : processTiles(context, job as Job<TileJob>, token!, signal!),
  );

  const beat = () =>
    board.heartbeat(id, { threads, lastSeenAt: Date.now(), tilesDone, busy: active > 0 }).catch(() => {});
  const heart = setInterval(beat, timing.heartbeatMs);
  await Promise.all([events.waitUntilReady(), ...workers.map((worker) => worker.waitUntilReady())]);
  await beat();
  log.info({ worker: id, threads }, 'worker ready');

  return {
    id,
    async stop(graceMs) {
      log.info({ worker: id, graceMs }, 'draining');
      drain.abort(new Error('draining'));
      const timer = setTimeout(() => handBack.abort(new Error('handed back')), graceMs);
      // Closing waits for the jobs at hand; without Redis it would wait for ever.
      const closed = Promise.allSettled(workers.map((worker) => worker.close()));
      await Promise.race([closed, delay(graceMs + handBackMs, undefined, { ref: false })]);
      clearTimeout(timer);
      clearInterval(heart);
      work.flush();
      if (redis.status === 'ready') await board.leave(id).catch(() => {});
      await pool.close();
      const left = Promise.allSettled([events.close(), queues.close()]);
      await Promise.race([left, delay(handBackMs, undefined, { ref: false })]);
      redis.disconnect();
      log.info({ worker: id }, 'stopped');
    },
  };
}
