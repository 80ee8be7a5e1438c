/** What is asked of a finished run, and what of it the tallies do not hold already. */

import { findTerm, type TermSpec } from '../../base/class-sums.ts';
import { UsageError } from '../../base/errors.ts';
import { type Convention, neededLovasz, neededTerms } from '../../losses/spec.ts';
import { hardThreshold } from '../../measures/tile/threshold.ts';
import { loadConfig } from '../../settings/load-config.ts';
import { crossEntropyClips, lossesOf } from '../../settings/resolve-settings.ts';
import { decidesByChannel, predictsLabels, type RunSettings } from '../../settings/run-settings.ts';
import { measureNames, measureOf, shapeQuestions } from '../../settings/shape-names.ts';
import { shapeSettings } from '../../settings/shape-settings.ts';
import { holdsLogits } from './finished-run.ts';

/** What may be another than in the run; the rest stays as the run had it. */
export interface Question {
  /** As for `score`. */
  readonly losses?: string;
  /** A probability in [0, 1). */
  readonly threshold?: number | string;
  readonly convention?: Convention;
  readonly fbeta?: number | string;
  /** Of borders and lesions, as for `score`. */
  readonly percentiles?: readonly number[] | string;
  readonly nsdTolerancesMm?: unknown;
  readonly emptyDistance?: null | number | string;
  readonly connectivity?: number | string;
  readonly matchIou?: number | string;
  readonly lesionPreset?: string | null;
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
  const config = loadConfig({
    flags: {
      ...shapeFlags(settings, question),
      losses: question.losses ?? settings.losses,
      threshold: question.threshold ?? settings.threshold,
      convention: question.convention ?? settings.convention,
      fbeta: question.fbeta ?? settings.fbeta,
    },
  });
  const { losses, threshold, convention, fbeta } = config;
  const asked: RunSettings = {
    ...settings,
    losses,
    threshold,
    convention,
    fbeta,
    crossEntropyClip: crossEntropyClips[convention],
    ...(settings.shapes ? { shapes: shapeSettings(config)! } : {}),
  };
  checkMasks(settings, asked);
  const specs = lossesOf(asked);
  const labels = settings.scores === 'label';
  return {
    ...asked,
    terms: labels ? [] : neededTerms(specs),
    lovasz: labels ? [] : [...neededLovasz(specs)].sort(),
  };
}

/** The settings of shapes as the run had them, but for what is asked otherwise. @throws UsageError */
function shapeFlags({ shapes }: RunSettings, question: Question): Record<string, unknown> {
  const asked = shapeQuestions.filter((name) => question[name] !== undefined);
  const missing = asked.find((name) => !shapes?.[measureOf(name)]);
  if (missing !== undefined) {
    const what = measureOf(missing) === 'boundary' ? 'distances' : 'lesions';
    const wanted = measureNames.filter(
      (name) => name === 'overlap' || shapes?.[name] || asked.some((own) => measureOf(own) === name),
    );
    throw new UsageError(
      'shapes-missing',
      `${missing}: this run measured no ${what}; score it again with --measures ${wanted.join()}`,
      { field: missing },
    );
  }
  if (!shapes) return {};
  const { boundary, lesions, tolerancesMm, ...rest } = shapes;
  const measures = ['overlap', ...(boundary ? ['boundary'] : []), ...(lesions ? ['lesions'] : [])];
  const given = Object.fromEntries(asked.map((name) => [name, question[name]]));
  return { measures, nsdTolerancesMm: tolerancesMm, ...rest, ...given };
}

/** Masks are of the run's threshold: borders and lesions of another are not known. @throws UsageError */
function checkMasks(known: RunSettings, asked: RunSettings): void {
  if (!known.shapes || known.scores === 'label') return;
  const moved =
    hardThreshold(known.threshold, holdsLogits(known)) !== hardThreshold(asked.threshold, holdsLogits(known));
  if (!moved || known.classes.every((runClass) => decidesByChannel(known, runClass))) return;
  throw new UsageError(
    'shapes-threshold',
    `borders and lesions of this run are of the threshold ${known.threshold}; score it again with --threshold ${asked.threshold}`,
    { field: 'threshold' },
  );
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

/** What needs the shards, in words; undefined where the tallies are enough. */
export function describeUnknown({ terms, counts, crossEntropy }: Unknown): string | undefined {
  const parts = [
    ...(terms.length > 0 ? ['a loss whose terms were not tallied'] : []),
    ...(counts ? ['another threshold'] : []),
    ...(crossEntropy ? ['cross-entropy with another clip'] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(' and ');
}
