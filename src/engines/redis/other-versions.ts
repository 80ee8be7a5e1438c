/** Tells the log of a worker of other versions that share its server: neither does the work of the other. */
import type { Redis } from 'ioredis';
import { type Fleet, isOfThisVersion } from './fleet.ts';
import { prefixesOfVersion1, queueVersion, runsOfVersion1 } from './queue-version.ts';

/** What of a logger is needed. */
interface Log {
  warn(facts: object, text: string): void;
}

const lookEveryMs = 60_000;

export class OtherVersions {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #fleet: Fleet;
  readonly #log: Log;
  readonly #told = new Set<string>();
  #lookedAt = 0;

  constructor(redis: Redis, prefix: string, fleet: Fleet, log: Log) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#fleet = fleet;
    this.#log = log;
  }

  /** Looks once a minute at most, and says once what it finds. Without Redis it finds nothing. */
  async look(now = Date.now()): Promise<void> {
    if (now - this.#lookedAt < lookEveryMs) return;
    this.#lookedAt = now;
    try {
      const workers = [...(await this.#fleet.remembered()).values()];
      for (const worker of workers.filter((each) => !isOfThisVersion(each))) {
        const { version, voxtally = 'unknown' } = worker;
        this.#tell(
          `workers ${voxtally} ${version}`,
          { voxtally, version },
          'workers of another version are there: they take none of the work of this one',
        );
      }
      const waiting = prefixesOfVersion1(this.#prefix).map((prefix) =>
        this.#redis.zcard(runsOfVersion1(prefix)).catch(() => 0),
      );
      const runs = (await Promise.all(waiting)).reduce((sum, count) => sum + count, 0);
      if (runs > 0) {
        this.#tell(
          'runs 1',
          { runs, version: 1 },
          'runs of another version wait: submit them again with score --resume by this version, or start workers of theirs',
        );
      }
    } catch {
      // The worker tells of it by other ways.
    }
  }

  #tell(what: string, facts: object, text: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#log.warn({ ...facts, serves: queueVersion }, text);
  }
}
