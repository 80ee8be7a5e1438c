/**
 * The workers that serve a queue, each by an entry that it renews. Display and planning only, as the board: who is silent counts
 * no more, and what cannot be read is dropped.
 */
import type { Redis } from 'ioredis';
import * as z from 'zod';
import { packageVersion } from '../../base/package-files.ts';
import { answersOf, type OnBroken } from './broken-entries.ts';
import { isRunId } from './jobs.ts';
import { prefixesOfVersion1, queueVersion, workersKey } from './queue-version.ts';

/** A worker that was silent for so long counts no more, and is remembered for those who ask in the morning what became of it. */
const forgetMs = 600_000;
const rememberMs = 12 * 3_600_000;
/** Whoever has not renewed its entry for so many times is not counted on. */
const missedBeats = 5;
/** Of those at most so many: all who plan read the whole list. */
const mostRemembered = 100;

const timeMs = z.coerce.number().min(0).max(8.64e15);
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

export class Fleet {
  readonly #redis: Redis;
  /** Common to all versions. */
  readonly #key: string;
  /** Where only workers of version 1 are. */
  readonly #olderKeys: readonly string[];
  readonly #onBroken: OnBroken;

  constructor(redis: Redis, prefix: string, onBroken: OnBroken = () => {}) {
    this.#redis = redis;
    this.#key = workersKey(prefix);
    this.#olderKeys = prefixesOfVersion1(prefix)
      .map(workersKey)
      .filter((key) => key !== this.#key);
    this.#onBroken = onBroken;
  }

  async heartbeat(worker: string, facts: Omit<WorkerFacts, 'version' | 'voxtally'>): Promise<void> {
    const lastSeenAt = Math.round(facts.lastSeenAt + (await this.#aheadMs()));
    const entry: WorkerFacts = { version: queueVersion, voxtally: packageVersion(), ...facts, lastSeenAt };
    await this.#redis.hset(this.#key, worker, JSON.stringify(entry));
  }

  async leave(worker: string): Promise<void> {
    await this.#redis.hdel(this.#key, worker);
  }

  /** Those of this version that still count. */
  async workers(): Promise<Map<string, WorkerFacts>> {
    const all = [...(await this.#within(forgetMs))];
    return new Map(all.filter((entry): entry is [string, WorkerFacts] => isOfThisVersion(entry[1])));
  }

  /** Those of this version that were just heard of. */
  async alive(heartbeatMs: number): Promise<Map<string, WorkerFacts>> {
    const now = Date.now();
    const all = [...(await this.workers())];
    return new Map(all.filter(([, { lastSeenAt }]) => now - lastSeenAt < missedBeats * heartbeatMs));
  }

  /** All workers that are remembered: those that are gone, and those of other versions, among them. */
  async remembered(): Promise<Map<string, WorkerFacts | AnyWorker>> {
    const all = await this.#within(rememberMs);
    for (const key of this.#olderKeys) {
      // A cluster may hold it on another node; and what is there belongs to others.
      const entries = await this.#redis.hgetall(key).catch(() => ({}));
      for (const [id, text] of Object.entries(entries)) {
        const facts = workerId.safeParse(id).success ? factsOf(text) : undefined;
        if (facts && !isOfThisVersion(facts) && isHeardWithin(rememberMs, facts)) all.set(id, facts);
      }
    }
    return all;
  }

  /** By how much the server's clock is ahead of this machine's: entries are by the former, since the clocks of machines differ. */
  async #aheadMs(): Promise<number> {
    const answer = await this.#redis.time().catch(() => undefined);
    if (answer === undefined) return 0;
    const [seconds, microseconds] = answer.map(Number) as [number, number];
    return 1000 * seconds + microseconds / 1000 - Date.now();
  }

  async #within(withinMs: number): Promise<Map<string, WorkerFacts | AnyWorker>> {
    const hash = this.#key;
    const [[all], aheadMs] = await Promise.all([
      answersOf(this.#redis, this.#redis.pipeline().hgetall(hash), [hash], this.#onBroken),
      this.#aheadMs(),
    ]);
    const known: (readonly [id: string, facts: WorkerFacts | AnyWorker])[] = [];
    const dropped: string[] = [];
    for (const [id, text] of Object.entries((all ?? {}) as Record<string, string>)) {
      const facts = workerId.safeParse(id).success ? factsOf(text, aheadMs) : undefined;
      if (facts && isHeardWithin(rememberMs, facts)) known.push([id, facts]);
      else dropped.push(id);
      if (!facts) this.#onBroken(hash);
    }
    const past = known
      .filter(([, facts]) => !isHeardWithin(forgetMs, facts))
      .sort(([, a], [, b]) => b.lastSeenAt - a.lastSeenAt);
    dropped.push(...past.slice(mostRemembered).map(([id]) => id));
    if (dropped.length > 0) await this.#redis.hdel(hash, ...dropped);
    return new Map(known.filter(([id, facts]) => isHeardWithin(withinMs, facts) && !dropped.includes(id)));
  }
}

export function isOfThisVersion(facts: WorkerFacts | AnyWorker): facts is WorkerFacts {
  return facts.version === queueVersion;
}

function isHeardWithin(ms: number, { lastSeenAt }: Pick<AnyWorker, 'lastSeenAt'>): boolean {
  return Date.now() - lastSeenAt < ms;
}

/** With times by the clock of this machine; `aheadMs`: by how much that of the entry is ahead. */
function factsOf(text: string, aheadMs = 0): WorkerFacts | AnyWorker | undefined {
  try {
    const entry: unknown = JSON.parse(text);
    const any = anyWorker.safeParse(entry).data;
    const facts = any?.version === queueVersion ? workerFacts.safeParse(entry).data : any;
    if (facts === undefined) return undefined;
    const lastSeenAt = Math.max(0, facts.lastSeenAt - aheadMs);
    // Clocks of other versions differ, but not by a day: an entry of the future would never be forgotten.
    return lastSeenAt < Date.now() + 86_400_000 ? { ...facts, lastSeenAt } : undefined;
  } catch {
    return undefined;
  }
}
