/**
 * Live facts for those who watch: counters, a letter a case, workers. They are display only: no result rests on them, they
 * may be off by what was done twice, and they are gone without harm when Redis is wiped. Whoever can write to Redis can
 * write anything there, so nothing is taken for what it should be: entries that cannot be read are dropped and told.
 */
import type { ChainableCommander, Redis } from 'ioredis';
import * as z from 'zod';
import { packageVersion } from '../../base/package-files.ts';
import { type History, type RunState, type TileTimes, tileSecondsBounds } from '../status.ts';
import { countIn, readHistory } from './history.ts';
import { isRunId } from './jobs.ts';
import { queueVersion, versionedPrefix } from './queue-version.ts';
import type { WorkDone } from './work-done.ts';

/** The status of a case as a letter. */
export const statusLetters = {
  waiting: '.',
  'in-flight': 'i',
  ok: 'o',
  failed: 'f',
  incomplete: 'x',
} as const;
export type StatusName = keyof typeof statusLetters;

/** Speed is counted in slots of this many seconds, over this many of them. */
const slotSeconds = 5;
const slots = 12;
/** A worker that was silent for so long counts no more, and is remembered for those who ask in the morning what became of it. */
const forgetMs = 600_000;
const rememberMs = 12 * 3_600_000;
/** Of those at most so many: all who plan read the whole list. */
const mostRemembered = 100;
const numbers = ['tilesDone', 'tilesTotal', 'voxelsDone', 'bytesRead', 'retries', 'stalls'] as const;

export interface LiveRun {
  readonly state: RunState | undefined;
  readonly numbers: Readonly<Record<(typeof numbers)[number], number>>;
  /** Voxels done over the last minute. */
  readonly recentVoxels: number;
  readonly tileTimes: TileTimes;
  /** Milliseconds since 1970 of the first work since the planner began; undefined until then. */
  readonly startedAt: number | undefined;
  /** Cases that were done when the planner began. */
  readonly doneBefore: number;
  readonly statuses: string;
  /** Code of the fault for which the run waits before it is tried again. */
  readonly waitsFor: string | undefined;
}

const count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const timeMs = z.coerce.number().min(0).max(8.64e15);
const runStates = z.enum(['planning', 'running', 'reducing', 'done', 'cancelled', 'failed']);
const faultCode = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);
const workerId = z.string().regex(/^[\w.:-]{1,128}$/);
const threads = z.int().min(0).max(65_536);
/** What workers of all versions are listed by. */
const anyWorker = z.object({
  version: z.int().min(0).default(1),
  /** Version of the program. */
  voxtally: z
    .string()
    .regex(/^[\w.+-]{1,64}$/)
    .exactOptional(),
  lastSeenAt: timeMs,
  threads: threads.default(0),
  tilesDone: z.int().min(0).default(0),
  host: z.string().max(255).exactOptional(),
  processId: z.int().min(0).exactOptional(),
});
export type AnyWorker = z.infer<typeof anyWorker>;
const workerFacts = anyWorker.extend({
  version: z.literal(queueVersion),
  threads,
  /** What each of them may take for a tile. */
  threadBytes: z.number().positive(),
  tilesDone: z.int().min(0),
  busy: z.boolean(),
  memoryBytes: z.number().min(0).exactOptional(),
  megavoxelsPerSecond: z.number().min(0).exactOptional(),
  threadSeconds: z
    .object({ computing: z.number().min(0), files: z.number().min(0), jobs: z.number().min(0) })
    .exactOptional(),
  working: z
    .object({ run: z.string().max(64).refine(isRunId), case: z.int().min(0).exactOptional() })
    .exactOptional(),
});
export type WorkerFacts = z.infer<typeof workerFacts>;

export class Board {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #workers: string;
  readonly #onBroken: (key: string) => void;

  /** `onBroken` is told of entries that could not be read; they are removed. */
  constructor(redis: Redis, prefix: string, onBroken: (key: string) => void = () => {}) {
    this.#redis = redis;
    this.#prefix = `${versionedPrefix(prefix)}:board`;
    this.#workers = `${prefix}:board:workers`;
    this.#onBroken = onBroken;
  }

  /** Where run ids are published when something has changed. */
  get channel(): string {
    return `${this.#prefix}:changed`;
  }

  async setState(run: string, state: RunState): Promise<void> {
    await this.#redis
      .pipeline()
      .hset(this.#key(run), 'state', state)
      .hdel(this.#key(run), 'waitsFor')
      .publish(this.channel, run)
      .exec();
  }

  /** Says for which fault a run waits before it is tried again; the next `setState` takes it back. */
  async setWait(run: string, code: string): Promise<void> {
    await this.#redis.pipeline().hset(this.#key(run), 'waitsFor', code).publish(this.channel, run).exec();
  }

  /** Tells those who watch that something of a run has changed. */
  async tellChanged(run: string): Promise<void> {
    await this.#redis.publish(this.channel, run);
  }

  /** The statuses with which a planner begins. */
  async setStatuses(run: string, statuses: string): Promise<void> {
    await this.#redis
      .pipeline()
      .set(this.#key(run, 'cases'), statuses)
      .hset(this.#key(run), 'doneBefore', statuses.replace(/[.i]/g, '').length)
      .hdel(this.#key(run), 'startedAt')
      .publish(this.channel, run)
      .exec();
  }

  async setStatus(run: string, cases: Iterable<readonly [index: number, status: StatusName]>): Promise<void> {
    const pipeline = this.#redis.pipeline();
    const outcomes = { ok: 0, failures: 0 };
    for (const [index, status] of cases) {
      pipeline.setrange(this.#key(run, 'cases'), index, statusLetters[status]);
      if (status === 'ok') outcomes.ok++;
      else if (status !== 'waiting') outcomes.failures++;
    }
    const histories = this.#histories(run);
    countIn(pipeline, histories, 'cases', outcomes.ok + outcomes.failures);
    countIn(pipeline, histories, 'failures', outcomes.failures);
    await pipeline.publish(this.channel, run).exec();
  }

  async addWork(run: string, done: WorkDone): Promise<void> {
    const slot = Math.floor(Date.now() / 1000 / slotSeconds);
    const pipeline = this.#redis.pipeline();
    for (const [slot, tiles] of done.tileTimes.entries()) {
      if (tiles > 0) pipeline.hincrby(this.#key(run), `tileTime${slot}`, tiles);
    }
    countIn(pipeline, this.#histories(run), 'voxels', done.voxels);
    await pipeline
      .hsetnx(this.#key(run), 'startedAt', Date.now())
      .hincrby(this.#key(run), 'tileMicroseconds', Math.round(1e6 * done.seconds))
      .hincrby(this.#key(run), 'tilesDone', done.tiles)
      .hincrby(this.#key(run), 'voxelsDone', done.voxels)
      .hincrby(this.#key(run), 'bytesRead', done.bytes)
      .hincrby(this.#key(run, `speed:${slot}`), 'voxels', done.voxels)
      .expire(this.#key(run, `speed:${slot}`), slotSeconds * (slots + 2))
      .publish(this.channel, run)
      .exec();
  }

  async count(run: string, what: 'tilesTotal' | 'retries' | 'stalls', by = 1): Promise<void> {
    const pipeline = this.#redis.pipeline().hincrby(this.#key(run), what, by);
    if (what === 'stalls') countIn(pipeline, this.#histories(run), 'stalls', by);
    await pipeline.publish(this.channel, run).exec();
  }

  /** What was done from `fromMs` on, by one run or by all. */
  async history(run: string | undefined, fromMs: number, toMs?: number): Promise<History> {
    const [ofAll, ofRun] = this.#histories(run ?? '') as [string, string];
    return readHistory(this.#redis, run === undefined ? ofAll : ofRun, fromMs, toMs);
  }

  /** What is known of a run; undefined when Redis knows nothing of it. */
  async read(run: string): Promise<LiveRun | undefined> {
    const now = Math.floor(Date.now() / 1000 / slotSeconds);
    const hash = this.#key(run);
    const letters = this.#key(run, 'cases');
    const pipeline = this.#redis.pipeline().hgetall(hash).get(letters);
    for (let back = 0; back < slots; back++) pipeline.hget(this.#key(run, `speed:${now - back}`), 'voxels');
    const [facts, statuses, ...speeds] = await this.#answers(pipeline, [hash, letters]);
    const fields = (facts ?? {}) as Record<string, string>;
    if (Object.keys(fields).length === 0) return undefined;
    const broken: string[] = [];
    /** A field as its schema has it; one that is anything else is removed. */
    const read = <T>(name: string, schema: z.ZodType<T>): T | undefined => {
      if (fields[name] === undefined) return undefined;
      const { data, success } = schema.safeParse(fields[name]);
      if (!success) broken.push(name);
      return data;
    };
    const live: LiveRun = {
      state: read('state', runStates),
      numbers: Object.fromEntries(
        numbers.map((name) => [name, read(name, count) ?? 0]),
      ) as LiveRun['numbers'],
      tileTimes: {
        counts: [...tileSecondsBounds, null].map((_, slot) => read(`tileTime${slot}`, count) ?? 0),
        sumSeconds: (read('tileMicroseconds', count) ?? 0) / 1e6,
      },
      startedAt: read('startedAt', timeMs),
      doneBefore: read('doneBefore', count) ?? 0,
      recentVoxels: speeds.reduce<number>((sum, value) => sum + (count.safeParse(value ?? 0).data ?? 0), 0),
      statuses: typeof statuses === 'string' && /^[.iofx]*$/.test(statuses) ? statuses : '',
      waitsFor: read('waitsFor', faultCode),
    };
    if (broken.length > 0) {
      this.#onBroken(hash);
      await this.#redis.hdel(hash, ...broken);
    }
    return live;
  }

  async heartbeat(worker: string, facts: Omit<WorkerFacts, 'version' | 'voxtally'>): Promise<void> {
    const entry: WorkerFacts = { version: queueVersion, voxtally: packageVersion(), ...facts };
    await this.#redis.hset(this.#workers, worker, JSON.stringify(entry));
  }

  async leave(worker: string): Promise<void> {
    await this.#redis.hdel(this.#workers, worker);
  }

  /** Those of this version that still count. */
  async workers(): Promise<Map<string, WorkerFacts>> {
    const all = [...(await this.#workersWithin(forgetMs))];
    return new Map(all.filter((entry): entry is [string, WorkerFacts] => isOfThisVersion(entry[1])));
  }

  /** All workers that are remembered: those that are gone, and those of other versions, among them. */
  rememberedWorkers(): Promise<Map<string, WorkerFacts | AnyWorker>> {
    return this.#workersWithin(rememberMs);
  }

  async #workersWithin(withinMs: number): Promise<Map<string, WorkerFacts | AnyWorker>> {
    const hash = this.#workers;
    const [all] = await this.#answers(this.#redis.pipeline().hgetall(hash), [hash]);
    const known: (readonly [id: string, facts: WorkerFacts | AnyWorker])[] = [];
    const dropped: string[] = [];
    for (const [id, text] of Object.entries((all ?? {}) as Record<string, string>)) {
      const facts = workerId.safeParse(id).success ? factsOf(text) : undefined;
      if (facts && Date.now() - facts.lastSeenAt < rememberMs) known.push([id, facts]);
      else dropped.push(id);
      if (!facts) this.#onBroken(hash);
    }
    const isWithin = (ms: number) => (entry: (typeof known)[number]) => Date.now() - entry[1].lastSeenAt < ms;
    const past = known
      .filter((entry) => !isWithin(forgetMs)(entry))
      .sort(([, a], [, b]) => b.lastSeenAt - a.lastSeenAt);
    dropped.push(...past.slice(mostRemembered).map(([id]) => id));
    if (dropped.length > 0) await this.#redis.hdel(hash, ...dropped);
    return new Map(known.filter(isWithin(withinMs)).filter(([id]) => !dropped.includes(id)));
  }

  /** The answers of a pipeline; of a key that holds something else there is none, and the key is removed. */
  async #answers(pipeline: ChainableCommander, keys: readonly string[]): Promise<unknown[]> {
    const answers = (await pipeline.exec()) ?? [];
    for (const [at, [error]] of answers.entries()) {
      if (!error) continue;
      if (!error.message.startsWith('WRONGTYPE')) throw error;
      const key = keys[at];
      if (key === undefined) continue;
      this.#onBroken(key);
      await this.#redis.del(key);
    }
    return answers.map(([error, value]) => (error ? undefined : value));
  }

  /** Where the history of all runs is, and that of one. */
  #histories(run: string): string[] {
    return [`${this.#prefix}:history`, this.#key(run, 'history')];
  }

  #key(run: string, what = ''): string {
    return `${this.#prefix}:run:${run}${what === '' ? '' : `:${what}`}`;
  }
}

export function isOfThisVersion(facts: WorkerFacts | AnyWorker): facts is WorkerFacts {
  return facts.version === queueVersion;
}

function factsOf(text: string): WorkerFacts | AnyWorker | undefined {
  try {
    const entry: unknown = JSON.parse(text);
    const any = anyWorker.safeParse(entry).data;
    const facts = any?.version === queueVersion ? workerFacts.safeParse(entry).data : any;
    // Clocks differ, but not by a day: an entry of the future would never be forgotten.
    return facts && facts.lastSeenAt < Date.now() + 86_400_000 ? facts : undefined;
  } catch {
    return undefined;
  }
}
