/** How a run goes: lasting facts from its folder, live ones from the board, and whether the queue has its job. */
import type { Job } from 'bullmq';
import type { RunState, RunStatus } from '../status.ts';
import { type LiveRun, type StatusName, statusLetters } from './board.ts';
import { secondsLeft } from './eta.ts';
import type { KnownRun } from './known-runs.ts';
import { queueVersion } from './queue-version.ts';
import { type Finished, findRequest, isCancelled } from './run-record.ts';

export interface RunFacts {
  /** What the board tells; undefined when Redis knows nothing of the run. */
  readonly live: LiveRun | undefined;
  readonly finished: Finished | undefined;
  /** A letter for each case. */
  readonly letters: string;
  /** The run's job, where the queue has it. */
  readonly job: Pick<Job, 'finishedOn' | 'failedReason'> | undefined;
}

export function runStatus(known: KnownRun, { live, finished, letters, job }: RunFacts): RunStatus {
  const { id, folder, record, cases } = known;
  const count = (name: StatusName) => letters.split(statusLetters[name]).length - 1;
  const numbers = { ...finished?.live, ...live?.numbers };
  const done = count('ok') + count('failed') + count('incomplete');
  const seconds = (Date.now() - record.createdAt) / 1000;
  // It may have been given another priority, or to another queue; what else is in the record stays as it was written.
  const request = finished ? record : (findRequest(folder) ?? record);
  const isElsewhere = request.queue !== queueVersion && !finished && !isCancelled(folder);
  const hasJob = job !== undefined && job.finishedOn === undefined;
  const state = isElsewhere ? 'running' : stateOf(known, live, finished, hasJob);
  const going = state === 'planning' || state === 'running';
  const etaSeconds = going && live ? secondsLeft(live, done, cases.length, Date.now()) : undefined;
  return {
    id,
    ...(record.config.name && { name: record.config.name }),
    ...(record.startedBy !== undefined && { startedBy: record.startedBy }),
    state,
    createdAt: record.createdAt,
    ...(finished ? { finishedAt: finished.finishedAt } : {}),
    priority: request.priority,
    cases: {
      total: cases.length,
      ok: count('ok'),
      failed: count('failed'),
      incomplete: count('incomplete'),
      inFlight: count('in-flight'),
    },
    tilesDone: numbers.tilesDone ?? 0,
    tilesTotal: numbers.tilesTotal ?? 0,
    voxelsDone: numbers.voxelsDone ?? 0,
    bytesRead: numbers.bytesRead ?? 0,
    megavoxelsPerSecond: going ? (live?.recentVoxels ?? 0) / 1e6 / Math.max(1, Math.min(60, seconds)) : 0,
    ...(etaSeconds === undefined ? {} : { etaSeconds }),
    ...(live ? { tileTimes: live.tileTimes } : {}),
    retries: numbers.retries ?? 0,
    stalls: numbers.stalls ?? 0,
    ...((going || state === 'reducing') && live?.waitsFor ? { waitsFor: live.waitsFor } : {}),
    ...(isElsewhere ? { waitsFor: 'queue-version' } : {}),
    ...endedBy(state, finished?.reason ?? job?.failedReason),
  };
}

/** Why a run has failed, where that is known. */
function endedBy(state: RunState, reason: string | undefined): Pick<RunStatus, 'endedBy'> {
  return state === 'failed' && reason ? { endedBy: reason } : {};
}

function stateOf(
  { folder }: KnownRun,
  live: LiveRun | undefined,
  finished: Finished | undefined,
  hasJob: boolean,
): RunState {
  if (finished) return finished.state;
  if (isCancelled(folder)) return 'cancelled';
  // Without a job nothing goes on: Redis was wiped, and `score --resume` has to bring the run back.
  if (!hasJob) return 'failed';
  return live?.state === undefined || live.state === 'cancelled' || live.state === 'failed'
    ? 'planning'
    : live.state === 'done'
      ? 'reducing'
      : live.state;
}
