/** Reads what is shown of cases in a thread, so that the server goes on answering meanwhile, and keeps the last ones. */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Vec3 } from '../../base/box.ts';
import { MachineError } from '../../base/errors.ts';
import { threadFile } from '../../base/package-files.ts';
import { type PackedError, unpackError } from '../../base/packed-error.ts';
import { threadFlags } from '../../base/thread-flags.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { type CaseView, type ViewPart, viewBytes } from './case-view.ts';

export interface ViewRequest {
  /** Folder of the run's state. */
  readonly root: string;
  readonly case: number;
  readonly part: ViewPart;
  /** The class that is shown where not all can be. */
  readonly class: number;
  /** Classes of the results: label maps without named ones have them from their voxels. */
  readonly classes: ResultsDocument['classes'];
  /** As it was scored, `[x, y, z]`; undefined for a case without a score. */
  readonly shape?: Vec3;
  /** The scan, where it is not that of the case's own record. */
  readonly image?: string;
  /** The only folders below which volumes are read; any when there are none. */
  readonly dataRoots: readonly string[];
}

/** What the thread says while it works: that the volumes could be opened, then the share that has been read. */
export type ViewMessage = 'opened' | number;

export interface ReaderLimits {
  /** Bytes of views that are kept; the last one is always kept. */
  readonly keptBytes: number;
  /** Views that may wait for the thread, which reads one at a time. */
  readonly waiting: number;
}

const defaultLimits: ReaderLimits = { keptBytes: 2 ** 27, waiting: 8 };
/** An idle thread is ended: it holds the memory of the case that it read last. */
const idleMs = 10_000;

/** A view that is being read. */
export interface RunningView {
  /** Settles once its volumes are open; rejects where they cannot be shown. */
  readonly opened: Promise<void>;
  readonly done: Promise<CaseView>;
}

interface Entry extends RunningView {
  readonly stop: AbortController;
  readonly listeners: Set<(share: number) => void>;
  /** Requests that wait for it. */
  waiting: number;
  /** 0 while it is being read. */
  bytes: number;
}

export class CaseReader {
  readonly #limits: ReaderLimits;
  readonly #pool: Piscina;
  /** By request, the one asked for last at the end. */
  readonly #entries = new Map<string, Entry>();

  constructor(limits = defaultLimits) {
    this.#limits = limits;
    this.#pool = new Piscina({
      filename: threadFile('view-thread.js'),
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: idleMs,
      execArgv: threadFlags(),
    });
  }

  /** Views that are being read or wait for it. */
  get running(): number {
    return [...this.#entries.values()].filter(({ bytes }) => bytes === 0).length;
  }

  /**
   * Reading ends early when all who wait for it have gone.
   * @throws InputError for a volume that cannot be shown; MachineError when `signal` says that the asker has gone, when too many cases wait and when the thread died.
   */
  async read(request: ViewRequest, signal?: AbortSignal): Promise<CaseView> {
    return this.start(request, signal).done;
  }

  /** As `read`, with what is known before the end; `progress` hears the share that has been read, from 0 to 1. */
  start(request: ViewRequest, signal?: AbortSignal, progress?: (share: number) => void): RunningView {
    const key = JSON.stringify(request);
    const entry = this.#entries.get(key) ?? this.#begin(key, request);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.waiting++;
    if (progress) entry.listeners.add(progress);
    const done = untilGone(entry.done, signal).finally(() => {
      if (progress) entry.listeners.delete(progress);
      entry.waiting--;
      if (entry.waiting === 0 && entry.bytes === 0) {
        entry.stop.abort();
        this.#forget(key, entry);
      }
    });
    const opened = untilGone(entry.opened, signal);
    // Callers may wait for one of the two alone.
    for (const promise of [opened, done]) promise.catch(() => undefined);
    return { opened, done };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #begin(key: string, request: ViewRequest): Entry {
    // One is at work, the others wait.
    if (this.running > this.#limits.waiting) {
      throw new MachineError('viewer-busy', 'too many cases are being opened; try again in a moment');
    }
    const stop = new AbortController();
    const listeners = new Set<(share: number) => void>();
    let isOpen = () => {};
    const open = new Promise<void>((resolve) => {
      isOpen = resolve;
    });
    const done = this.#inThread(request, stop.signal, (message) => {
      if (message === 'opened') isOpen();
      else for (const listener of listeners) listener(message);
    });
    const opened = Promise.race([open, done.then(() => undefined)]);
    const entry: Entry = { opened, done, stop, listeners, waiting: 0, bytes: 0 };
    done.then(
      (view) => {
        entry.bytes = viewBytes(view);
        this.#forgetOldest();
      },
      () => this.#forget(key, entry),
    );
    // Whoever asks for it hears of it by `done` as well.
    opened.catch(() => undefined);
    return entry;
  }

  async #inThread(
    request: ViewRequest,
    signal: AbortSignal,
    hear: (message: ViewMessage) => void,
  ): Promise<CaseView> {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', hear);
    let answer: { value: CaseView } | { error: PackedError };
    try {
      answer = await this.#pool.run({ request, port: port2 }, { signal, transferList: [port2] });
    } catch (cause) {
      throw new MachineError(
        'thread-lost',
        `the thread that read a case ended: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    } finally {
      port1.close();
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
