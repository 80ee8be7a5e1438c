import type { CaseOutcome, HeldOutcome, RunOutcome } from '../base/scored.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import { classesOf, measuresOf } from '../measures/tally/class-sums-of.ts';
import { emptyTally, mergeTallies, type Tally } from '../measures/tally/tally.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { CaseOutcomeRecord } from './case-outcome.ts';

/** The measures of every case and of the pool, from what is in the run's folder. */
export function buildOutcome(
  settings: RunSettings,
  cases: readonly ManifestCase[],
  outcomes: readonly CaseOutcomeRecord[],
  pooledLovasz: readonly LovaszValues[],
): HeldOutcome {
  const scored = outcomes.filter(({ status }) => status === 'ok').length;
  const outcome = outcomeOf(
    settings,
    cases,
    outcomes,
    { scored, tally: sumOf(settings, outcomes) },
    pooledLovasz,
  );
  return { ...outcome, cases: [...outcome.cases] };
}

/** The sum of what was scored. */
export interface OutcomeSum {
  /** Number of scored cases. */
  readonly scored: number;
  readonly tally: Tally;
}

/** The same, with the measures of a case made when it is asked for, from a record that may be read only then. */
export function outcomeOf(
  settings: RunSettings,
  cases: readonly ManifestCase[],
  outcomes: Iterable<CaseOutcomeRecord>,
  { scored, tally }: OutcomeSum,
  pooledLovasz: readonly LovaszValues[],
): RunOutcome {
  // The labels of all cases are those of their sum.
  const classes = classesOf(settings, [tally]);
  const entry = (outcome: CaseOutcomeRecord): CaseOutcome => {
    const { id, group, predictions, reference } = cases[outcome.index]!;
    const named = group === undefined ? { id } : { id, group };
    if (outcome.status !== 'ok') return { ...named, status: outcome.status, error: outcome.error };
    return {
      ...named,
      status: 'ok',
      shape: outcome.shape,
      spacingMm: outcome.spacingMm,
      ...(outcome.unsizedAxes && { unsizedAxes: outcome.unsizedAxes }),
      voxelMm3: outcome.voxelMm3,
      predictionFile: predictions[0]!,
      referenceFile: reference,
      ...measuresOf(settings, classes, outcome.tally, outcome.lovasz),
    };
  };
  return {
    scores: settings.scores,
    channels: settings.channels,
    classes,
    cases: {
      *[Symbol.iterator]() {
        for (const outcome of outcomes) yield entry(outcome);
      },
    },
    ...(scored > 0 ? { pooled: measuresOf(settings, classes, tally, pooledLovasz) } : {}),
  };
}

/** The tallies of all scored cases as one. */
export function sumOf(settings: RunSettings, outcomes: Iterable<CaseOutcomeRecord>): Tally {
  let sum = emptyTally(settings.classes.length, settings.terms.length);
  for (const outcome of outcomes) if (outcome.status === 'ok') sum = mergeTallies(sum, outcome.tally);
  return sum;
}
