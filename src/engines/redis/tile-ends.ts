/**
 * Tells when jobs of the queue of tiles have ended. Those of a large site are too many for every worker to hear of: a
 * connection listens only while somebody waits for one.
 */
import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { Bell } from './bell.ts';
import { versionedPrefix } from './queue-version.ts';
import { queueNames } from './queues.ts';

export class TileEnds {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #onError: (error: Error) => void;
  readonly #bells = new Map<string, Bell>();
  #events: QueueEvents | undefined;

  constructor(redis: Redis, prefix: string, onError: (error: Error) => void) {
    this.#redis = redis;
    this.#prefix = versionedPrefix(prefix);
    this.#onError = onError;
  }

  /** Does something with a bell that rings when the job has ended. An event may be lost with a connection. */
  async listen<T>(jobId: string, work: (ended: Bell) => Promise<T>): Promise<T> {
    const bell = new Bell();
    this.#bells.set(jobId, bell);
    this.#events ??= this.#open();
    try {
      return await work(bell);
    } finally {
      this.#bells.delete(jobId);
      if (this.#bells.size === 0) this.close();
    }
  }

  close(): void {
    this.#events?.close().catch(() => {});
    this.#events = undefined;
  }

  #open(): QueueEvents {
    const events = new QueueEvents(queueNames.tiles, { connection: this.#redis, prefix: this.#prefix });
    const ended = ({ jobId }: { jobId: string }) => this.#bells.get(jobId)?.ring();
    events.on('completed', ended);
    events.on('failed', ended);
    events.on('error', this.#onError);
    return events;
  }
}
