/**
 * Tells when jobs of the queue of tiles have ended. Those of a large site are too many for every worker to hear of: a
 * connection listens only while somebody waits for one.
 */
import { type Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { Bell } from './bell.ts';

export class TileEnds {
  readonly #redis: Redis;
  readonly #queue: Queue;
  readonly #onError: (error: Error) => void;
  readonly #bells = new Map<string, Bell>();
  #events: Promise<QueueEvents> | undefined;

  constructor(redis: Redis, queue: Queue, onError: (error: Error) => void) {
    this.#redis = redis;
    this.#queue = queue;
    this.#onError = onError;
  }

  /** Does something with a bell that rings when the job has ended. An event may be lost with a connection. */
  async listen<T>(jobId: string, work: (ended: Bell) => Promise<T>): Promise<T> {
    const bell = new Bell();
    this.#bells.set(jobId, bell);
    try {
      this.#events ??= this.#open();
      await this.#events;
      return await work(bell);
    } finally {
      this.#bells.delete(jobId);
      if (this.#bells.size === 0) this.close();
    }
  }

  close(): void {
    this.#events?.then((events) => events.close()).catch(() => {});
    this.#events = undefined;
  }

  /** Hears of all that happens from now on, also before the connection is made. */
  async #open(): Promise<QueueEvents> {
    const [last] = await this.#redis.xrevrange(this.#queue.toKey('events'), '+', '-', 'COUNT', 1);
    const events = new QueueEvents(this.#queue.name, {
      connection: this.#redis,
      prefix: this.#queue.opts.prefix!,
      lastEventId: last?.[0] ?? '0-0',
    });
    const ended = ({ jobId }: { jobId: string }) => this.#bells.get(jobId)?.ring();
    events.on('completed', ended);
    events.on('failed', ended);
    events.on('error', this.#onError);
    return events;
  }
}
