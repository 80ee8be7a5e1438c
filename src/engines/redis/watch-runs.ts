/** Changes of runs as they are told over Redis. */
import type { Redis } from 'ioredis';
import { connect } from './connection.ts';
import { isRunId } from './jobs.ts';

/** A connection that only listens would not notice that it is dead: it asks so often. */
const pingMs = 15_000;

export interface RunWatch {
  readonly url: string;
  readonly channel: string;
  /** Changes are told at most this often for a run. */
  readonly tellEveryMs: number;
  readonly onChange: (run: string) => void;
}

/** Calls back when something of a run has changed, from `ready` on until it is stopped. */
export class RunWatcher {
  /** Nothing can be missed from now on. A server that is away is waited for. */
  readonly ready: Promise<unknown>;
  readonly #watch: RunWatch;
  readonly #listener: Redis;
  readonly #pulse: NodeJS.Timeout;
  readonly #held = new Map<string, { again: boolean; readonly timer: NodeJS.Timeout }>();

  constructor(watch: RunWatch) {
    this.#watch = watch;
    this.#listener = connect(watch.url);
    this.#listener.on('message', (_channel: string, run: string) => {
      const before = this.#held.get(run);
      if (before) before.again = true;
      else if (isRunId(run)) this.#tell(run);
    });
    this.ready = this.#listener.subscribe(watch.channel);
    this.ready.catch(() => {});
    this.#pulse = setInterval(() => this.#listener.ping().catch(() => {}), pingMs);
  }

  stop(): void {
    clearInterval(this.#pulse);
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#listener.removeAllListeners('message');
    this.#listener.disconnect();
  }

  #tell(run: string): void {
    this.#watch.onChange(run);
    // What changes in the meantime is told when the time is over.
    const timer = setTimeout(() => {
      const { again } = this.#held.get(run)!;
      this.#held.delete(run);
      if (again) this.#tell(run);
    }, this.#watch.tellEveryMs);
    this.#held.set(run, { again: false, timer });
  }
}
