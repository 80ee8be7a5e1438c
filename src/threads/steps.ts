/** What is done in threads, as messages: see thread-steps.ts for how. */

import type { RangeJob } from '../measures/sorted-errors/ranges.ts';
import type { WalkRequest } from '../measures/sorted-errors/walk-range.ts';
import type { RunSumRequest } from '../measures/terms/sum-runs.ts';
import type { CollectedCase } from '../run/tile-partial.ts';

/** What is done in a thread, with its arguments. Paths are those of files in the run's folder. */
export type Step =
  | {
      readonly kind: 'score-bundle';
      readonly root: string;
      readonly case: number;
      readonly bundle: number;
    }
  | {
      readonly kind: 'score-buffer';
      readonly root: string;
      readonly case: number;
      readonly bundle: number;
      /** Stored bytes of the bundle's tiles: each channel's, then the reference's. */
      readonly bytes: SharedArrayBuffer;
    }
  | { readonly kind: 'open-case'; readonly root: string; readonly case: number }
  | { readonly kind: 'open-shards'; readonly root: string; readonly files: readonly string[] }
  | {
      readonly kind: 'merge-range';
      readonly root: string;
      readonly files: readonly string[];
      readonly job: RangeJob;
      /** Evaluate the sorted losses. */
      readonly evaluate: boolean;
      /** Write the merged shard there. */
      readonly target: string | null;
    }
  | {
      readonly kind: 'case-job';
      readonly root: string;
      readonly case: number;
      /** The row that left the job. */
      readonly quantity: string;
      readonly job: unknown;
      /** Write the merged shard there. */
      readonly target: string | null;
    }
  | {
      readonly kind: 'sum-runs';
      readonly root: string;
      readonly file: string;
      readonly request: RunSumRequest;
    }
  | {
      readonly kind: 'survey-shards';
      readonly root: string;
      readonly files: readonly string[];
      readonly class: number;
    }
  | {
      readonly kind: 'walk-scores';
      readonly root: string;
      readonly files: readonly string[];
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

export type MergeStep = Extract<Step, { kind: 'merge-range' }>;

export type JobStep = Extract<Step, { kind: 'case-job' }>;

export type OpenedCase = CollectedCase;
