/** Reduces cases in a thread, so that the server goes on answering meanwhile, and keeps the last ones. */
import { Piscina } from 'piscina';
import type { Vec3 } from '../../base/box.ts';
import { MachineError } from '../../base/errors.ts';
import { threadFile } from '../../base/package-files.ts';
import { type PackedError, unpackError } from '../../base/packed-error.ts';
import type { ReducedCase } from './reduce-case.ts';

export interface ReductionRequest {
  /** Folder of the run's state. */
  readonly root: string;
  readonly case: number;
  /** As it was scored, `[x, y, z]`. */
  readonly shape: Vec3;
  readonly className: string;
  /** The only folders below which volumes are read; any when there are none. */
  readonly dataRoots: readonly string[];
}

export interface ReducerLimits {
  /** Bytes of reduced cases that are kept for the requests of their pages; the last one is always kept. */
  readonly keptBytes: number;
  /** Cases that may wait for the thread, which reduces one at a time. */
  readonly waiting: number;
}

const defaultLimits: ReducerLimits = { keptBytes: 2 ** 26, waiting: 8 };
/** An idle thread is ended: it holds the memory of the case it reduced last. */
const idleMs = 10_000;

interface Entry {
  readonly work: Promise<ReducedCase>;
  readonly stop: AbortController;
  /** Requests that wait for it. */
  waiting: number;
  /** 0 while it is being reduced. */
  bytes: number;
}

export class CaseReducer {
  readonly #limits: ReducerLimits;
  readonly #pool: Piscina;
  /** By request, the one asked for last at the end. */
  readonly #entries = new Map<string, Entry>();

  constructor(limits = defaultLimits) {
    this.#limits = limits;
    this.#pool = new Piscina({
      filename: threadFile('view-thread'),
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: idleMs,
      // Node ends the whole process when a thread is closed while it loads a module by `require`; by `import` it does not.
      execArgv: [...process.execArgv, '--no-experimental-require-module'],
    });
  }

  /** Cases that are being reduced or wait for it. */
  get running(): number {
    return [...this.#entries.values()].filter(({ bytes }) => bytes === 0).length;
  }

  /**
   * A reduction ends early when all who wait for it have gone.
   * @throws InputError for a volume that cannot be shown; MachineError when `signal` says that the asker has gone, when too many cases wait and when the thread died.
   */
  async reduce(request: ReductionRequest, signal?: AbortSignal): Promise<ReducedCase> {
    const key = JSON.stringify(request);
    const entry = this.#entries.get(key) ?? this.#start(key, request);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.waiting++;
    try {
      return await untilGone(entry.work, signal);
    } finally {
      entry.waiting--;
      if (entry.waiting === 0 && entry.bytes === 0) {
        entry.stop.abort();
        this.#forget(key, entry);
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #start(key: string, request: ReductionRequest): Entry {
    // One is at work, the others wait.
    if (this.running > this.#limits.waiting) {
      throw new MachineError('viewer-busy', 'too many cases are being opened; try again in a moment');
    }
    const stop = new AbortController();
    const work = this.#inThread(request, stop.signal);
    const entry: Entry = { work, stop, waiting: 0, bytes: 0 };
    work.then(
      ({ prediction }) => {
        entry.bytes = 2 * prediction.length;
        this.#forgetOldest();
      },
      () => this.#forget(key, entry),
    );
    return entry;
  }

  async #inThread(request: ReductionRequest, signal: AbortSignal): Promise<ReducedCase> {
    let answer: { value: ReducedCase } | { error: PackedError };
    try {
      answer = await this.#pool.run(request, { signal });
    } catch (cause) {
      throw new MachineError(
        'thread-lost',
        `the thread that reduced a case ended: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
    if ('error' in answer) throw unpackError(answer.error);
    return answer.value;
  }

  #forget(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  #forgetOldest(): void {
    const done = [...this.#entries].filter(([, { bytes }]) => bytes > 0);
    let kept = done.reduce((sum, [, { bytes }]) => sum + bytes, 0);
    for (const [key, { bytes }] of done.slice(0, -1)) {
      if (kept <= this.#limits.keptBytes) return;
      this.#entries.delete(key);
      kept -= bytes;
    }
  }
}

function untilGone<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const gone = () => reject(new MachineError('viewer-gone', 'whoever asked for the case has gone'));
    if (signal.aborted) gone();
    signal.addEventListener('abort', gone, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', gone));
  });
}
