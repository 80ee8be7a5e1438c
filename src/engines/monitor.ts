/** Who watches runs and workers asks a monitor. Implemented over Redis. */
import { describeCode } from '../base/error-codes.ts';
import type {
  CasePage,
  CaseStatus,
  FailureReason,
  History,
  PooledSoFar,
  QueueDepth,
  RunStatus,
  WorkerStatus,
} from './status.ts';

export interface Monitor {
  /** Newest first. */
  runs(): Promise<readonly RunStatus[]>;
  run(id: string): Promise<RunStatus | undefined>;
  /** One page of cases, never all at once; pages count from 0. */
  cases(
    id: string,
    query: { readonly status?: CaseStatus['status']; readonly page: number; readonly pageSize: number },
  ): Promise<CasePage>;
  pooled(id: string): Promise<PooledSoFar>;
  /** Why cases have no score, the commonest reason first. */
  reasons(id: string): Promise<readonly FailureReason[]>;
  workers(): Promise<readonly WorkerStatus[]>;
  /** What the queues hold: runs, cases, tiles. */
  queueDepths(): Promise<readonly QueueDepth[]>;
  /** What was done when, by all runs or by one, over the last 24 hours. */
  history(id?: string): Promise<History>;
  /** Calls back when something of a run has changed, at most once a second a run; returns how to stop. */
  watch(onChange: (runId: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** How long a worker may be silent before it is shown as lost, in milliseconds: by then others take over what it had. */
export const silentMs = 30_000;
/** One that has no connection is gone after so long; one that has may be slow. */
const disconnectedMs = 10_000;
/** Where Redis does not tell of connections, whoever was silent for so long is taken for gone. */
const goneMs = 600_000;

export interface Heard {
  readonly busy: boolean;
  readonly lastSeenAt: number;
}

/** What a worker does, as far as it was heard of. `isConnected`: whether Redis has a connection of it, where Redis tells. */
export function workerState(
  { busy, lastSeenAt }: Heard,
  isConnected: boolean | undefined,
  now: number,
): WorkerStatus['state'] {
  const silent = now - lastSeenAt;
  if (isConnected === false ? silent > disconnectedMs : isConnected === undefined && silent > goneMs)
    return 'gone';
  return silent > silentMs ? 'silent' : busy ? 'busy' : 'idle';
}

/** Whether it is worth asking whether a worker is connected: one that was just heard of is. */
export function isOverdue({ lastSeenAt }: Pick<Heard, 'lastSeenAt'>, now: number): boolean {
  return now - lastSeenAt > disconnectedMs;
}

/** Whether a worker was silent for so long that it counts no more. */
export function isLongSilent({ lastSeenAt }: Pick<Heard, 'lastSeenAt'>, now: number): boolean {
  return now - lastSeenAt > goneMs;
}

/** Whether all cases of a run have an outcome and none a score: it has failed, whatever its state. */
export function isAllFailed({ state, cases }: RunStatus): boolean {
  return state === 'done' && cases.total > 0 && cases.ok === 0;
}

/** What is in the way of a run, or ended it, in a sentence; undefined for nothing. */
export function troubleOf({ state, waitsFor, endedBy }: RunStatus): string | undefined {
  if (waitsFor === 'queue-version') return `is ${describeCode(waitsFor)}`;
  if (waitsFor !== undefined) return `waits, and is tried again: ${describeCode(waitsFor)}`;
  if (state !== 'failed') return undefined;
  return endedBy === undefined
    ? 'is lost to Redis: voxtally score --resume with the same arguments goes on with it'
    : `has ended: ${describeCode(endedBy)}`;
}
