/**
 * Live facts of runs for those who watch: counters, a letter per case. They are display only: no result rests on them, they
 * may be off by what was done twice, and they are gone without harm when Redis is wiped. Whoever can write to Redis can
 * write anything there, so nothing is taken for what it should be: entries that cannot be read are dropped and told.
 */
import type { Redis } from 'ioredis';
import * as z from 'zod';
import { type History, type RunState, type TileTimes, tileSecondsBounds } from '../status.ts';
import { answersOf, type OnBroken } from './broken-entries.ts';
import { countIn, readHistory } from './history.ts';
import { versionedPrefix } from './queue-version.ts';
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
export class Board {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #onBroken: OnBroken;

  constructor(redis: Redis, prefix: string, onBroken: OnBroken = () => {}) {
    this.#redis = redis;
    this.#prefix = `${versionedPrefix(prefix)}:board`;
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
    const [facts, statuses, ...speeds] = await answersOf(
      this.#redis,
      pipeline,
      [hash, letters],
      this.#onBroken,
    );
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

  /** Where the history of all runs is, and that of one. */
  #histories(run: string): string[] {
    return [`${this.#prefix}:history`, this.#key(run, 'history')];
  }

  #key(run: string, what = ''): string {
    return `${this.#prefix}:run:${run}${what === '' ? '' : `:${what}`}`;
  }
}
