/** What the dashboard and `voxtally status` see of the runs: live facts from Redis, everything lasting from the folders. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { readResults } from '../../run/read-results.ts';
import type { Monitor } from '../monitor.ts';
import type {
  CasePage,
  FailureReason,
  History,
  PooledSoFar,
  QueueDepth,
  RunStatus,
  WorkerStatus,
} from '../status.ts';
import { Board, statusLetters } from './board.ts';
import { caseStatus, FailureReasons, lettersOf } from './case-statuses.ts';
import { connect, withinMs } from './connection.ts';
import { Fleet } from './fleet.ts';
import { partsOfJobId } from './jobs.ts';
import { KnownRuns } from './known-runs.ts';
import { listWorkers } from './list-workers.ts';
import { openPlaces, type Places } from './places.ts';
import { pooledValues } from './pooled-so-far.ts';
import { openQueues, type Queues } from './queues.ts';
import { isCancelled, readFinished, readPooled, resultsOf } from './run-record.ts';
import { runStatus } from './run-status.ts';
import { RunWatcher } from './watch-runs.ts';

export interface MonitorOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly workRoot: string;
}

/** A monitor that also gives the queues, for bull-board and metrics. */
export interface RedisMonitor extends Monitor {
  readonly queues: readonly Queue[];
  /** Settles when Redis answers. */
  ping(): Promise<unknown>;
  /** As `watch`, at once and at every change, also while the server is away. */
  watchClosely(onChange: (runId: string) => void): RunWatcher;
}

/** Runs listed at most. */
const maxRuns = 200;
/** Whoever watches is told at most this often of changes of a run, closely or not. */
const tellEveryMs = { closely: 10, watched: 1000 };
/** Nobody who watches waits longer for an answer. */
const answerMs = 5000;
const closeMs = 1000;
/** Jobs at work that are looked at: more than all threads of a large site. */
const mostActive = 20_000;
/** Within this time after the end of a run its workers have told all that they did. */
const lateMs = 60_000;
const dayMs = 86_400_000;

export function openMonitor({ redisUrl, prefix, workRoot }: MonitorOptions): RedisMonitor {
  return new FolderAndBoard(redisUrl, prefix, openPlaces(workRoot));
}

/** Cases that are being computed, by run. */
type ActiveCases = ReadonlyMap<string, ReadonlySet<number>>;

class FolderAndBoard implements RedisMonitor {
  readonly #url: string;
  readonly #redis: Redis;
  readonly #queues: Queues;
  readonly #board: Board;
  readonly #fleet: Fleet;
  readonly #places: Places;
  readonly #known: KnownRuns;
  readonly #reasons = new FailureReasons();
  readonly #pooled = new Map<string, { readonly changedAt: number; readonly pooled: PooledSoFar }>();

  constructor(url: string, prefix: string, places: Places) {
    this.#url = url;
    this.#redis = connect(url, { commandTimeoutMs: answerMs });
    this.#queues = openQueues(this.#redis, prefix);
    this.#board = new Board(this.#redis, prefix);
    this.#fleet = new Fleet(this.#redis, prefix);
    this.#places = places;
    this.#known = new KnownRuns(places);
  }

  get queues(): readonly Queue[] {
    return this.#queues.all;
  }

  ping(): Promise<unknown> {
    return this.#redis.ping();
  }

  async runs(): Promise<readonly RunStatus[]> {
    const ids = this.#places.runs().slice(0, maxRuns);
    const active = await this.#active();
    const all = await Promise.all(ids.map((id) => this.#run(id, active)));
    return all
      .filter((status): status is RunStatus => status !== undefined)
      .sort((a, b) => b.createdAt - a.createdAt);
  }

  async run(id: string): Promise<RunStatus | undefined> {
    return this.#run(id, await this.#active());
  }

  async #run(id: string, active: ActiveCases): Promise<RunStatus | undefined> {
    const known = this.#known.open(id);
    if (!known) return undefined;
    const live = await this.#board.read(id);
    const finished = readFinished(known.folder);
    const letters = lettersOf(known, live, finished, active.get(id));
    const job = finished ? undefined : ((await this.#queues.runs.getJob(id)) ?? undefined);
    return runStatus(known, { live, finished, letters, job });
  }

  async cases(id: string, query: Parameters<Monitor['cases']>[1]): Promise<CasePage> {
    const known = this.#known.open(id);
    const { status, page, pageSize } = query;
    if (!known) return { total: 0, page, pageSize, cases: [] };
    const [live, active] = await Promise.all([this.#board.read(id), this.#active()]);
    const letters = lettersOf(known, live, readFinished(known.folder), active.get(id));
    const letter = status === undefined ? undefined : statusLetters[status];
    const fitting = [...known.cases.keys()].filter(
      (index) => letter === undefined || letters[index] === letter,
    );
    const from = Math.max(0, page) * pageSize;
    return {
      total: fitting.length,
      page,
      pageSize,
      cases: fitting.slice(from, from + pageSize).map((index) => caseStatus(known, index, letters[index]!)),
    };
  }

  async pooled(id: string): Promise<PooledSoFar> {
    const known = this.#known.open(id);
    if (!known) return { cases: 0, classes: {} };
    const finished = readFinished(known.folder);
    const results = resultsOf(known.folder);
    if (finished?.state !== 'done' || !results.has('results.json')) {
      return readPooled(known.folder) ?? { cases: 0, classes: {} };
    }
    const changedAt = finished.finishedAt;
    const before = this.#pooled.get(id);
    if (before?.changedAt === changedAt) return before.pooled;
    const { pooled } = readResults(results.pathOf(''));
    const entry = { changedAt, pooled: pooledValues(pooled) };
    this.#pooled.set(id, entry);
    return entry.pooled;
  }

  async reasons(id: string): Promise<readonly FailureReason[]> {
    const known = this.#known.open(id);
    if (!known) return [];
    const letters = lettersOf(known, await this.#board.read(id), readFinished(known.folder));
    return this.#reasons.of(known, letters);
  }

  workers(): Promise<readonly WorkerStatus[]> {
    return listWorkers(this.#fleet, this.#queues.tiles);
  }

  async queueDepths(): Promise<readonly QueueDepth[]> {
    const { runs, cases, tiles } = this.#queues;
    const queues: Record<QueueDepth['queue'], Pick<Queue, 'getJobCounts'>> = { runs, cases, tiles };
    return Promise.all(
      (['runs', 'cases', 'tiles'] as const).map(async (queue): Promise<QueueDepth> => {
        const counts = await queues[queue].getJobCounts();
        const of = (...states: readonly string[]) =>
          states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
        return {
          queue,
          waiting: of('waiting', 'prioritized', 'paused'),
          active: of('active'),
          children: of('waiting-children'),
          delayed: of('delayed'),
          failed: of('failed'),
        };
      }),
    );
  }

  async history(id?: string): Promise<History> {
    if (id === undefined) return this.#board.history(undefined, Date.now() - dayMs);
    const known = this.#known.open(id);
    if (!known) return this.#board.history(id, Date.now());
    const { folder, record } = known;
    const finished = readFinished(folder);
    // Workers tell what they did last when the run has ended, which may be in the next minute.
    const end = finished && Math.min(finished.finishedAt + lateMs, Date.now());
    const history = await this.#board.history(id, record.createdAt, end);
    // Redis forgets.
    const voxels = (of: History) => of.voxels.reduce((sum, count) => sum + count, 0);
    if (finished?.history && voxels(finished.history) > voxels(history)) return finished.history;
    return finished || isCancelled(folder) ? untilLast(history) : history;
  }

  async watch(onChange: (runId: string) => void): Promise<() => Promise<void>> {
    const watcher = this.#watcher(tellEveryMs.watched, onChange);
    await watcher.ready;
    return async () => watcher.stop();
  }

  watchClosely(onChange: (runId: string) => void): RunWatcher {
    return this.#watcher(tellEveryMs.closely, onChange);
  }

  #watcher(everyMs: number, onChange: (runId: string) => void): RunWatcher {
    return new RunWatcher({
      url: this.#url,
      channel: this.#board.channel,
      tellEveryMs: everyMs,
      onChange,
    });
  }

  async close(): Promise<void> {
    await withinMs(closeMs, this.#queues.close()).catch(() => {});
    this.#redis.disconnect();
  }

  /** The cases of each run that are being computed: those whose job, or a job of whose tiles, some worker has taken. */
  async #active(): Promise<ActiveCases> {
    const queues = [this.#queues.cases, this.#queues.tiles];
    const ids = await Promise.all(queues.map((queue) => queue.getRanges(['active'], 0, mostActive - 1)));
    const active = new Map<string, Set<number>>();
    for (const { run, case: index } of ids.flat().map(partsOfJobId)) {
      if (index !== undefined) active.set(run, (active.get(run) ?? new Set()).add(index));
    }
    return active;
  }
}

/** Without the intervals after the last in which something was done. */
function untilLast({ startedAt, stepSeconds, ...lists }: History): History {
  const last = Math.max(0, ...Object.values(lists).map((list) => list.findLastIndex((value) => value > 0)));
  const cut = (list: readonly number[]) => list.slice(0, last + 1);
  const { voxels, cases, failures, stalls } = lists;
  return {
    ...{ startedAt, stepSeconds, voxels: cut(voxels), cases: cut(cases) },
    ...{ failures: cut(failures), stalls: cut(stalls) },
  };
}
