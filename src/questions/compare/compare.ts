/** The same cases under two models: paired differences, their intervals and a test, from finished runs alone. */

import { UsageError } from '../../base/errors.ts';
import { jsonLabel } from '../../base/label.ts';
import type { CaseOutcome, ClassSpec, HeldOutcome, ScoredCase } from '../../base/scored.ts';
import { exactSum } from '../../base/statistics/exact-sum.ts';
import { type HardMetricName, hardMetricNames } from '../../losses/metrics/hard.ts';
import type { LossSpec } from '../../losses/spec.ts';
import type { PooledResult, ResultsDocument, ScoredCaseResult, ScoreResult } from '../../results/document.ts';
import { type ShapesOfClass, shapeValues } from '../../results/shapes/measures.ts';
import { buildOutcome } from '../../run/outcome.ts';
import { storedShapes } from '../../run/shapes.ts';
import { resultsOf } from '../../run/write-results.ts';
import { lossesOf } from '../../settings/resolve-settings.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import { type FinishedRun, scoredOutcomes } from '../ask/finished-run.ts';
import { drawCases, meanInterval, percentileInterval } from './bootstrap.ts';
import { CaseSums, type MeasureName, measureKey, pooledOnly } from './resum.ts';
import { type ComparedMean, type ComparedPool, type Comparison, comparisonVersion } from './types.ts';
import { wilcoxonSignedRank } from './wilcoxon.ts';

export interface CompareOptions {
  /** Of the draws; by default 1. */
  readonly seed?: number;
  /** Draws of the bootstrap, 100 to 100000; by default 2000. */
  readonly resamples?: number;
  /** Share of the draws that an interval holds, above 0 and below 1; by default 0.95. */
  readonly level?: number;
  /** Only this measure: its name, or the end of it (`hd95.directed` of `voxel.hd95.directed`). */
  readonly measure?: string;
}

/** One of the two runs, with the matched cases alone. */
interface Side {
  readonly run: FinishedRun;
  readonly outcome: HeldOutcome;
  readonly results: ResultsDocument;
  readonly losses: readonly LossSpec[];
}

/** @throws UsageError when no case, class or measure is common, or the references of a case differ. */
export function compareRuns(a: FinishedRun, b: FinishedRun, options: CompareOptions = {}): Comparison {
  const { seed = 1, resamples = 2000, level = 0.95 } = options;
  checkRange('seed', seed, 0, 2 ** 32 - 1);
  checkRange('resamples', resamples, 100, 100_000);
  if (!(level > 0 && level < 1)) throw optionFault('level', level, 'a number above 0 and below 1');
  const { ids, leftOut } = matchCases(a, b);
  const sides = [side(a, ids), side(b, ids)] as const;
  checkReferences(sides, ids);
  const classes = common(
    sides,
    (s) => s.outcome.classes,
    ({ name }) => name,
    ({ labels }) => labels.map(jsonLabel),
  );
  const losses = common(
    sides,
    (s) => s.losses,
    ({ scope, id }) => `${scope} ${id}`,
    ({ params }) => params,
  );
  const shapes = sharedShapes(sides);
  const names = chosen(measureNames(classes.shared, losses.shared, shapes), options.measure);

  const draws = drawCases(ids.length, resamples, seed);
  const sums = sides.map(({ outcome, run }) => {
    const cases = outcome.cases as readonly ScoredCase[];
    return new CaseSums(cases, classes.shared, losses.shared, run.settings.fbeta);
  });
  const drawn = draws.map((draw) => sums.map((side) => side.values(draw)));
  const pooledDifference = (key: string) =>
    drawn.map(([ofA, ofB]) => subtract(ofB!.get(key) ?? null, ofA!.get(key) ?? null));
  return {
    version: comparisonVersion,
    a: a.outDir,
    b: b.outDir,
    seed,
    resamples,
    level,
    method: 'percentile bootstrap over cases',
    cases: ids,
    leftOut: { ...leftOut, classes: classes.others, losses: losses.others },
    differences: settingDifferences(a, b),
    measures: names.map((name) => ({
      ...name,
      means: name.measure === pooledOnly ? null : compareMeans(sides, name, draws, level),
      pooled: {
        ...comparePools(sides, name),
        interval: percentileInterval(pooledDifference(measureKey(name)), level),
      },
    })),
  };
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw optionFault(name, value, `an integer from ${min} to ${max}`);
  }
}

function optionFault(name: string, value: number, allowed: string): UsageError {
  return new UsageError('compare-option', `${name}: ${value} is not ${allowed}`, { field: name });
}

function matchCases(a: FinishedRun, b: FinishedRun) {
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
function side(run: FinishedRun, ids: readonly string[]): Side {
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
function checkReferences([a, b]: readonly [Side, Side], ids: readonly string[]): void {
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
function common<T>(
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

function settingDifferences(a: FinishedRun, b: FinishedRun): string[] {
  const names = ['scores', 'channels', 'convention', 'threshold', 'fbeta', 'ignoreLabel'] as const;
  return names
    .filter((name) => a.settings[name] !== b.settings[name])
    .map((name) => `${name}: ${a.settings[name]} in a, ${b.settings[name]} in b`);
}

/** Measures of borders and lesions that both runs have, by the same definition. */
function sharedShapes(sides: readonly [Side, Side]): string[] {
  const of = ({ results }: Side) => results.shapes?.measures ?? [];
  return common(
    sides,
    of,
    ({ name }) => name,
    ({ definition }) => definition,
  ).shared.map(({ name }) => name);
}

/** What to do about a measure of borders or lesions: to name one definition, or to score with them; undefined for other names. */
function shapeAdvice(names: readonly MeasureName[], measure: string): string | undefined {
  const all = [...new Set(names.map((name) => name.measure))];
  if (all.some((name) => name.startsWith(`${measure}.`) || name.includes(`.${measure}.`))) {
    const definitions = all.filter((name) => `.${name}.`.includes(`.${measure}.`));
    return `--measure: ${measure} has several definitions; say which: ${definitions.join(', ')}`;
  }
  const asked = /^(voxel\.|surfel\.)?(hd[\d.]*|assd|masd|nsd)(\.|$)/.test(measure)
    ? 'boundary'
    : /^(lesions\.|sensitivity|f1|rq|sq|pq|brats)/.test(measure)
      ? 'lesions'
      : undefined;
  if (
    asked === undefined ||
    names.some((name) => name.measure.startsWith(asked === 'lesions' ? 'lesions.' : 'voxel.'))
  ) {
    return undefined;
  }
  return `--measure: ${measure} is not in both runs; score both with --measures overlap,${asked}`;
}

/** @throws UsageError for a measure that the runs do not share, naming those that they do */
function chosen(names: readonly MeasureName[], measure: string | undefined): readonly MeasureName[] {
  if (measure === undefined) return names;
  const exact = names.filter((name) => name.measure === measure);
  if (exact.length > 0) return exact;
  const advice = shapeAdvice(names, measure);
  const found = advice === undefined ? names.filter((name) => name.measure.endsWith(`.${measure}`)) : [];
  if (found.length > 0) return found;
  if (advice !== undefined) throw new UsageError('measure-unknown', advice, { field: 'measure' });
  const known = [...new Set(names.map((name) => name.measure))].join(', ');
  throw new UsageError(
    'measure-unknown',
    `--measure: the runs do not share ${measure}; they share ${known}`,
    {
      field: 'measure',
    },
  );
}

function measureNames(
  classes: readonly ClassSpec[],
  losses: readonly LossSpec[],
  shapes: readonly string[],
): MeasureName[] {
  const ofClasses = classes.flatMap(({ name }): MeasureName[] => [
    ...hardMetricNames.map((metric) => ({ class: name, kind: 'metric' as const, measure: metric })),
    { class: name, kind: 'metric', measure: pooledOnly },
    ...shapes.map((measure) => ({ class: name, kind: 'shape' as const, measure })),
    ...losses
      .filter(({ scope }) => scope === 'class')
      .map(({ id }) => ({ class: name, kind: 'loss' as const, measure: id })),
  ]);
  const overClasses = losses
    .filter(({ scope }) => scope === 'multiclass')
    .map(({ id }): MeasureName => ({ class: null, kind: 'loss', measure: id }));
  return [...ofClasses, ...overClasses];
}

function measured(
  result: ScoreResult | PooledResult | null,
  { class: name, kind, measure }: MeasureName,
  settings: RunSettings,
): number | null {
  if (!result) return null;
  if (name === null) return result.losses[measure] ?? null;
  const ofClass = result.classes[name]!;
  if (kind === 'shape') return shapeValues(settings.shapes!, ofClass as ShapesOfClass).get(measure) ?? null;
  return (kind === 'loss' ? ofClass.losses[measure] : ofClass.metrics[measure as HardMetricName]) ?? null;
}

function compareMeans(
  sides: readonly [Side, Side],
  name: MeasureName,
  draws: readonly Uint32Array[],
  level: number,
): ComparedMean {
  const [ofA, ofB] = sides.map(({ results, run }) =>
    results.cases.map((entry) => measured(entry as ScoredCaseResult, name, run.settings)),
  ) as [(number | null)[], (number | null)[]];
  const differences = ofA.map((value, i) => subtract(ofB[i]!, value));
  const defined = differences.filter((difference) => difference !== null);
  const mean = (values: readonly (number | null)[]) =>
    defined.length === 0
      ? null
      : exactSum(values.filter((_, i) => differences[i] !== null) as number[]) / defined.length;
  return {
    count: defined.length,
    undefined: differences.length - defined.length,
    a: mean(ofA),
    b: mean(ofB),
    difference: mean(differences),
    interval: meanInterval(differences, draws, level),
    wilcoxon: wilcoxonSignedRank(defined),
  };
}

function comparePools([a, b]: readonly [Side, Side], name: MeasureName): Omit<ComparedPool, 'interval'> {
  const [ofA, ofB] = [a, b].map(({ results, run }) => measured(results.pooled, name, run.settings)) as [
    number | null,
    number | null,
  ];
  return { a: ofA, b: ofB, difference: subtract(ofB, ofA) };
}

function subtract(b: number | null, a: number | null): number | null {
  return a === null || b === null ? null : b - a;
}
