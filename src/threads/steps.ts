/** What is done in threads, as messages: see thread-steps.ts for how. */

import type { KeyCounts } from '../measures/sorted-errors/merger.ts';
import type { RangeJob } from '../measures/sorted-errors/ranges.ts';
import type { WalkRequest } from '../measures/sorted-errors/walk-range.ts';
import type { RunSumRequest } from '../measures/terms/sum-runs.ts';
import type { CasePlan } from '../run/plan/case-plan.ts';
import type { StoreAddress } from '../run/store.ts';
import type { CollectedCase, CollectedTile, ShardRef } from '../run/tile-partial.ts';

/** What is done in a thread, with its arguments. `plan` is the identity of the plan that the step is of. */
export type Step =
  | {
      readonly kind: 'score-bundle';
      readonly store: StoreAddress;
      readonly case: number;
      readonly plan: string;
      readonly bundle: number;
    }
  | {
      readonly kind: 'score-buffer';
      readonly store: StoreAddress;
      readonly case: number;
      readonly plan: string;
      readonly bundle: number;
      /** Stored bytes of the bundle's tiles: each channel's, then the reference's. */
      readonly bytes: SharedArrayBuffer;
    }
  | {
      /** All of a case that is one tile: read, scored and collected with no partial stored. */
      readonly kind: 'score-case';
      readonly store: StoreAddress;
      readonly plan: CasePlan;
      /** Stored bytes of the case, each channel's and then the reference's; null where the thread reads its files. */
      readonly bytes: SharedArrayBuffer | null;
      /** Write the shards of its classes. */
      readonly keepShards: boolean;
    }
  | { readonly kind: 'open-case'; readonly store: StoreAddress; readonly case: number; readonly plan: string }
  | { readonly kind: 'open-shards'; readonly store: StoreAddress; readonly files: readonly ShardRef[] }
  | {
      readonly kind: 'merge-range';
      readonly store: StoreAddress;
      readonly files: readonly ShardRef[];
      readonly job: RangeJob;
      /** Evaluate the sorted losses. */
      readonly evaluate: boolean;
      /** Write the merged shard there. */
      readonly target: ShardRef | null;
    }
  | {
      readonly kind: 'case-job';
      readonly store: StoreAddress;
      readonly case: number;
      readonly plan: string;
      /** The row that left the job. */
      readonly quantity: string;
      readonly job: unknown;
      /** Write the merged shard there. */
      readonly target: ShardRef | null;
    }
  | {
      readonly kind: 'sum-runs';
      readonly store: StoreAddress;
      readonly file: ShardRef;
      readonly request: RunSumRequest;
    }
  | {
      readonly kind: 'survey-shards';
      readonly store: StoreAddress;
      readonly files: readonly ShardRef[];
      readonly class: number;
    }
  | {
      readonly kind: 'walk-scores';
      readonly store: StoreAddress;
      readonly files: readonly ShardRef[];
      readonly request: WalkRequest;
    };

/** What a step has scored. */
export interface TilesDone {
  readonly tiles: number;
  readonly voxels: number;
  /** Stored bytes read from volumes, inflated where gzip. */
  readonly bytes: number;
  readonly seconds: number;
}

/** A case that was scored in one step. */
export interface CaseScored {
  readonly done: TilesDone;
  readonly collected: CollectedTile;
  /** Those that were written. */
  readonly shards: readonly ShardRef[];
}

export type MergeStep = Extract<Step, { kind: 'merge-range' }>;

export type JobStep = Extract<Step, { kind: 'case-job' }>;

/** How the keys of some files are merged, and how many there are of each class. */
export interface OpenedShards {
  readonly jobs: readonly RangeJob[];
  readonly keys: readonly KeyCounts[];
}

export type OpenedCase = CollectedCase;
