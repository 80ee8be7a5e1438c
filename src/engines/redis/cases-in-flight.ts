/** The cases of a run that are in the queue at the moment: enough to keep the workers busy, never the whole archive. */
import type { Job } from 'bullmq';
import { type ErrorCode, isErrorCode } from '../../base/error-codes.ts';
import { storedOutcome } from '../../run/case-outcome.ts';
import { Bell } from './bell.ts';
import { type CaseJob, caseJobId } from './jobs.ts';
import type { OpenRun } from './open-run.ts';
import { queueVersion } from './queue-version.ts';
import { jobOptions } from './queues.ts';
import type { WorkerContext } from './worker-context.ts';

/** A case whose job vanished from Redis this often is given up. */
const maxLosses = 5;
/** More tile jobs than this wait a thread: no further case is planned. */
const waitingTilesPerThread = 32;

/** However many threads the board claims, no more cases are in flight than keep so many busy. */
const mostThreads = 4096;

/** A case whose job has ended; `lost` says why, should it have left no outcome. */
export interface EndedCase {
  readonly index: number;
  readonly lost: { readonly code: ErrorCode; readonly message: string };
}

export class CasesInFlight {
  readonly #context: WorkerContext;
  readonly #run: OpenRun;
  readonly #pending: Iterator<number>;
  readonly #inFlight = new Set<number>();
  readonly #losses = new Map<number, number>();
  readonly #tilesBefore = new Map<number, number>();
  /** Cases that waited for tiles at the last look, while no tile was in the queue. */
  #orphans: ReadonlySet<number> = new Set();
  readonly #signalled = new Set<number>();
  readonly #bell = new Bell();
  readonly #unsubscribe: () => void;
  #checkedAt = Date.now();
  #exhausted = false;

  constructor(context: WorkerContext, run: OpenRun, pending: readonly number[]) {
    this.#context = context;
    this.#run = run;
    this.#pending = pending.values();
    this.#unsubscribe = context.onCaseEnd(run.id, (index) => {
      this.#signalled.add(index);
      this.#bell.ring();
    });
  }

  get isOver(): boolean {
    return this.#exhausted && this.#inFlight.size === 0;
  }

  close(): void {
    this.#unsubscribe();
  }

  /** Adds as many cases as fit, and gives them. */
  async fill(): Promise<number[]> {
    const threads = await this.#fleetThreads();
    const room = 4 * threads + 8 - this.#inFlight.size;
    if (this.#exhausted || room <= 0) return [];
    if (this.#inFlight.size > threads) {
      const { prioritized = 0, waiting = 0 } = await this.#context.queues.tiles.getJobCounts(
        'prioritized',
        'waiting',
      );
      if (prioritized + waiting > waitingTilesPerThread * threads) return [];
    }
    const added: number[] = [];
    while (added.length < room) {
      const next = this.#pending.next();
      if (next.done) {
        this.#exhausted = true;
        break;
      }
      added.push(next.value);
    }
    await this.#add(added);
    return added;
  }

  /** Waits until something may have ended, at most until the next look at all; gives what has. */
  async ended(stop: AbortSignal): Promise<EndedCase[]> {
    if (!this.isOver) {
      const left = Math.max(1, this.#checkedAt + this.#context.timing.pollMs - Date.now());
      await this.#bell.heard(left, stop);
    }
    // Events may be lost with a connection, and jobs with Redis: all are looked at now and then.
    const lookAtAll = Date.now() - this.#checkedAt >= this.#context.timing.pollMs;
    if (lookAtAll) this.#checkedAt = Date.now();
    const look = lookAtAll
      ? [...this.#inFlight]
      : [...this.#signalled].filter((index) => this.#inFlight.has(index));
    this.#signalled.clear();
    const ended: EndedCase[] = [];
    const again: number[] = [];
    if (lookAtAll) await this.#freeOrphans(look);
    for (const index of look) {
      const lost = await this.#look(index);
      if (lost === 'again') again.push(index);
      else if (lost) ended.push({ index, lost });
    }
    for (const { index } of ended) this.#inFlight.delete(index);
    await this.#add(again);
    return ended;
  }

  /** Takes back what no worker has begun. */
  async withdraw(): Promise<void> {
    for (const index of this.#inFlight) {
      const job = await this.#job(index);
      // One that is being worked on cannot be removed and ends by itself.
      await job?.remove().catch(() => {});
    }
  }

  async #look(index: number): Promise<EndedCase['lost'] | 'again' | undefined> {
    const done = { code: 'case-lost', message: 'its job ended without an outcome; retry the run' } as const;
    if (storedOutcome(this.#run.folder, index)) return done;
    const job = await this.#job(index);
    const state = job ? await job.getState() : 'unknown';
    if (state === 'failed' && job) {
      const reason = job.failedReason ?? '';
      if (storedOutcome(this.#run.folder, index)) return done;
      if (!reason.includes('stalled')) {
        return {
          code: isErrorCode(reason) ? reason : done.code,
          message: `could not be scored: ${reason}; retry the run`,
        };
      }
      if (this.#hasMovedOn(index)) return 'again';
      return {
        code: 'worker-lost',
        message:
          'was set aside: the workers that scored it died or froze again and again; look at their memory and logs, then retry the run',
      };
    }
    if (state !== 'completed' && state !== 'unknown') return undefined;
    if (storedOutcome(this.#run.folder, index)) return done;
    if (!(await this.#clear(index))) return undefined;
    const losses = (this.#losses.get(index) ?? 0) + 1;
    this.#losses.set(index, losses);
    return losses > maxLosses ? done : 'again';
  }

  /**
   * Cases wait for tiles of which the queue has none left: Redis has lost them. A case that was only on its way from one to
   * the other is not found so twice. Its job goes, and it is added again.
   */
  async #freeOrphans(cases: readonly number[]): Promise<void> {
    const counts = await this.#context.queues.tiles.getJobCounts();
    const pending = ['active', 'waiting', 'prioritized', 'delayed', 'paused'];
    const orphans = new Set<number>();
    if (pending.every((state) => !counts[state])) {
      for (const index of cases) {
        const job = await this.#job(index);
        if ((await job?.getState()) !== 'waiting-children') continue;
        orphans.add(index);
        if (this.#orphans.has(index)) await job?.remove().catch(() => {});
      }
    }
    this.#orphans = orphans;
  }

  /** Whether tiles were added since the case's job was last given up: then its workers died of something else. */
  #hasMovedOn(index: number): boolean {
    const { folder } = this.#run;
    const tiles = folder.store.list(folder.tiles(index)).filter((name) => name.endsWith('.shard')).length;
    const before = this.#tilesBefore.get(index) ?? 0;
    this.#tilesBefore.set(index, tiles);
    return tiles > before;
  }

  async #add(cases: readonly number[]): Promise<void> {
    if (cases.length === 0) return;
    const { id, priority, start } = this.#run;
    await Promise.all(cases.map((index) => this.#clear(index)));
    await this.#context.queues.cases.addBulk(
      cases.map((index) => ({
        name: 'case',
        data: { version: queueVersion, run: id, start, case: index, step: 'plan' },
        opts: jobOptions(caseJobId(id, index, start), priority, this.#context.timing),
      })),
    );
    for (const index of cases) this.#inFlight.add(index);
  }

  /**
   * A job of the same name that is finished, or in no list any more, would make the queue ignore a new one. Returns whether it is
   * gone: while a worker is at it, or at one of its tiles, it stays, and is not lost.
   */
  async #clear(index: number): Promise<boolean> {
    const job = await this.#job(index);
    if (job === undefined) return true;
    const isLeft = job.finishedOn !== undefined || (await job.getState()) === 'unknown';
    return (
      isLeft &&
      job.remove().then(
        () => true,
        () => false,
      )
    );
  }

  async #job(index: number): Promise<Job<CaseJob> | undefined> {
    return (
      (await this.#context.queues.cases.getJob(caseJobId(this.#run.id, index, this.#run.start))) ?? undefined
    );
  }

  async #fleetThreads(): Promise<number> {
    const alive = await this.#context.fleet.alive(this.#context.timing.heartbeatMs);
    const threads = [...alive.values()].reduce((sum, worker) => sum + worker.threads, 0);
    return Math.min(mostThreads, Math.max(this.#context.threads, threads));
  }
}
