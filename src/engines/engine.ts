/** What a run asks of an engine. An engine decides where and when the steps of `CaseWork` are done; it knows no voxels. */
import type { RunEvent } from '../run/run-events.ts';

export interface EngineRequest {
  /** Cases that have no outcome yet, by index. */
  readonly pending: readonly number[];
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
}
