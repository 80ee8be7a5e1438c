/** What the dashboard and `voxtally status` see of the runs: live facts from Redis, everything lasting from the folders. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { VoxtallyError } from '../../base/errors.ts';
import type { ManifestCase } from '../../cases/types.ts';
import { storedOutcome } from '../../run/case-outcome.ts';
import { readResults } from '../../run/read-results.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import { isLongSilent, isOverdue, type Monitor, workerState } from '../monitor.ts';
import type {
  CasePage,
  CaseStatus,
  FailureReason,
  History,
  PooledSoFar,
  QueueDepth,
  RunState,
  RunStatus,
  WorkerStatus,
} from '../status.ts';
import { Board, isOfThisVersion, type LiveRun, type StatusName, statusLetters } from './board.ts';
import { connect, withinMs } from './connection.ts';
import { secondsLeft } from './eta.ts';
import { isRunId, partsOfJobId } from './jobs.ts';
import { SharedFolders } from './places.ts';
import { pooledValues } from './pooled-so-far.ts';
import { queueVersion } from './queue-version.ts';
import { openQueues, type Queues } from './queues.ts';
import {
  type Finished,
  findRequest,
  isCancelled,
  type RunRecord,
  readFinished,
  readPooled,
  readRecord,
  resultsOf,
} from './run-record.ts';

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
}

/** Changes are told at most this often for a run. */
const tellEveryMs = 1000;
/** Runs listed at most. */
const maxRuns = 200;
/** Nobody who watches waits longer for an answer. */
const answerMs = 5000;
/** A connection that only listens would not notice that it is dead: it asks so often. */
const pingMs = 15_000;
const closeMs = 1000;
/** Jobs at work that are looked at: more than all threads of a large site. */
const mostActive = 20_000;
/** Within this time after the end of a run its workers have told all that they did. */
const lateMs = 60_000;
const dayMs = 86_400_000;

export function openMonitor({ redisUrl, prefix, workRoot }: MonitorOptions): RedisMonitor {
  return new FolderAndBoard(redisUrl, prefix, new SharedFolders(workRoot));
}

/** Cases that are being computed, by run. */
type ActiveCases = ReadonlyMap<string, ReadonlySet<number>>;

/** The lasting facts of a run, read once. */
interface Known {
  readonly id: string;
  readonly folder: RunFolder;
  readonly record: RunRecord;
  readonly cases: readonly ManifestCase[];
}

class FolderAndBoard implements RedisMonitor {
  readonly #url: string;
  readonly #redis: Redis;
  readonly #queues: Queues;
  readonly #board: Board;
  readonly #places: SharedFolders;
  readonly #known = new Map<string, Known>();
  /** Codes of cases without a score, by run. */
  readonly #codes = new Map<string, Map<number, string>>();
  readonly #pooled = new Map<string, { readonly changedAt: number; readonly pooled: PooledSoFar }>();

  constructor(url: string, prefix: string, places: SharedFolders) {
    this.#url = url;
    this.#redis = connect(url, { commandTimeoutMs: answerMs });
    this.#queues = openQueues(this.#redis, prefix);
    this.#board = new Board(this.#redis, prefix);
    this.#places = places;
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
    const known = this.#open(id);
    if (!known) return undefined;
    const { folder, record, cases } = known;
    const live = await this.#board.read(id);
    const finished = readFinished(folder);
    const statuses = this.#statuses(known, live, finished, active);
    const count = (name: StatusName) => statuses.split(statusLetters[name]).length - 1;
    const numbers = { ...finished?.live, ...live?.numbers };
    const done = count('ok') + count('failed') + count('incomplete');
    const seconds = (Date.now() - record.createdAt) / 1000;
    // It may have been given another priority, or to another queue; what else is in the record stays as it was written.
    const request = finished ? record : (findRequest(folder) ?? record);
    const isElsewhere = request.queue !== queueVersion && !finished && !isCancelled(folder);
    const job = finished ? undefined : ((await this.#queues.runs.getJob(id)) ?? undefined);
    const hasJob = job !== undefined && job.finishedOn === undefined;
    const state = isElsewhere ? 'running' : stateOf(folder, live, finished, hasJob);
    const going = state === 'planning' || state === 'running';
    const etaSeconds = going && live ? secondsLeft(live, done, cases.length, Date.now()) : undefined;
    return {
      id,
      ...(record.config.name && { name: record.config.name }),
      ...(record.startedBy !== undefined && { startedBy: record.startedBy }),
      state,
      createdAt: record.createdAt,
      ...(finished ? { finishedAt: finished.finishedAt } : {}),
      priority: request.priority,
      cases: {
        total: cases.length,
        ok: count('ok'),
        failed: count('failed'),
        incomplete: count('incomplete'),
        inFlight: count('in-flight'),
      },
      tilesDone: numbers.tilesDone ?? 0,
      tilesTotal: numbers.tilesTotal ?? 0,
      voxelsDone: numbers.voxelsDone ?? 0,
      bytesRead: numbers.bytesRead ?? 0,
      megavoxelsPerSecond: going ? (live?.recentVoxels ?? 0) / 1e6 / Math.max(1, Math.min(60, seconds)) : 0,
      ...(etaSeconds === undefined ? {} : { etaSeconds }),
      ...(live ? { tileTimes: live.tileTimes } : {}),
      retries: numbers.retries ?? 0,
      stalls: numbers.stalls ?? 0,
      ...((going || state === 'reducing') && live?.waitsFor ? { waitsFor: live.waitsFor } : {}),
      ...(isElsewhere ? { waitsFor: 'queue-version' } : {}),
      ...endedBy(state, finished?.reason ?? job?.failedReason),
    };
  }

  async cases(id: string, query: Parameters<Monitor['cases']>[1]): Promise<CasePage> {
    const known = this.#open(id);
    const { status, page, pageSize } = query;
    if (!known) return { total: 0, page, pageSize, cases: [] };
    const [live, active] = await Promise.all([this.#board.read(id), this.#active()]);
    const statuses = this.#statuses(known, live, readFinished(known.folder), active);
    const letter = status === undefined ? undefined : statusLetters[status];
    const fitting = [...known.cases.keys()].filter(
      (index) => letter === undefined || statuses[index] === letter,
    );
    const from = Math.max(0, page) * pageSize;
    return {
      total: fitting.length,
      page,
      pageSize,
      cases: fitting.slice(from, from + pageSize).map((index) => this.#case(known, index, statuses[index]!)),
    };
  }

  async pooled(id: string): Promise<PooledSoFar> {
    const known = this.#open(id);
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
    const known = this.#open(id);
    if (!known) return [];
    const statuses = this.#statuses(known, await this.#board.read(id), readFinished(known.folder));
    const failing = [...statuses].flatMap((letter, index) =>
      letter === statusLetters.failed || letter === statusLetters.incomplete ? [index] : [],
    );
    const codes = this.#codes.get(id) ?? new Map<number, string>();
    const isFailing = new Set(failing);
    for (const index of codes.keys()) if (!isFailing.has(index)) codes.delete(index);
    this.#codes.set(id, codes);
    for (const [at, index] of failing.entries()) {
      if (codes.has(index)) continue;
      codes.set(index, this.#case(known, index, statuses[index]!).error?.code ?? 'unknown');
      // Thousands of records: others are served in between.
      if (at % 200 === 199) await new Promise((done) => setImmediate(done));
    }
    return groupReasons(failing, codes, (index) => this.#case(known, index, statuses[index]!));
  }

  async workers(): Promise<readonly WorkerStatus[]> {
    const workers = [...(await this.#board.rememberedWorkers())];
    const now = Date.now();
    const connected = workers.some(([, facts]) => isOfThisVersion(facts) && isOverdue(facts, now))
      ? await this.#connected()
      : undefined;
    return workers
      .flatMap(([id, entry]): WorkerStatus[] => {
        if (!isOfThisVersion(entry)) {
          const { version: _, ...facts } = entry;
          // Redis tells of the connections to this version's queues only.
          return isLongSilent(facts, now) ? [] : [{ id, state: 'other-version', ...facts }];
        }
        const { busy, threadBytes: _, version: _own, ...facts } = entry;
        return [{ id, state: workerState({ busy, ...facts }, connected?.has(id), now), ...facts }];
      })
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
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
    const known = this.#open(id);
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
    const listener = connect(this.#url);
    const timers = new Map<string, NodeJS.Timeout>();
    listener.on('message', (_channel: string, run: string) => {
      if (timers.has(run) || !isRunId(run)) return;
      onChange(run);
      // What changes in the meantime is told when the time is over.
      let again = false;
      const note = (_: string, other: string) => {
        again ||= other === run;
      };
      listener.on('message', note);
      timers.set(
        run,
        setTimeout(() => {
          listener.off('message', note);
          timers.delete(run);
          if (again) listener.emit('message', '', run);
        }, tellEveryMs),
      );
    });
    await listener.subscribe(this.#board.channel);
    const pulse = setInterval(() => listener.ping().catch(() => {}), pingMs);
    return async () => {
      clearInterval(pulse);
      for (const timer of timers.values()) clearTimeout(timer);
      listener.removeAllListeners('message');
      listener.disconnect();
    };
  }

  async close(): Promise<void> {
    await withinMs(closeMs, this.#queues.close()).catch(() => {});
    this.#redis.disconnect();
  }

  #open(id: string): Known | undefined {
    if (!isRunId(id)) return undefined;
    const known = this.#known.get(id);
    if (known && known.folder.store.has(known.folder.settings)) return known;
    this.#known.delete(id);
    try {
      const folder = this.#places.folder(id);
      const opened = { id, folder, record: readRecord(folder), cases: folder.readCases() };
      this.#known.set(id, opened);
      return opened;
    } catch (error) {
      // A run that is being made, or was removed.
      if (error instanceof VoxtallyError) return undefined;
      throw error;
    }
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

  /** Ids of the workers that Redis has connections of; undefined where it does not tell. */
  async #connected(): Promise<ReadonlySet<string> | undefined> {
    const clients = await this.#queues.tiles.getWorkers().catch(() => undefined);
    const names = clients?.map(({ rawname }) => rawname);
    if (!names || names.some((name) => name === undefined)) return undefined;
    return new Set(names.map((name) => name!.slice(name!.lastIndexOf(':') + 1)));
  }

  #statuses(
    known: Known,
    live: LiveRun | undefined,
    finished: Finished | undefined,
    active: ActiveCases = new Map(),
  ): string {
    if (finished?.state === 'done' && finished.statuses.length === known.cases.length)
      return finished.statuses;
    const { id, folder, cases } = known;
    const told = live?.statuses ?? '';
    const letters =
      told.length === cases.length
        ? [...told.replaceAll(statusLetters['in-flight'], statusLetters.waiting)]
        : // Redis was wiped, or nobody has begun.
          cases.map((_, index) => statusLetters[storedOutcome(folder, index)?.status ?? 'waiting']);
    for (const index of active.get(id) ?? []) {
      if (letters[index] === statusLetters.waiting) letters[index] = statusLetters['in-flight'];
    }
    return letters.join('');
  }

  #case({ folder, cases }: Known, index: number, letter: string): CaseStatus {
    const status = (Object.entries(statusLetters).find(([, value]) => value === letter)?.[0] ??
      'waiting') as StatusName;
    const common = { index, name: cases[index]!.id, status };
    if (status !== 'failed' && status !== 'incomplete') return common;
    const outcome = storedOutcome(folder, index);
    if (!outcome || outcome.status === 'ok') return common;
    const { code, message } = outcome.error;
    // Who lists cases has said which one it is.
    const prefix = `case ${common.name}: `;
    return {
      ...common,
      error: { code, message: message.startsWith(prefix) ? message.slice(prefix.length) : message },
    };
  }
}

/** The commonest reason first; of equal ones that of the first case. */
function groupReasons(
  failing: readonly number[],
  codes: ReadonlyMap<number, string>,
  caseAt: (index: number) => CaseStatus,
): FailureReason[] {
  const byCode = new Map<string, number[]>();
  for (const index of failing) {
    const code = codes.get(index) ?? 'unknown';
    const indices = byCode.get(code);
    if (indices) indices.push(index);
    else byCode.set(code, [index]);
  }
  return [...byCode]
    .map(([code, indices]): FailureReason => {
      const { index, name, error } = caseAt(indices[0]!);
      const message = error?.message ?? 'no reason is known';
      return { code, cases: indices.length, example: { index, name, message } };
    })
    .sort((a, b) => b.cases - a.cases);
}

/** Why a run has failed, where that is known. */
function endedBy(state: RunState, reason: string | undefined): Pick<RunStatus, 'endedBy'> {
  return state === 'failed' && reason ? { endedBy: reason } : {};
}

function nameOf({ id, host = '' }: Pick<WorkerStatus, 'id' | 'host'>): string {
  return `${host} ${id}`;
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

function stateOf(
  folder: RunFolder,
  live: LiveRun | undefined,
  finished: Finished | undefined,
  hasJob: boolean,
): RunState {
  if (finished) return finished.state;
  if (isCancelled(folder)) return 'cancelled';
  // Without a job nothing goes on: Redis was wiped, and `score --resume` has to bring the run back.
  if (!hasJob) return 'failed';
  return live?.state === undefined || live.state === 'cancelled' || live.state === 'failed'
    ? 'planning'
    : live.state === 'done'
      ? 'reducing'
      : live.state;
}
