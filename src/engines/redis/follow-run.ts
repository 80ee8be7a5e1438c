/** A submitter that waits for its run: it shows how far it is, what it waits for, and does not wait for ever. */
import { once } from 'node:events';
import { describeCode } from '../../base/error-codes.ts';
import { MachineError } from '../../base/errors.ts';
import { packageVersion } from '../../base/package-files.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import type { RunProgress } from '../../run/types.ts';
import type { RunStatus } from '../status.ts';
import { Bell } from './bell.ts';
import { isRedisTrouble, redisFault } from './redis-faults.ts';
import type { RedisMonitor } from './redis-monitor.ts';
import { type Finished, readFinished } from './run-record.ts';

const lookEveryMs = 300;
/** What is in the way is worth a word after so long, and again after these. */
const firstWordMs = 3000;
const wordsAfterMinutes = [1, 5, 15, 60, 240];
/** Idle workers are no obstacle until nothing has moved for so long. */
const idleMs = 45_000;
/** A worker that was heard of within this time is there. */
const heardOfMs = 60_000;
const minuteMs = 60_000;

export interface FollowRequest {
  readonly monitor: RedisMonitor;
  readonly run: string;
  readonly folder: RunFolder;
  /** Host and port of Redis, for messages. */
  readonly redisPlace: string;
  /** Gives up when nothing has moved for so long. */
  readonly patienceMs: number;
  readonly start: RunProgress;
  readonly signal: AbortSignal;
  readonly emit: (progress: RunProgress) => void;
}

/**
 * Waits for the end of a run. The run's folder decides: it tells the end also when Redis does not answer.
 * @throws MachineError when the run was cancelled or failed, or when nothing moved for `patienceMs`.
 */
export async function followRun(request: FollowRequest): Promise<Finished> {
  const { monitor, run, folder } = request;
  const bell = new Bell();
  const watcher = monitor.watchClosely((changed) => {
    if (changed === run && readFinished(folder)) bell.ring();
  });
  try {
    return await follow(request, bell);
  } finally {
    watcher.stop();
  }
}

/** `bell` rings when the run may have ended; without Redis it never does. */
async function follow(request: FollowRequest, bell: Bell): Promise<Finished> {
  const { run, folder, patienceMs, signal, emit } = request;
  let movedAt = Date.now();
  let before = '';
  let progress = request.start;
  for (;;) {
    const finished = readFinished(folder);
    if (finished?.state === 'done') return finished;
    const { status, obstacle, isBusy } = await look(request, Date.now() - movedAt);
    if (status) {
      progress = progressOf(request.start, status);
      checkEnd(run, status, finished);
    }
    const now = JSON.stringify([progress, status?.state]);
    if (now !== before || isBusy) movedAt = Date.now();
    before = now;
    const stillMs = Date.now() - movedAt;
    emit({ ...progress, ...(obstacle === undefined ? {} : word(obstacle, stillMs)) });
    if (stillMs > patienceMs) {
      throw new MachineError(
        'run-silent',
        `nothing has moved for ${minutes(stillMs)}: ${obstacle ?? 'no tile was scored'}. The run is kept; the same command with --resume collects it or goes on`,
      );
    }
    await bell.heard(lookEveryMs, signal);
  }
}

interface Look {
  readonly status?: RunStatus;
  /** What the run waits for. */
  readonly obstacle?: string;
  /** Some worker computes. */
  readonly isBusy: boolean;
}

async function look({ monitor, run, redisPlace, signal }: FollowRequest, stillMs: number): Promise<Look> {
  try {
    const status = await unlessAborted(monitor.run(run), signal);
    if (status === undefined) {
      return {
        isBusy: false,
        obstacle: `the folder of run ${run} cannot be seen from here, or has lost its records: mount it again, or give the same command with --resume`,
      };
    }
    const workers = await unlessAborted(monitor.workers(), signal);
    const heardOf = workers.filter(({ lastSeenAt }) => Date.now() - lastSeenAt < heardOfMs);
    const there = heardOf.filter(({ state }) => state !== 'other-version');
    const isBusy = there.some(({ state }) => state === 'busy');
    if (status.waitsFor !== undefined) {
      return { status, isBusy: false, obstacle: `${describeCode(status.waitsFor)}; it is tried again` };
    }
    if (there.length === 0) {
      const obstacle =
        heardOf.length === 0
          ? 'no worker serves this queue: start some with voxtally worker'
          : `workers are there (${heardOf.length}), but of another version of voxtally, which take none of this run's work: start workers of the version of this program (${packageVersion()})`;
      return { status, isBusy, obstacle };
    }
    // The results are written by the planner alone.
    return isBusy || stillMs < idleMs || status.state === 'reducing'
      ? { status, isBusy }
      : { status, isBusy, obstacle: 'its workers are idle; look at their logs' };
  } catch (error) {
    signal.throwIfAborted();
    if (!isRedisTrouble(error)) throw error;
    const { message } = redisFault(error, redisPlace) ?? (error as Error);
    return { isBusy: false, obstacle: message };
  }
}

/** @throws MachineError for a run that has ended without results. */
function checkEnd(run: string, status: RunStatus, finished: Finished | undefined): void {
  if (status.state === 'cancelled') {
    throw new MachineError(
      'run-cancelled',
      `run ${run} was cancelled; voxtally retry ${run} goes on with it`,
    );
  }
  if (status.state !== 'failed') return;
  const reason = finished?.reason ?? status.endedBy;
  throw new MachineError(
    'run-failed',
    `run ${run} ended: ${reason === undefined ? 'Redis has lost it' : describeCode(reason)}; the same command with --resume goes on`,
  );
}

function progressOf(start: RunProgress, status: RunStatus): RunProgress {
  const { ok, failed, incomplete } = status.cases;
  return {
    ...start,
    stage: status.state === 'reducing' || status.state === 'done' ? 'reduce' : 'score',
    casesDone: ok + failed + incomplete,
    casesFailed: failed + incomplete,
    tilesTotal: Math.max(status.tilesTotal ?? 0, status.tilesDone),
    tilesDone: status.tilesDone,
    voxelsDone: status.voxelsDone,
    bytesRead: status.bytesRead,
  };
}

/** A note is shown once: as time goes by it says for how long. */
function word(obstacle: string, stillMs: number): { note?: string } {
  if (stillMs < firstWordMs) return {};
  const passed = wordsAfterMinutes.findLast((limit) => stillMs >= limit * minuteMs);
  return { note: passed === undefined ? obstacle : `${obstacle} (for ${passed} min)` };
}

function minutes(ms: number): string {
  return ms < minuteMs ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / minuteMs)} min`;
}

/** The answer, or the signal's reason as soon as it is aborted. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  answer.catch(() => {});
  try {
    signal.throwIfAborted();
    const aborted = once(signal, 'abort', { signal: over.signal }).then(
      () => Promise.reject(signal.reason),
      () => new Promise<never>(() => {}),
    );
    return await Promise.race([answer, aborted]);
  } finally {
    over.abort();
  }
}
