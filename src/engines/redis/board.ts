/**
 * Live facts for those who watch: counters, a letter a case, workers. They are for the eye: no result rests on them, they
 * may be off by what was done twice, and they are gone without harm when Redis is wiped.
 */
import type { Redis } from 'ioredis';
import { type RunState, type TileTimes, tileSecondsBounds } from '../monitor.ts';
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
/** A worker that was silent for so long is forgotten. */
const forgetMs = 600_000;
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
}

export interface WorkerFacts {
  readonly threads: number;
  readonly lastSeenAt: number;
  readonly tilesDone: number;
  readonly busy: boolean;
}

export class Board {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = `${prefix}:board`;
  }

  /** Where run ids are published when something has changed. */
  get channel(): string {
    return `${this.#prefix}:changed`;
  }

  async setState(run: string, state: RunState): Promise<void> {
    await this.#redis.pipeline().hset(this.#key(run), 'state', state).publish(this.channel, run).exec();
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
    for (const [index, status] of cases) {
      pipeline.setrange(this.#key(run, 'cases'), index, statusLetters[status]);
    }
    await pipeline.publish(this.channel, run).exec();
  }

  async addWork(run: string, done: WorkDone): Promise<void> {
    const slot = Math.floor(Date.now() / 1000 / slotSeconds);
    const pipeline = this.#redis.pipeline();
    for (const [slot, tiles] of done.tileTimes.entries()) {
      if (tiles > 0) pipeline.hincrby(this.#key(run), `tileTime${slot}`, tiles);
    }
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
    await this.#redis.pipeline().hincrby(this.#key(run), what, by).publish(this.channel, run).exec();
  }

  /** What is known of a run; undefined when Redis knows nothing of it. */
  async read(run: string): Promise<LiveRun | undefined> {
    const now = Math.floor(Date.now() / 1000 / slotSeconds);
    const pipeline = this.#redis.pipeline().hgetall(this.#key(run)).get(this.#key(run, 'cases'));
    for (let back = 0; back < slots; back++) pipeline.hget(this.#key(run, `speed:${now - back}`), 'voxels');
    const [facts, statuses, ...speeds] = ((await pipeline.exec()) ?? []).map(([, value]) => value);
    const fields = (facts ?? {}) as Record<string, string>;
    if (Object.keys(fields).length === 0) return undefined;
    return {
      state: fields.state as RunState | undefined,
      numbers: Object.fromEntries(
        numbers.map((name) => [name, Number(fields[name] ?? 0)]),
      ) as LiveRun['numbers'],
      tileTimes: {
        counts: [...tileSecondsBounds, null].map((_, slot) => Number(fields[`tileTime${slot}`] ?? 0)),
        sumSeconds: Number(fields.tileMicroseconds ?? 0) / 1e6,
      },
      startedAt: fields.startedAt === undefined ? undefined : Number(fields.startedAt),
      doneBefore: Number(fields.doneBefore ?? 0),
      recentVoxels: speeds.reduce<number>((sum, value) => sum + Number(value ?? 0), 0),
      statuses: typeof statuses === 'string' ? statuses : '',
    };
  }

  async heartbeat(worker: string, facts: WorkerFacts): Promise<void> {
    await this.#redis.hset(`${this.#prefix}:workers`, worker, JSON.stringify(facts));
  }

  async leave(worker: string): Promise<void> {
    await this.#redis.hdel(`${this.#prefix}:workers`, worker);
  }

  async workers(): Promise<Map<string, WorkerFacts>> {
    const all = await this.#redis.hgetall(`${this.#prefix}:workers`);
    const known = new Map<string, WorkerFacts>();
    for (const [id, text] of Object.entries(all)) {
      const facts = JSON.parse(text) as WorkerFacts;
      if (Date.now() - facts.lastSeenAt < forgetMs) known.set(id, facts);
      else await this.#redis.hdel(`${this.#prefix}:workers`, id);
    }
    return known;
  }

  #key(run: string, what = ''): string {
    return `${this.#prefix}:run:${run}${what === '' ? '' : `:${what}`}`;
  }
}
