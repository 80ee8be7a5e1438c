/**
 * A worker of the Redis engine: takes planners, cases and tiles from the queues. This thread only talks to Redis and
 * renews locks; all that needs a processor is done in the threads of a pool.
 */
import { randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, type Job, type Processor, QueueEvents, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { BufferBudget } from '../../base/buffer-budget.ts';
import { DataRoots } from '../../run/data-roots.ts';
import { ThreadPool } from '../../threads/thread-pool.ts';
import { Board } from './board.ts';
import { processCase } from './case-processor.ts';
import { Connections, placeOf, withinMs } from './connection.ts';
import { Fleet, type WorkerFacts } from './fleet.ts';
import {
  type CaseJob,
  isRunId,
  type MergeJob,
  partsOfJobId,
  RefusedJob,
  type RunJob,
  type TileJob,
} from './jobs.ts';
import { processMerge } from './merge-jobs.ts';
import { OpenRuns } from './open-run.ts';
import { OtherVersions } from './other-versions.ts';
import type { Places } from './places.ts';
import { Quarantine, suspectStalls } from './quarantine.ts';
import { versionedPrefix } from './queue-version.ts';
import { openQueues, queueNames } from './queues.ts';
import { RecentSpeed } from './recent-speed.ts';
import { redisFault } from './redis-faults.ts';
import { endFailed, processRun } from './run-coordinator.ts';
import { TileEnds } from './tile-ends.ts';
import { processTiles } from './tile-processor.ts';
import { defaultTiming, maxPlannerStalls, plannerAttempts, type Timing } from './timing.ts';
import { WorkCounter } from './work-done.ts';
import type { WorkerContext } from './worker-context.ts';

/** Runs that a worker looks after at once. Planning waits most of the time. */
const maxPlanners = 64;
/** What handing jobs back may take, and each of the farewells after it. */
const handBackMs = 4000;
const farewellMs = 1000;
/** While it stops, a worker asks so often whether Redis is there, and gives it so long to answer. */
const askEveryMs = 500;
const answerMs = 2000;
/** A worker that is not ready after so long ends. */
const startMs = 30_000;

export interface WorkerRequest {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly places: Places;
  /** Volumes are read below these folders only. */
  readonly dataRoots: readonly string[];
  readonly threads: number;
  /** What each thread may take for a tile. */
  readonly threadBytes: number;
  readonly log: Logger;
  readonly timing?: Partial<Timing>;
}

export interface QueueWorker {
  readonly id: string;
  /**
   * Takes nothing more, finishes what it has within `graceMs`, and hands back what is left. Without Redis nothing can be
   * handed back: it ends within 10 s, and others find its jobs by their locks.
   */
  stop(graceMs: number): Promise<void>;
}

export async function startWorker(request: WorkerRequest): Promise<QueueWorker> {
  const { redisUrl, prefix, log, threads } = request;
  const timing: Timing = { ...defaultTiming, ...request.timing };
  const dataRoots = new DataRoots(request.dataRoots);
  dataRoots.guard();
  const id = `worker-${randomBytes(4).toString('hex')}`;
  const report = reporter(log);
  const connections = new Connections(redisUrl, report);
  const { redis } = connections;
  const queues = openQueues(redis, prefix);
  const onBroken = (key: string) => log.warn({ key }, 'a broken entry was dropped');
  const board = new Board(redis, prefix, onBroken);
  const fleet = new Fleet(redis, prefix, onBroken);
  const pool = new ThreadPool(threads, request.dataRoots);
  const buffers = new BufferBudget(2 * threads + 2);
  const drain = new AbortController();
  const handBack = new AbortController();
  for (const { signal } of [drain, handBack]) setMaxListeners(0, signal);

  const listeners = new Map<string, Set<(caseIndex: number) => void>>();
  const events = new QueueEvents(queueNames.cases, { connection: redis, prefix: versionedPrefix(prefix) });
  const caseEnded = ({ jobId }: { jobId: string }) => {
    const { run, case: index } = partsOfJobId(jobId);
    for (const listener of listeners.get(run) ?? []) listener(index ?? -1);
  };
  events.on('completed', caseEnded);
  events.on('failed', caseEnded);
  events.on('error', report);

  // Cases are planned for the smallest of the workers, since any of them may score their tiles.
  let leastThreadBytes = request.threadBytes;
  let tilesDone = 0;
  const speed = new RecentSpeed();
  const work = new WorkCounter((run, done) => {
    board.addWork(run, done).catch(() => {});
  });
  const context: WorkerContext = {
    id,
    queues,
    board,
    fleet,
    runs: new OpenRuns(request.places, pool, buffers, () => leastThreadBytes, dataRoots),
    timing,
    threads,
    log,
    draining: drain.signal,
    handBack: handBack.signal,
    tileEnds: new TileEnds(redis, queues.tiles, report),
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
      speed.add(done.voxels);
      work.add(run.id, done);
    },
  };

  const workers: Pick<Worker, 'close' | 'waitUntilReady'>[] = [];
  const quarantine = new Quarantine();
  /** Jobs at hand: what the worker says that it works at. */
  const active = new Set<string>();
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
        if (job.id !== undefined) active.add(job.id);
        if (signal) setMaxListeners(0, signal);
        const work = async () => processor(job, token, signal);
        const alone = job.stalledCounter >= suspectStalls;
        return (mayRunBesides ? work() : quarantine.run(alone, work)).finally(() => active.delete(job.id!));
      },
      {
        connection: redis,
        prefix: versionedPrefix(prefix),
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
    worker.on('failed', (job, error) => {
      if (error instanceof RefusedJob) log.warn({ queue: name }, `a job was refused: ${error.reason}`);
      if (job?.id === undefined || job.finishedOn !== undefined) return;
      board.count(partsOfJobId(job.id).run, 'retries').catch(() => {});
    });
    workers.push(worker);
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
      endFailed(context, context.runs.current(job.id!), error.message).catch(report);
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

  const versions = new OtherVersions(redis, prefix, fleet, log);
  const beat = async () => {
    // What cannot be sent now would be sent, out of date, when the server is back.
    if (redis.status !== 'ready') return;
    const { threadBytes } = request;
    const facts = {
      ...{ threads, threadBytes, lastSeenAt: Date.now(), tilesDone, busy: isComputing(active) },
      ...{ host: hostname(), processId: process.pid, memoryBytes: process.memoryUsage.rss() },
      megavoxelsPerSecond: speed.perSecond() / 1e6,
      threadSeconds: pool.seconds(),
      ...workingAt(active),
    };
    await fleet.heartbeat(id, facts).catch(() => {});
    await versions.look();
    const workers = await fleet.workers().catch(() => new Map<string, WorkerFacts>());
    leastThreadBytes = Math.min(threadBytes, ...[...workers.values()].map((other) => other.threadBytes));
  };
  const heart = setInterval(beat, timing.heartbeatMs);

  /** Ends all that is left of this worker, at once. */
  const dismantle = async () => {
    clearInterval(heart);
    connections.close();
    await pool.close();
  };

  const stop = async (graceMs: number) => {
    log.info({ worker: id, graceMs }, 'draining');
    drain.abort(new Error('draining'));
    const letGo = once(handBack.signal, 'abort').then(() => delay(handBackMs, undefined, { ref: false }));
    const timer = setTimeout(() => handBack.abort(new Error('handed back')), graceMs);
    const closed = Promise.allSettled(workers.map((worker) => worker.close()));
    const ended = new AbortController();
    const isLost = untilSilent(redis, ended.signal).then((silent) => {
      if (!silent) return;
      log.warn({ worker: id }, 'Redis is away: jobs are left to be found by their locks');
      handBack.abort(new Error('handed back'));
    });
    // Closing waits for the jobs at hand and for Redis; without it that would be for ever.
    await Promise.race([closed, letGo]);
    ended.abort();
    clearTimeout(timer);
    await isLost;
    work.flush();
    await withinMs(farewellMs, fleet.leave(id)).catch(() => {});
    const left = Promise.allSettled([events.close(), queues.close()]);
    await withinMs(farewellMs, left).catch(() => {});
    await dismantle();
    log.info({ worker: id, threadSeconds: pool.seconds() }, 'stopped');
  };

  try {
    const ready = [events.waitUntilReady(), ...workers.map((worker) => worker.waitUntilReady())];
    await withinMs(startMs, Promise.all(ready));
    await beat();
  } catch (error) {
    // A worker that is up but serves nothing would be seen by no restart policy.
    for (const worker of workers) worker.close(true).catch(() => {});
    await dismantle();
    throw redisFault(error, placeOf(redisUrl)) ?? error;
  }
  log.info({ worker: id, threads }, 'worker ready');
  return { id, stop };
}

/** Whether any job at hand is more than that of a run, which waits for others. */
function isComputing(jobs: ReadonlySet<string>): boolean {
  return [...jobs].some((id) => !isRunId(id));
}

/** The case, or else the run, of the job that was taken first. */
function workingAt(jobs: ReadonlySet<string>): Pick<WorkerFacts, 'working'> {
  const parts = [...jobs].map(partsOfJobId);
  const first = parts.find((each) => each.case !== undefined) ?? parts[0];
  if (!first) return {};
  return {
    working: { run: first.run, ...(first.case !== undefined && { case: first.case }) },
  };
}

/** Waits until Redis does not answer any more. @returns false when `ended` came first */
async function untilSilent(redis: Redis, ended: AbortSignal): Promise<boolean> {
  while (!ended.aborted) {
    const answers = await withinMs(answerMs, redis.ping()).then(
      () => true,
      () => false,
    );
    if (!answers) return !ended.aborted;
    await delay(askEveryMs, undefined, { signal: ended }).catch(() => {});
  }
  return false;
}

/** Logs faults of the queue: one that comes again and again, at most every ten seconds, with how often. */
function reporter(log: Logger): (error: Error) => void {
  const quietMs = 10_000;
  const seen = new Map<string, { at: number; unsaid: number }>();
  return ({ message }) => {
    const before = seen.get(message);
    const now = Date.now();
    if (before && now - before.at < quietMs) {
      before.unsaid++;
      return;
    }
    if (seen.size > 100) seen.clear();
    seen.set(message, { at: now, unsaid: 0 });
    log.warn({ error: message, ...(before?.unsaid ? { times: before.unsaid + 1 } : {}) }, 'queue');
  };
}
