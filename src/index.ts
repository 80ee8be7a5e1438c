/**
 * Voxtally as a library.
 *
 * ```ts
 * import { openRun, scoreRun } from 'voxtally';
 * const { results } = await scoreRun({ predictions: 'preds/', references: 'labels/', out: 'results/' }).done;
 * const asked = await openRun('results/').ask({ losses: 'tversky(alpha=0.3,beta=0.7)', threshold: 0.35 });
 * ```
 *
 * docs/library.md has an example of each function; `voxtally/tfjs` has the losses as tensors, to train with.
 */

export type { Vec3 } from './base/box.ts';
export type { HardCounts } from './base/class-sums.ts';
export {
  type FaultPlace,
  InputError,
  MachineError,
  PartialError,
  UsageError,
  VoxtallyError,
} from './base/errors.ts';
export { lossesOfSums, metricsOfCounts, type SoftSums } from './library/formulas.ts';
export {
  compareRuns,
  type MergeRunsOptions,
  mergeRuns,
  type OpenedRun,
  openRun,
} from './library/open-run.ts';
export { type CaseArrays, scoreArrays } from './library/score-arrays.ts';
export { type ScoreRunOptions, scoreRun } from './library/score-run.ts';
export type { HardMetrics } from './losses/metrics/hard.ts';
export type { Convention } from './losses/spec.ts';
export type { AskOptions } from './questions/ask/ask.ts';
export type { Question } from './questions/ask/question.ts';
export type { CompareOptions } from './questions/compare/compare.ts';
export type { Comparison } from './questions/compare/types.ts';
export type { CurveOptions } from './questions/curves/curves.ts';
export type { ClassCurves } from './questions/curves/types.ts';
export type { MergedRun } from './questions/merge/merge.ts';
export type { CaseResult, ResultsDocument, ScoredCaseResult } from './results/document.ts';
export type { RunProgress, RunReport, StartedRun } from './run/types.ts';
export type { ConfigInput } from './settings/schema.ts';
export { readHeader } from './volumes/formats.ts';
export type { Datatype, VolumeHeader } from './volumes/types.ts';
