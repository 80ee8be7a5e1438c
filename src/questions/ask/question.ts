/** What is asked of a finished run, and what of it the tallies do not hold already. */

import type { TermSpec } from '../../base/class-sums.ts';
import { type Convention, neededLovasz, neededTerms } from '../../losses/spec.ts';
import { hardThreshold } from '../../measures/tile/threshold.ts';
import { loadConfig } from '../../settings/load-config.ts';
import { crossEntropyClips, lossesOf } from '../../settings/resolve-settings.ts';
import { decidesByChannel, predictsLabels, type RunSettings } from '../../settings/run-settings.ts';
import { holdsLogits } from './finished-run.ts';

/** What may be another than in the run; the rest stays as the run had it. */
export interface Question {
  /** As for `score`. */
  readonly losses?: string;
  /** A probability in [0, 1). */
  readonly threshold?: number | string;
  readonly convention?: Convention;
  readonly fbeta?: number | string;
}

/** What has to be summed from shards. */
export interface Unknown {
  readonly terms: readonly TermSpec[];
  /** Counts at the threshold. */
  readonly counts: boolean;
  readonly crossEntropy: boolean;
}

/** The settings that a fresh run would have under the question. @throws UsageError as `score` would. */
export function questionSettings(settings: RunSettings, question: Question): RunSettings {
  const { losses, threshold, convention, fbeta } = loadConfig({
    flags: {
      losses: question.losses ?? settings.losses,
      threshold: question.threshold ?? settings.threshold,
      convention: question.convention ?? settings.convention,
      fbeta: question.fbeta ?? settings.fbeta,
    },
  });
  const asked: RunSettings = {
    ...settings,
    losses,
    threshold,
    convention,
    fbeta,
    crossEntropyClip: crossEntropyClips[convention],
  };
  const specs = lossesOf(asked);
  const labels = settings.scores === 'label';
  return {
    ...asked,
    terms: labels ? [] : neededTerms(specs),
    lovasz: labels ? [] : [...neededLovasz(specs)].sort(),
  };
}

/** What `asked` needs and a run of `known` has not tallied. */
export function unknownOf(known: RunSettings, asked: RunSettings): Unknown {
  if (known.scores === 'label') return { terms: [], counts: false, crossEntropy: false };
  const logit = holdsLogits(known);
  return {
    terms: asked.terms.filter((spec) => findTerm(known.terms, spec) < 0),
    counts:
      known.classes.some((runClass) => !decidesByChannel(known, runClass)) &&
      hardThreshold(known.threshold, logit) !== hardThreshold(asked.threshold, logit),
    crossEntropy:
      known.scores === 'probability' &&
      predictsLabels(known) &&
      known.crossEntropyClip !== asked.crossEntropyClip &&
      lossesOf(asked).some(({ name }) => name === 'cross-entropy'),
  };
}

export function findTerm(terms: readonly TermSpec[], { gamma, clip }: TermSpec): number {
  return terms.findIndex((spec) => spec.gamma === gamma && spec.clip === clip);
}

/** What needs the shards, in words; undefined where the tallies are enough. */
export function describeUnknown({ terms, counts, crossEntropy }: Unknown): string | undefined {
  const parts = [
    ...(terms.length > 0 ? ['a loss whose terms were not tallied'] : []),
    ...(counts ? ['another threshold'] : []),
    ...(crossEntropy ? ['cross-entropy with another clip'] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(' and ');
}
