import type { CaseOutcome, RunOutcome } from '../base/scored.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import { classesOf, measuresOf } from '../measures/tally/class-sums-of.ts';
import { emptyTally, mergeTallies } from '../measures/tally/tally.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { CaseOutcomeRecord, ScoredOutcome } from './case-outcome.ts';

/** The measures of every case and of the pool, from what is in the run's folder. */
export function buildOutcome(
  settings: RunSettings,
  cases: readonly ManifestCase[],
  outcomes: readonly CaseOutcomeRecord[],
  pooledLovasz: readonly LovaszValues[],
): RunOutcome {
  const scored = outcomes.filter((outcome): outcome is ScoredOutcome => outcome.status === 'ok');
  const classes = classesOf(
    settings,
    scored.map(({ tally }) => tally),
  );
  const entries = outcomes.map((outcome): CaseOutcome => {
    const { id, group, predictions, reference } = cases[outcome.index]!;
    const named = group === undefined ? { id } : { id, group };
    if (outcome.status !== 'ok') return { ...named, status: outcome.status, error: outcome.error };
    return {
      ...named,
      status: 'ok',
      shape: outcome.shape,
      spacingMm: outcome.spacingMm,
      voxelMm3: outcome.voxelMm3,
      predictionFile: predictions[0]!,
      referenceFile: reference,
      ...measuresOf(settings, classes, outcome.tally, outcome.lovasz),
    };
  });
  const whole = scored.reduce(
    (sum, { tally }) => mergeTallies(sum, tally),
    emptyTally(settings.classes.length, settings.terms.length),
  );
  return {
    scores: settings.scores,
    channels: settings.channels,
    classes,
    cases: entries,
    ...(scored.length > 0 ? { pooled: measuresOf(settings, classes, whole, pooledLovasz) } : {}),
  };
}
