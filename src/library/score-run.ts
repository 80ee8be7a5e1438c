/** A run from a program: what `voxtally score` does, with its progress. */
import { type CaseSource, gatherCases } from '../cli/cases.ts';
import { prepareOutDir } from '../cli/out-dir.ts';
import { scoreRun as startRun } from '../engines/score-run.ts';
import type { StartedRun } from '../run/types.ts';
import { loadConfig } from '../settings/load-config.ts';
import type { ConfigInput } from '../settings/schema.ts';

/** Which cases to score: two folders, or a manifest; the fields are the flags of `voxtally score`. */
export interface ScoreRunOptions extends CaseSource {
  /** The run's folder; it is made. */
  readonly out: string;
  /** The settings of `config/default.yaml`, all optional. */
  readonly settings?: Omit<ConfigInput, 'out' | 'engine' | 'redis'>;
  /** Go on with the run that `out` holds. @defaultValue false */
  readonly resume?: boolean;
  /** Replace the run that `out` holds. @defaultValue false */
  readonly overwrite?: boolean;
  /** Although a run that goes on owns `out`: it can change nothing there any more. @defaultValue false */
  readonly takeOver?: boolean;
  /** Stops the run at the next tile; `resume` goes on from there. */
  readonly signal?: AbortSignal;
}

/**
 * Scores cases in this process and its threads and writes the result files to `out`.
 *
 * ```ts
 * const { progress, done } = scoreRun({ predictions: 'preds/', references: 'labels/', out: 'results/' });
 * progress.subscribe(({ casesDone, casesTotal }) => console.log(`${casesDone} of ${casesTotal}`));
 * const { results, exitStatus } = await done;
 * ```
 *
 * `progress` is an rxjs Observable of counts that only grow; it completes, or errs, when `done` settles. A case that cannot be
 * scored does not reject `done`: it is `failed` in the results, with its reason, and `exitStatus` is 1.
 * @throws UsageError for settings that are wrong, no case at all, or a folder that holds another run.
 */
export function scoreRun(options: ScoreRunOptions): StartedRun {
  const {
    out,
    settings = {},
    resume = false,
    overwrite = false,
    takeOver = false,
    signal,
    ...source
  } = options;
  const config = loadConfig({ flags: { ...settings, out } });
  const { cases, warnings } = gatherCases(source, config.missingPrediction);
  const owned = prepareOutDir(out, { resume, overwrite, takeOver });
  const { progress, done } = startRun({
    cases,
    config,
    outDir: out,
    out: owned,
    resume,
    signal: signal ?? new AbortController().signal,
    warnings,
  });
  return { progress, done: done.finally(() => owned.release()) };
}
