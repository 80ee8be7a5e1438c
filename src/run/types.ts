/** What the command line asks of a run, and what a run tells back. */

import type { Observable } from 'rxjs';
import type { ManifestCase } from '../cases/types.ts';
import type { ResultsDocument } from '../results/document.ts';
import type { Config } from '../settings/schema.ts';
import type { AuditSummary } from './audit/report.ts';
import type { OutFolder } from './out-folder.ts';

/** One scoring of one manifest under one configuration. */
export interface RunRequest {
  readonly cases: readonly ManifestCase[];
  readonly config: Config;
  /** The run's folder; exists or can be made. */
  readonly outDir: string;
  /** `outDir`, where its owner has it already; else the run becomes the owner, and lets it go at its end. */
  readonly out?: OutFolder;
  /** Go on from what `outDir` holds of the same run. */
  readonly resume: boolean;
  /** Aborted by the first interrupt: the run stops at the next tile and can be resumed. */
  readonly signal: AbortSignal;
  /** What was noticed before the run, such as predictions without a reference. */
  readonly warnings: readonly string[];
}

/** A snapshot of a run. Counts only grow, but for `tilesTotal`, which grows as cases are planned. */
export interface RunProgress {
  readonly stage: 'plan' | 'score' | 'reduce' | 'write';
  readonly casesTotal: number;
  /** Cases that are finished, the failed ones among them. */
  readonly casesDone: number;
  readonly casesFailed: number;
  /** Tiles known so far. */
  readonly tilesTotal: number;
  readonly tilesDone: number;
  readonly voxelsDone: number;
  /** Stored bytes read from volumes, inflated where gzip. */
  readonly bytesRead: number;
  /** A sentence that is shown once. */
  readonly note?: string;
}

/** 0: all cases scored, and an audit found nothing; 1: some cases failed or an audit found something; 2: nothing could run. */
export type ExitStatus = 0 | 1 | 2;

export interface RunReport {
  readonly exitStatus: ExitStatus;
  readonly results: ResultsDocument;
  readonly outDir: string;
  /** Decisions that the run made, such as the kind of scores that `auto` found. */
  readonly notes: readonly string[];
  readonly seconds: number;
  /** Where an audit was asked for; `audit.json` has the whole. */
  readonly audit?: AuditSummary;
}

/** A run that has been started. `progress` completes, or errs, when `done` settles. */
export interface StartedRun {
  readonly progress: Observable<RunProgress>;
  readonly done: Promise<RunReport>;
}
