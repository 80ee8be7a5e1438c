/** What is asked of runs from outside: to begin, to go on, to stop, to try failed cases again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { UsageError } from '../../base/errors.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import { forgetOutcomes } from '../forget.ts';
import { Board } from './board.ts';
import { hasResults } from './collect-results.ts';
import { withinMs } from './connection.ts';
import { partsOfJobId } from './jobs.ts';
import { type Places, unknownRun } from './places.ts';
import { maxPriority } from './priority.ts';
import { queueVersion } from './queue-version.ts';
import { openQueues, plannerOptions, type Queues } from './queues.ts';
import { clearEnd, isCancelled, markCancelled, readFinished, readRecord, writeRecord } from './run-record.ts';

/** A server that has fallen silent keeps no command from ending. */
const closeMs = 1000;

/** How long the job of a run that is over may take to close. */
const closingMs = 5000;
const closingPollMs = 50;

export class Control {
  readonly #queues: Queues;
  readonly #board: Board;
  readonly #places: Places;

  constructor(redis: Redis, prefix: string, places: Places) {
    this.#queues = openQueues(redis, prefix);
    this.#board = new Board(redis, prefix);
    this.#places = places;
  }

  /** Puts the planner of a run into the queue, unless it is there. What has an outcome is not done again. */
  async begin(run: string): Promise<void> {
    const folder = this.#places.folder(run);
    const record = readRecord(folder);
    // It may have been on the queue of another version until now.
    if (record.queue !== queueVersion) writeRecord(folder, { ...record, queue: queueVersion });
    const job = await this.#queues.runs.getJob(run);
    if (job?.finishedOn !== undefined) await job.remove();
    await this.#board.setState(run, 'planning');
    const data = { version: queueVersion, run } as const;
    await this.#queues.runs.add('run', data, plannerOptions(run, record.priority));
  }

  /** Goes on with a run that was started again; cases without a score are tried again. */
  async resume(run: string, folder: RunFolder): Promise<void> {
    const again = forgetOutcomes(folder);
    if (again === 0 && hasResults(folder)) return;
    clearEnd(folder);
    await this.begin(run);
  }

  /** Tries all cases without a score again. @returns how many */
  async retry(run: string): Promise<number> {
    const folder = this.#folderOf(run);
    // One that was cancelled before any worker began with it still waits in the queue.
    if (isCancelled(folder)) await this.takeBack(run);
    if (await this.isGoing(run)) {
      throw new UsageError(
        'run-going',
        `run ${run} is not over yet; retry it when it is, or cancel it first`,
        {
          field: 'run',
        },
      );
    }
    const wasCancelled = isCancelled(folder);
    const started = this.#places.startAgain(run);
    const again = forgetOutcomes(started);
    if (again === 0 && hasResults(folder) && !wasCancelled) return 0;
    clearEnd(started);
    await this.begin(run);
    return again;
  }

  /**
   * Takes the planner of a run out of the queue where it waits, say to be tried again. One that a worker has cannot be removed: it
   * is waited for at most so long, and waits again soon if it lacks a record.
   * @returns false when a worker has it still
   */
  async takeBack(run: string, mostMs = 0): Promise<boolean> {
    for (let waitedMs = 0; ; waitedMs += closingPollMs) {
      const job = await this.#queues.runs.getJob(run);
      const isOut =
        !job ||
        (await job.remove().then(
          () => true,
          () => false,
        ));
      if (isOut || waitedMs >= mostMs) return isOut;
      await delay(closingPollMs);
    }
  }

  /** The run ends with the tiles that are being scored; what is done stays, and `retry` or `--resume` goes on. */
  async cancel(run: string): Promise<void> {
    const folder = this.#folderOf(run);
    if (readFinished(folder)) {
      throw new UsageError('run-over', `run ${run} is over already`, { field: 'run' });
    }
    markCancelled(folder);
    await this.#board.setState(run, 'cancelled');
  }

  /** Moves a run before or behind others: lower is sooner. What waits in the queues moves at once, what follows goes with it. */
  async prioritise(run: string, priority: number): Promise<void> {
    if (!Number.isInteger(priority) || priority < 1 || priority > maxPriority) {
      throw new UsageError('option-value', `priority ${priority}: allowed: 1 to ${maxPriority}`, {
        field: 'priority',
      });
    }
    const folder = this.#folderOf(run);
    if (readFinished(folder)) {
      throw new UsageError('run-over', `run ${run} is over already`, { field: 'run' });
    }
    writeRecord(folder, { ...readRecord(folder), priority });
    for (const queue of this.#queues.all) {
      for (const job of await waitingJobs(queue)) {
        if (job.id === undefined || partsOfJobId(job.id).run !== run) continue;
        // One that a worker has taken meanwhile needs no place in the queue.
        await job.changePriority({ priority }).catch(() => {});
      }
    }
    await this.#board.tellChanged(run);
  }

  /**
   * Whether the run's planner is in the queue or at work. One that has written the end of the run only has to close its job: that is
   * waited for, or who resumes at once would be given the end that there was.
   */
  async isGoing(run: string): Promise<boolean> {
    for (let waitedMs = 0; ; waitedMs += closingPollMs) {
      const job = await this.#queues.runs.getJob(run);
      const isGoing = job !== undefined && job !== null && job.finishedOn === undefined;
      if (!isGoing || waitedMs >= closingMs || !readFinished(this.#places.newFolder(run))) return isGoing;
      await delay(closingPollMs);
    }
  }

  async close(): Promise<void> {
    await withinMs(closeMs, this.#queues.close()).catch(() => {});
  }

  #folderOf(run: string): RunFolder {
    const folder = this.#places.newFolder(run);
    if (folder.store.has(folder.settings)) return folder;
    throw unknownRun(run, this.#places.root);
  }
}

/** Jobs are asked for so many at a time. */
const jobsAtOnce = 1000;

async function waitingJobs(queue: Queue): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let from = 0; ; from += jobsAtOnce) {
    const found = await queue.getJobs(['prioritized', 'waiting'], from, from + jobsAtOnce - 1);
    // A job may be gone before it is read.
    jobs.push(...found.filter((job) => job !== undefined && job !== null));
    if (found.length < jobsAtOnce) return jobs;
  }
}
