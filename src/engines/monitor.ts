/** What the dashboard and `voxtally status` show. Implemented over Redis; nothing here is private (no paths). */

export type RunState = 'planning' | 'running' | 'reducing' | 'done' | 'cancelled' | 'failed';

export interface RunStatus {
  readonly id: string;
  /** What its pages call it, and who asked for it (user and host), where that is known. */
  readonly name?: string;
  readonly startedBy?: string;
  readonly state: RunState;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly finishedAt?: number;
  readonly priority: number;
  readonly cases: {
    readonly total: number;
    readonly ok: number;
    readonly failed: number;
    readonly incomplete: number;
    readonly inFlight: number;
  };
  readonly tilesDone: number;
  readonly voxelsDone: number;
  readonly bytesRead: number;
  /** Over the last minute; 0 while nothing happens. */
  readonly megavoxelsPerSecond: number;
  readonly etaSeconds?: number;
  readonly retries: number;
  readonly stalls: number;
  /** How long tiles took, where that is kept. */
  readonly tileTimes?: TileTimes;
}

/** Upper ends of the classes that tile times are counted in, in seconds; longer ones are in a last class. */
export const tileSecondsBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

export interface TileTimes {
  /** Tiles in each class, not cumulated: one number a bound and one for what took longer. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
}

export interface CaseStatus {
  readonly index: number;
  /** The case's id from the run's folder: shown as text, never part of an address. */
  readonly name: string;
  readonly status: 'waiting' | 'in-flight' | 'ok' | 'failed' | 'incomplete';
  readonly error?: { readonly code: string; readonly message: string };
}

/** Cases without a score that have one reason. */
export interface FailureReason {
  readonly code: string;
  readonly cases: number;
  /** The first of them, and its message. */
  readonly example: { readonly index: number; readonly name: string; readonly message: string };
}

export interface WorkerStatus {
  readonly id: string;
  /** Name of its machine; undefined for workers of versions that did not tell, as the facts below. */
  readonly host?: string;
  readonly processId?: number;
  readonly memoryBytes?: number;
  /** Over the last minute. */
  readonly megavoxelsPerSecond?: number;
  /** What it works at: the run, and the case where there is one. */
  readonly working?: { readonly run: string; readonly case?: number };
  readonly threads: number;
  readonly lastSeenAt: number;
  readonly tilesDone: number;
  readonly busy: boolean;
}

/** By the names of tables: `dice`, `dice_loss`. */
export interface PooledValues {
  /** Of whole voxels, at the decision. */
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly losses: Readonly<Record<string, number | null>>;
}

/** Pooled values so far, by class, and on how many cases they rest. */
export interface PooledSoFar {
  readonly cases: number;
  readonly classes: Readonly<Record<string, PooledValues>>;
}

export interface CasePage {
  readonly total: number;
  /** From 0. */
  readonly page: number;
  readonly pageSize: number;
  readonly cases: readonly CaseStatus[];
}

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
  /** Calls back when something of a run has changed, at most once a second a run; returns how to stop. */
  watch(onChange: (runId: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** How long a worker may be silent before it is shown as lost, in milliseconds. */
export const silentMs = 60_000;

/** What a worker does, as far as it was heard of. */
export function workerState({ busy, lastSeenAt }: WorkerStatus, now: number): 'busy' | 'idle' | 'silent' {
  return now - lastSeenAt > silentMs ? 'silent' : busy ? 'busy' : 'idle';
}

/** Whether all cases of a run have an outcome and none a score: it has failed, whatever its state. */
export function isAllFailed({ state, cases }: RunStatus): boolean {
  return state === 'done' && cases.total > 0 && cases.ok === 0;
}
