/** What a run asks of an engine. An engine decides where and when the steps of `CaseWork` are done; it knows no voxels. */
import type { RunEvent } from '../run/run-events.ts';
import type { CaseWork } from './case-work.ts';

export interface Engine {
  /** Gives every pending case an outcome, and tells of each. Rejects only when aborted or when the run's folder cannot be written. */
  run(request: EngineRequest): Promise<void>;
}

/** `keepShards`: cases leave their merged shards, for the pool or for later questions. */
export type MakeEngine = (work: CaseWork, threads: number, keepShards: boolean) => Engine;

export interface EngineRequest {
  /** Cases that have no outcome yet, by index. */
  readonly pending: readonly number[];
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
}
