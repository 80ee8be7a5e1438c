/**
 * The job of a run: keeps few cases in flight until all have an outcome, then pools them and writes the result files.
 * It remembers nothing: whoever takes it over finds what is done in the run's folder and goes on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Job, UnrecoverableError } from 'bullmq';
import { DefectError, InputError, MachineError, UsageError } from '../../base/errors.ts';
import type { CaseOutcomeRecord } from '../../run/case-outcome.ts';
import { storedOutcome } from '../../run/case-outcome.ts';
import { hasLostOwnership } from '../../run/fence.ts';
import { OutcomeBook } from '../../run/outcome-book.ts';
import type { ThreadPool } from '../../threads/thread-pool.ts';
import { CasePool } from '../case-pool.ts';
import { finishRun } from '../finish-run.ts';
import { type StatusName, statusLetters } from './board.ts';
import { endUnscored } from './case-processor.ts';
import { CasesInFlight } from './cases-in-flight.ts';
import { describeResults, linkResults } from './collect-results.ts';
import { asVoxtallyError, haltByDefect, queueError } from './faults.ts';
import { handOver, leaveToOthers } from './hand-over.ts';
import { jobData, type RunJob, runJob } from './jobs.ts';
import { clearMerges, mergeByJob } from './merge-jobs.ts';
import type { OpenRun } from './open-run.ts';
import { PooledTally } from './pooled-so-far.ts';
import {
  isCancelled,
  isHalted,
  isStopped,
  readFinished,
  resultsOf,
  writeFinished,
  writePooled,
} from './run-record.ts';
import { handJobBack, isLastAttempt, type WorkerContext } from './worker-context.ts';

/** The values so far are stored at most this often. */
const pooledEveryMs = 3000;
/** Outcomes are read this many at a time, so that locks are renewed between. */
const readAtOnce = 100;

export async function processRun(
  context: WorkerContext,
  pool: ThreadPool,
  job: Job<RunJob>,
  token: string,
  lockLost: AbortSignal,
): Promise<void> {
  const { run: id } = jobData(runJob, job.data);
  const stop = AbortSignal.any([lockLost, context.draining]);
  let run: OpenRun | undefined;
  await leaveToOthers(context, job, token);
  try {
    run = context.runs.current(id);
    if (readFinished(run.folder)?.state === 'done') return;
    await new RunCoordinator(context, pool, run, stop).plan();
  } catch (error) {
    if (lockLost.aborted) throw new Error('lock-lost');
    if (context.draining.aborted) return handJobBack(job, token);
    const fault = asVoxtallyError(error);
    // Another job looks after the run in its later start.
    if (hasLostOwnership(fault)) return;
    await handOver(context, job, token, fault);
    context.log.error(
      { run: id, code: fault.code, attempt: job.attemptsMade + 1 },
      'run interrupted by a fault',
    );
    if (run && fault instanceof DefectError) haltByDefect(context.log, id, run.folder, fault);
    const isHopeless =
      fault instanceof UsageError || fault instanceof InputError || fault instanceof DefectError;
    if (!isHopeless && !isLastAttempt(job)) await context.board.setWait(id, fault.code);
    else if (run) await endFailed(context, run, fault.code);
    throw isHopeless ? new UnrecoverableError(fault.code) : queueError(fault);
  }
}

/** Notes that a run has ended without results. Where its folder cannot be written, the reason of its job has to do. */
export async function endFailed(
  context: Pick<WorkerContext, 'board' | 'log'>,
  run: OpenRun,
  reason: string,
): Promise<void> {
  const live = await context.board.read(run.id);
  try {
    writeFinished(run.folder, {
      state: 'failed',
      finishedAt: Date.now(),
      reason,
      notes: [],
      seconds: (Date.now() - run.record.createdAt) / 1000,
      statuses: live?.statuses ?? '',
      live: { ...live?.numbers },
      results: [],
    });
  } catch (error) {
    context.log.error({ run: run.id, code: asVoxtallyError(error).code }, 'the end cannot be noted');
  }
  await context.board.setState(run.id, 'failed');
}

class RunCoordinator {
  readonly #context: WorkerContext;
  readonly #pool: ThreadPool;
  readonly #run: OpenRun;
  readonly #stop: AbortSignal;
  readonly #casePool: CasePool;
  readonly #outcomes: OutcomeBook;
  readonly #statuses: string[];
  readonly #changed = new Map<number, StatusName>();
  #soFar: PooledTally;
  #pooledAt = 0;

  constructor(context: WorkerContext, pool: ThreadPool, run: OpenRun, stop: AbortSignal) {
    this.#context = context;
    this.#pool = pool;
    this.#run = run;
    this.#stop = stop;
    this.#casePool = new CasePool(run.work, pool, (step, signal) => mergeByJob(context, run, step, signal));
    this.#statuses = run.cases.map(() => statusLetters.waiting);
    this.#outcomes = new OutcomeBook(run.folder, run.work.settings);
    this.#soFar = new PooledTally(run.work.settings);
  }

  async plan(): Promise<void> {
    const { board } = this.#context;
    const { id, cases } = this.#run;
    await board.setState(id, 'planning');
    clearMerges(this.#run.folder);
    await this.#readOutcomes();
    await board.setStatuses(id, this.#statuses.join(''));
    await board.setState(id, 'running');
    await this.#score([...cases.keys()].filter((index) => !this.#outcomes.has(index)));
    if (await this.#wasStopped()) return;
    this.#storePooled();
    await board.setState(id, 'reducing');
    try {
      await this.#finish();
    } catch (error) {
      // What is stopped lacks outcomes.
      if (!(await this.#wasStopped())) throw error;
    }
  }

  /** Notes the end of a run that is to go no further. */
  async #wasStopped(): Promise<boolean> {
    const { folder, id } = this.#run;
    if (isHalted(folder)) await endFailed(this.#context, this.#run, 'defect');
    else if (isCancelled(folder)) await this.#context.board.setState(id, 'cancelled');
    return isStopped(folder);
  }

  async #readOutcomes(): Promise<void> {
    for (const index of this.#run.cases.keys()) {
      const outcome = storedOutcome(this.#run.folder, index);
      if (outcome) this.#take(outcome);
      if (index % readAtOnce === 0) {
        await delay(0);
        this.#stop.throwIfAborted();
      }
    }
    this.#changed.clear();
  }

  #take(outcome: CaseOutcomeRecord): void {
    this.#outcomes.take(outcome);
    this.#mark(outcome.index, outcome.status);
    this.#casePool.add(outcome, this.#stop).catch(() => {});
    if (outcome.status === 'ok') this.#soFar.add(outcome.tally);
  }

  #mark(index: number, status: StatusName): void {
    this.#statuses[index] = statusLetters[status];
    this.#changed.set(index, status);
  }

  /** Gives every pending case an outcome; ends early when the run is cancelled. */
  async #score(pending: readonly number[]): Promise<void> {
    const flight = new CasesInFlight(this.#context, this.#run, pending);
    try {
      while (!flight.isOver) {
        this.#stop.throwIfAborted();
        if (isStopped(this.#run.folder)) {
          await flight.withdraw();
          return;
        }
        await flight.fill();
        await this.#showChanges();
        for (const { index, lost } of await flight.ended(this.#stop)) {
          const outcome =
            storedOutcome(this.#run.folder, index) ??
            endUnscored(this.#run, index, new MachineError(lost.code, lost.message));
          this.#take(outcome);
        }
      }
    } finally {
      flight.close();
    }
    await this.#showChanges();
  }

  async #showChanges(): Promise<void> {
    if (this.#changed.size === 0) return;
    await this.#context.board.setStatus(this.#run.id, this.#changed);
    this.#changed.clear();
    if (Date.now() - this.#pooledAt > pooledEveryMs) this.#storePooled();
  }

  #storePooled(): void {
    writePooled(this.#run.folder, this.#soFar.values());
    this.#pooledAt = Date.now();
  }

  async #finish(): Promise<void> {
    const { folder, record, cases, work, id } = this.#run;
    linkResults(folder);
    const { config, warnings } = record;
    const finished = await finishRun({
      work,
      casePool: this.#casePool,
      outcomes: this.#outcomes,
      redo: async (lost) => {
        for (const index of lost) this.#mark(index, 'waiting');
        await this.#score(lost);
      },
      results: { cases, config, store: resultsOf(folder), warnings },
      threads: this.#pool.threads,
      startedAt: new Date(record.createdAt),
      signal: this.#stop,
      emit: () => {},
    });
    const live = await this.#context.board.read(id);
    const history = await this.#context.board.history(id, record.createdAt);
    this.#stop.throwIfAborted();
    clearMerges(folder);
    writeFinished(folder, {
      state: 'done',
      finishedAt: Date.now(),
      notes: [...finished.notes],
      seconds: finished.seconds,
      statuses: this.#statuses.join(''),
      live: { ...live?.numbers },
      history,
      results: describeResults(folder),
    });
    await this.#context.board.setState(id, 'done');
    this.#context.log.info({ run: id, cases: cases.length, failed: finished.failed }, 'run done');
  }
}
