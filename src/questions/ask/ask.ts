/** Answers questions about a finished run from its tallies and shards: the bytes of a fresh run, with no volume read. */
import { availableParallelism } from 'node:os';
import { findTerm } from '../../base/class-sums.ts';
import { PartialError, UsageError } from '../../base/errors.ts';
import type { RunOutcome } from '../../base/scored.ts';
import type { ClassTally, Tally, TermSum } from '../../measures/tally/tally.ts';
import type { RunSumRequest, RunSums } from '../../measures/terms/sum-runs.ts';
import { hardThreshold } from '../../measures/tile/threshold.ts';
import type { ResultsDocument } from '../../results/document.ts';
import type { CaseOutcomeRecord, ScoredOutcome } from '../../run/case-outcome.ts';
import { buildOutcome } from '../../run/outcome.ts';
import type { StoredShapes } from '../../run/shapes.ts';
import { resultsOf } from '../../run/write-results.ts';
import { decidesByChannel, type RunSettings } from '../../settings/run-settings.ts';
import { checkTolerances } from '../../settings/shape-settings.ts';
import { ThreadPool } from '../../threads/thread-pool.ts';
import { askedShapes } from './asked-shapes.ts';
import { type FinishedRun, holdsLogits, isScored, missingShards, shardFiles } from './finished-run.ts';
import { describeUnknown, type Question, questionSettings, type Unknown, unknownOf } from './question.ts';

export interface AskOptions {
  /** Default: as many as the machine offers. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Told after each case. */
  readonly onCase?: (done: number, total: number) => void;
}

export interface Answer {
  /** Those of a fresh run with the question's losses and threshold. */
  readonly settings: RunSettings;
  readonly outcome: RunOutcome;
  /** As `results.json` of that run. */
  readonly results: ResultsDocument;
  /** What the results tell of borders and lesions rests on these. */
  readonly shapes: readonly StoredShapes[];
  /** Whether shards were read, or the tallies were enough. */
  readonly shardsRead: boolean;
}

/**
 * The results that `score` would give under the question, bit for bit.
 * @throws UsageError for losses that the scores cannot have, and when shards are needed that were not kept.
 */
export async function ask(run: FinishedRun, question: Question, options: AskOptions = {}): Promise<Answer> {
  const settings = questionSettings(run.settings, question);
  const unknown = unknownOf(run.settings, settings);
  const why = describeUnknown(unknown);
  checkLovasz(run, settings);
  if (unknown.crossEntropy) checkChannels(run.settings);
  const outcomes =
    why === undefined
      ? run.outcomes.map((outcome) =>
          withTally(outcome, (tally) => selectTerms(run.settings, settings, tally)),
        )
      : await sumAll(run, settings, unknown, why, options);
  const outcome = buildOutcome(settings, run.cases, outcomes, run.pooledLovasz);
  checkTolerances(
    settings.shapes,
    outcome.classes.map(({ name }) => name),
  );
  const { threads = availableParallelism(), signal } = options;
  const shapes = await askedShapes(run, settings, { threads, signal });
  return {
    settings,
    outcome,
    results: resultsOf(settings, outcome, shapes),
    shapes,
    shardsRead: why !== undefined,
  };
}

function withTally(outcome: CaseOutcomeRecord, change: (tally: Tally) => Tally): CaseOutcomeRecord {
  return isScored(outcome) ? { ...outcome, tally: change(outcome.tally) } : outcome;
}

/** Sorted losses are in the outcomes wherever a run had shards at all. */
function checkLovasz(run: FinishedRun, settings: RunSettings): void {
  if (settings.lovasz.length === 0) return;
  const bare = run.outcomes.find((outcome) => isScored(outcome) && outcome.lovasz.length === 0);
  const pooledBare = run.outcomes.some(isScored) && run.pooledLovasz.length === 0;
  if (!bare && !pooledBare) return;
  const whose = bare ? `case ${run.cases[bare.index]!.id} was scored without any` : 'the pool has none';
  throw missingShards(run, whose, `lovasz-${settings.lovasz.join(' and lovasz-')}`);
}

/** Cross-entropy is a sum over the channels' own labels; shards have it if each of these is a class by itself. */
function checkChannels(settings: RunSettings): void {
  const missing = scoredLabels(settings)[channelClasses(settings).indexOf(-1)];
  if (missing === undefined) return;
  throw new UsageError(
    'cross-entropy-classes',
    `cross-entropy under another convention: no class of this run is label ${missing} alone, so its shards do not hold that channel; score again with --convention`,
    { field: 'convention' },
  );
}

/** The labels of the channels; an ignored one counts for nothing. */
function scoredLabels({ channelLabels, ignoreLabel }: RunSettings): number[] {
  return channelLabels.filter((label) => label !== ignoreLabel);
}

/** For each of these labels the class that is the label alone; -1 for none. */
function channelClasses(settings: RunSettings): number[] {
  return scoredLabels(settings).map((label) =>
    settings.classes.findIndex(({ labels }) => String(labels) === String(label)),
  );
}

async function sumAll(
  run: FinishedRun,
  settings: RunSettings,
  unknown: Unknown,
  why: string,
  { threads = availableParallelism(), signal, onCase }: AskOptions,
): Promise<CaseOutcomeRecord[]> {
  const logit = holdsLogits(settings);
  const request: RunSumRequest = {
    logit,
    threshold: hardThreshold(settings.threshold, logit),
    terms: unknown.terms,
    crossEntropyClip: unknown.crossEntropy ? settings.crossEntropyClip : null,
  };
  // All shards are looked for before any is read.
  const files = run.outcomes.map((outcome) => (isScored(outcome) ? shardFiles(run, outcome, why) : []));
  const pool = new ThreadPool(Math.max(1, Math.min(threads, files.flat().length)));
  let done = 0;
  try {
    return await Promise.all(
      run.outcomes.map(async (outcome, index) => {
        if (!isScored(outcome)) return outcome;
        const parts = await Promise.all(
          files[index]!.map((file) =>
            pool.run({ kind: 'sum-runs', store: run.folder.store.address, file, request }, signal),
          ),
        );
        onCase?.(++done, run.outcomes.length);
        const sums = addParts(run, outcome, parts.flat(), unknown.terms.length);
        return withTally(outcome, (tally) =>
          answeredTally(selectTerms(run.settings, settings, tally, unknown, sums), settings, unknown, sums),
        );
      }),
    );
  } finally {
    await pool.close();
  }
}

/** Adds the parts of each class, and checks that they hold exactly the case's voxels. */
function addParts(
  run: FinishedRun,
  { index, tally }: ScoredOutcome,
  parts: readonly RunSums[],
  terms: number,
): RunSums[] {
  return tally.classes.map((known, classIndex) => {
    const empty: RunSums = {
      class: classIndex,
      voxels: 0,
      foreground: 0,
      hardTp: 0,
      hardFp: 0,
      terms: Array.from({ length: terms }, (): TermSum => ({ all: 0n, foreground: 0n })),
      crossEntropy: 0n,
    };
    const sums = parts.filter((part) => part.class === classIndex).reduce(addSums, empty);
    if (sums.voxels === tally.voxels && sums.foreground === known.foreground) return sums;
    throw new PartialError(
      'shards-differ',
      `case ${run.cases[index]!.id}: its shards hold ${sums.voxels} voxels, ${sums.foreground} of them foreground, where its tally has ${tally.voxels} and ${known.foreground}`,
      { caseId: run.cases[index]!.id, file: run.outDir },
    );
  });
}

function addSums(a: RunSums, b: RunSums): RunSums {
  return {
    class: a.class,
    voxels: a.voxels + b.voxels,
    foreground: a.foreground + b.foreground,
    hardTp: a.hardTp + b.hardTp,
    hardFp: a.hardFp + b.hardFp,
    terms: a.terms.map((sum, i) => ({
      all: sum.all + b.terms[i]!.all,
      foreground: sum.foreground + b.terms[i]!.foreground,
    })),
    crossEntropy: a.crossEntropy + b.crossEntropy,
  };
}

/** The tally with the terms of `asked` in their order: from the tally itself, or from what was summed. */
function selectTerms(
  known: RunSettings,
  asked: RunSettings,
  tally: Tally,
  unknown?: Unknown,
  sums?: readonly RunSums[],
): Tally {
  const classes = tally.classes.map((entry, index): ClassTally => {
    const terms = asked.terms.map((spec) => {
      const at = findTerm(known.terms, spec);
      return at >= 0 ? entry.terms[at]! : sums![index]!.terms[findTerm(unknown!.terms, spec)]!;
    });
    return { ...entry, terms };
  });
  return { ...tally, classes };
}

function answeredTally(
  tally: Tally,
  settings: RunSettings,
  { counts, crossEntropy }: Unknown,
  sums: readonly RunSums[],
): Tally {
  const classes = counts
    ? tally.classes.map((entry, index) => {
        const { hardTp, hardFp } = sums[index]!;
        const byChannel = decidesByChannel(settings, settings.classes[index]!);
        return byChannel ? entry : { ...entry, hardTp, hardFp };
      })
    : tally.classes;
  if (!crossEntropy) return { ...tally, classes };
  const entropy = channelClasses(settings).reduce((sum, index) => sum + sums[index]!.crossEntropy, 0n);
  return { ...tally, classes, crossEntropy: { ...tally.crossEntropy, sum: entropy } };
}
