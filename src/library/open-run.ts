/** A finished run, and what can be asked of it without reading a volume. */
import { type AskOptions, ask } from '../questions/ask/ask.ts';
import { type FinishedRun, openFinishedRun } from '../questions/ask/finished-run.ts';
import type { Question } from '../questions/ask/question.ts';
import { type CompareOptions, compareRuns as compare } from '../questions/compare/compare.ts';
import type { Comparison } from '../questions/compare/types.ts';
import { type CurveOptions, curves } from '../questions/curves/curves.ts';
import type { ClassCurves } from '../questions/curves/types.ts';
import { type MergedRun, mergeRuns as merge } from '../questions/merge/merge.ts';
import type { ResultsDocument } from '../results/document.ts';
import { readResults } from '../run/read-results.ts';

/** A run that is over, as it is in its folder. */
export class OpenedRun {
  readonly #run: FinishedRun;
  /** As `results.json`. */
  readonly results: ResultsDocument;

  /** @throws UsageError when the folder holds no run, one that is not over, or one of another version. */
  constructor(folder: string) {
    this.#run = openFinishedRun(folder);
    this.results = readResults(folder);
  }

  /** The folder of the results, as it was given. */
  get folder(): string {
    return this.#run.outDir;
  }

  /** Names of the classes, in the order of the results. */
  get classNames(): string[] {
    return this.results.classes.map(({ name }) => name);
  }

  /**
   * The results that a fresh run would give with other losses, another threshold, convention or beta: the same bits.
   * @throws UsageError for losses that the scores cannot have, and when shards are needed that were not kept.
   */
  async ask(question: Question, options: AskOptions = {}): Promise<ResultsDocument> {
    return (await ask(this.#run, question, options)).results;
  }

  /**
   * ROC, precision-recall, threshold and calibration curves of some classes, all by default.
   * @throws UsageError for an unknown class or case, label maps, or shards that were not kept.
   */
  curves(options: Partial<CurveOptions> = {}): Promise<ClassCurves[]> {
    return curves(this.#run, { classes: this.classNames, ...options });
  }

  /** @internal */
  static finished(run: OpenedRun): FinishedRun {
    return run.#run;
  }
}

/** Opens a finished run. @throws UsageError when the folder holds none. */
export function openRun(folder: string): OpenedRun {
  return new OpenedRun(folder);
}

/**
 * The same cases under two models: paired differences with bootstrap intervals, and Wilcoxon's signed-rank test.
 * @throws UsageError when no case, class or measure is common, or the references of a case differ.
 */
export function compareRuns(a: OpenedRun, b: OpenedRun, options: CompareOptions = {}): Comparison {
  return compare(OpenedRun.finished(a), OpenedRun.finished(b), options);
}

export interface MergeRunsOptions {
  /** At least one; their order is that of the cases. */
  readonly runs: readonly OpenedRun[];
  /** An empty folder, or one whose run may be replaced. */
  readonly out: string;
  /** Ids of cases to withdraw. */
  readonly without?: readonly string[];
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/**
 * Writes one run over the cases of several, with the bytes that a run over all of them would have written.
 * @throws UsageError when settings differ, or a case is in several runs.
 */
export function mergeRuns({ runs, out, ...options }: MergeRunsOptions): Promise<MergedRun> {
  return merge({ runs: runs.map(OpenedRun.finished), outDir: out, ...options });
}
