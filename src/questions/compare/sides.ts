/** The two sides of a comparison: the matched cases of each run, and what both have in common. */
import { UsageError } from '../../base/errors.ts';
import type { CaseOutcome, HeldOutcome, ScoredCase } from '../../base/scored.ts';
import type { LossSpec } from '../../losses/spec.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { buildOutcome } from '../../run/outcome.ts';
import { storedShapes } from '../../run/shapes.ts';
import { resultsOf } from '../../run/write-results.ts';
import { lossesOf } from '../../settings/resolve-settings.ts';
import { type FinishedRun, scoredOutcomes } from '../ask/finished-run.ts';

/** One of the two runs, with the matched cases alone. */
export interface Side {
  readonly run: FinishedRun;
  readonly outcome: HeldOutcome;
  readonly results: ResultsDocument;
  readonly losses: readonly LossSpec[];
}

/** @throws UsageError when the runs have scored no case in common. */
export function matchCases(a: FinishedRun, b: FinishedRun) {
  const [idsOfA, idsOfB] = [a, b].map((run) => new Set(run.cases.map(({ id }) => id)));
  const [scoredByA, scoredByB] = [a, b].map(
    (run) => new Set(scoredOutcomes(run).map(({ index }) => run.cases[index]!.id)),
  );
  const both = [...idsOfA!].filter((id) => idsOfB!.has(id));
  const ids = both.filter((id) => scoredByA!.has(id) && scoredByB!.has(id));
  if (ids.length === 0) {
    throw new UsageError(
      'no-common-case',
      `${a.outDir} and ${b.outDir} have scored no case in common; cases are matched by their id`,
    );
  }
  const leftOut = {
    casesOfA: [...idsOfA!].filter((id) => !idsOfB!.has(id)),
    casesOfB: [...idsOfB!].filter((id) => !idsOfA!.has(id)),
    unscored: both.filter((id) => !ids.includes(id)),
  };
  return { ids, leftOut };
}

/** The run as if it had had the matched cases alone. Pooled sorted losses stay where these are all it scored. */
export function sideOf(run: FinishedRun, ids: readonly string[]): Side {
  const places = new Map(run.cases.map(({ id }, index) => [id, index]));
  const chosen = ids.map((id) => run.outcomes[places.get(id)!]!);
  const whole = scoredOutcomes(run).length === ids.length;
  const settings = run.settings;
  const outcome = buildOutcome(settings, run.cases, chosen, whole ? run.pooledLovasz : []);
  // A pool of other cases has no sorted losses, which is told as undefined.
  const { pooled } = outcome;
  if (pooled && !whole) {
    for (const measures of Object.values(pooled.classes)) {
      Object.assign(measures, { lovaszHinge: null, lovaszSoftmax: null });
    }
  }
  return {
    run,
    outcome,
    results: resultsOf(settings, outcome, storedShapes(run.folder, chosen)),
    losses: lossesOf(settings),
  };
}

/** Two models are compared on the same references. */
export function checkReferences([a, b]: readonly [Side, Side], ids: readonly string[]): void {
  const voxelsOf = (entry: CaseOutcome) => {
    const { classes } = entry as ScoredCase;
    return Object.entries(classes).map(
      ([name, { voxels, foreground }]) => [name, voxels, foreground] as const,
    );
  };
  const differing = ids.filter((_, i) => {
    const ofB = new Map(voxelsOf(b.outcome.cases[i]!).map(([name, ...counts]) => [name, String(counts)]));
    return voxelsOf(a.outcome.cases[i]!).some(
      ([name, ...counts]) => ofB.has(name) && ofB.get(name) !== String(counts),
    );
  });
  if (differing.length === 0) return;
  const some = `${differing.slice(0, 5).join(', ')}${differing.length > 5 ? ', ...' : ''}`;
  throw new UsageError(
    'references-differ',
    `${differing.length} cases have other references (or ignored voxels, or labels of a class) in ${a.run.outDir} than in ${b.run.outDir}: ${some}`,
  );
}

/** What both sides have under the same key with equal facts, in the order of the first, and the keys of the rest. */
export function common<T>(
  [a, b]: readonly [Side, Side],
  of: (side: Side) => readonly T[],
  keyOf: (item: T) => string,
  factsOf: (item: T) => unknown,
): { shared: T[]; others: string[] } {
  const facts = (items: readonly T[]) =>
    new Map(items.map((item) => [keyOf(item), JSON.stringify(factsOf(item))]));
  const [inA, inB] = [facts(of(a)), facts(of(b))];
  const shared = of(a).filter((item) => inB.get(keyOf(item)) === inA.get(keyOf(item)));
  const keys = new Set(shared.map(keyOf));
  return { shared, others: [...new Set([...inA.keys(), ...inB.keys()])].filter((key) => !keys.has(key)) };
}

export function settingDifferences(a: FinishedRun, b: FinishedRun): string[] {
  const names = ['scores', 'channels', 'convention', 'threshold', 'fbeta', 'ignoreLabel'] as const;
  return names
    .filter((name) => a.settings[name] !== b.settings[name])
    .map((name) => `${name}: ${a.settings[name]} in a, ${b.settings[name]} in b`);
}
