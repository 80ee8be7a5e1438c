import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Monitor } from '../../engines/monitor.ts';
import { withinMs } from '../../engines/redis/connection.ts';
import { runId } from './query.ts';

/** Viewers at once; more are told to come back, so that nobody can use up the process. */
const mostViewers = 200;
const heartbeatMs = 15_000;
const retryMs = 2_000;
/** How long opening the watch may take. */
const watchMs = 5_000;

/** Tells every viewer of changes from one watch on the monitor, which is opened with the first viewer. */
export class ChangeFeed {
  readonly #monitor: Monitor;
  readonly #listeners = new Set<(runId: string) => void>();
  #watching: Promise<() => Promise<void>> | undefined;

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
  }

  get viewers(): number {
    return this.#listeners.size;
  }

  /** Calls back with each run that changed; resolves once nothing can be missed, to how to stop. */
  async subscribe(listener: (runId: string) => void): Promise<() => void> {
    this.#listeners.add(listener);
    this.#watching ??= this.#monitor.watch((id) => {
      for (const listen of this.#listeners) listen(id);
    });
    const watching = this.#watching;
    try {
      await withinMs(watchMs, watching);
    } catch (error) {
      this.#listeners.delete(listener);
      if (this.#watching === watching) this.close();
      throw error;
    }
    return () => this.#listeners.delete(listener);
  }

  /** Stops watching, at the latest when the watch that is being opened is open. */
  close(): void {
    this.#watching?.then((stop) => stop()).catch(() => {});
    this.#watching = undefined;
  }
}

/**
 * `GET /events[?run=ID]`: server-sent events, one `run` event with the run's status as JSON for each change. Changes that
 * come while one is being sent become one, so a slow viewer falls behind in number, never in memory.
 */
export function eventRoutes(monitor: Monitor, feed: ChangeFeed, closing: AbortSignal): Hono {
  const routes = new Hono();
  routes.get('/events', async (context) => {
    const asked = context.req.query('run');
    if (asked !== undefined && !runId.safeParse(asked).success)
      return context.json({ error: 'no such run' }, 404);
    if (feed.viewers >= mostViewers)
      return context.json({ error: 'too many viewers' }, 503, { 'Retry-After': '30' });

    // Nobody would read the stream, and nothing would end it.
    if (context.req.method === 'HEAD') return context.body(null);

    const changes = new Changes();
    const unsubscribe = await feed.subscribe((id) => {
      if (asked === undefined || id === asked) changes.add(id);
    });
    context.header('X-Accel-Buffering', 'no');
    return streamSSE(context, async (stream) => {
      const end = () => {
        unsubscribe();
        changes.wake();
      };
      stream.onAbort(end);
      closing.addEventListener('abort', end, { once: true });
      try {
        await stream.writeSSE({ event: 'ready', data: '', retry: retryMs });
        while (!stream.aborted && !closing.aborted) {
          const ids = await changes.take(heartbeatMs);
          if (stream.aborted || closing.aborted) break;
          // A comment keeps proxies from closing a quiet connection.
          if (ids.length === 0) await stream.write(': still here\n\n');
          for (const id of ids) {
            const run = await monitor.run(id);
            if (run) await stream.writeSSE({ event: 'run', data: JSON.stringify(run) });
          }
        }
      } catch {
        // Redis is away: the stream ends, and the viewer comes again. Hono would send the message of the fault.
      } finally {
        end();
        closing.removeEventListener('abort', end);
      }
    });
  });
  return routes;
}

/** The runs that have changed since they were last taken. */
class Changes {
  readonly #ids = new Set<string>();
  #wake = () => {};

  add(id: string): void {
    this.#ids.add(id);
    this.#wake();
  }

  wake(): void {
    this.#wake();
  }

  /** Waits for a change, for `wake` or for `waitMs`. */
  async take(waitMs: number): Promise<string[]> {
    if (this.#ids.size === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const ids = [...this.#ids];
    this.#ids.clear();
    return ids;
  }
}
