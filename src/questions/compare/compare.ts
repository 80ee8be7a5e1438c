/** The same cases under two models: paired differences, their intervals and a test, from finished runs alone. */

import { UsageError } from '../../base/errors.ts';
import { jsonLabel } from '../../base/label.ts';
import type { ScoredCase } from '../../base/scored.ts';
import { exactSum } from '../../base/statistics/exact-sum.ts';
import type { ScoredCaseResult } from '../../results/document.ts';
import type { FinishedRun } from '../ask/finished-run.ts';
import { drawCases, meanInterval, percentileInterval } from './bootstrap.ts';
import {
  chosen,
  type MeasureName,
  measured,
  measureKey,
  measureNames,
  pooledOnly,
  sharedShapes,
} from './measures.ts';
import { CaseSums } from './resum.ts';
import { checkReferences, common, matchCases, type Side, settingDifferences, sideOf } from './sides.ts';
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

/** @throws UsageError when no case, class or measure is common, or the references of a case differ. */
export function compareRuns(a: FinishedRun, b: FinishedRun, options: CompareOptions = {}): Comparison {
  const { seed = 1, resamples = 2000, level = 0.95 } = options;
  checkRange('seed', seed, 0, 2 ** 32 - 1);
  checkRange('resamples', resamples, 100, 100_000);
  if (!(level > 0 && level < 1)) throw optionFault('level', level, 'a number above 0 and below 1');
  const { ids, leftOut } = matchCases(a, b);
  const sides = [sideOf(a, ids), sideOf(b, ids)] as const;
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

function compareMeans(
  [a, b]: readonly [Side, Side],
  name: MeasureName,
  draws: readonly Uint32Array[],
  level: number,
): ComparedMean {
  const valuesOf = ({ results, run }: Side) =>
    results.cases.map((entry) => measured(entry as ScoredCaseResult, name, run.settings));
  const [ofA, ofB] = [valuesOf(a), valuesOf(b)];
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
  const pooledOf = ({ results, run }: Side) => measured(results.pooled, name, run.settings);
  const [ofA, ofB] = [pooledOf(a), pooledOf(b)];
  return { a: ofA, b: ofB, difference: subtract(ofB, ofA) };
}

function subtract(b: number | null, a: number | null): number | null {
  return a === null || b === null ? null : b - a;
}
