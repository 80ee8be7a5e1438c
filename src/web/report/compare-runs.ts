/** Several runs of the same cases beside each other: models, or nights of one model. */
import { basename, resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { hardMetricFacts } from '../../losses/metrics/hard.ts';
import { openFinishedRun } from '../../questions/ask/finished-run.ts';
import { compareRuns } from '../../questions/compare/compare.ts';
import type { ComparedMean } from '../../questions/compare/types.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { readResults } from '../../run/read-results.ts';
import { readRunFacts } from './run-facts.ts';

/** What the runs are compared by. */
export const comparedMetric = 'dice';
export const comparedLabel = hardMetricFacts[comparedMetric].label;

export interface ReportedRun {
  /** Its `--name`, else the name of its folder. */
  readonly name: string;
  readonly model?: string;
  readonly startedAt?: string;
  readonly results: ResultsDocument;
}

/** A run against the first one, by class. */
export interface Against {
  readonly byClass: ReadonlyMap<string, ComparedMean>;
  /** Of classes of cases that both scored: how many this run, the first run or neither scored higher. */
  readonly wins: ReadonlyMap<
    string,
    { readonly this: number; readonly first: number; readonly equal: number }
  >;
}

export interface ComparedRuns {
  readonly runs: readonly ReportedRun[];
  /** Classes and cases that all runs have, cases only where all scored them. */
  readonly classes: readonly string[];
  readonly cases: readonly string[];
  /** One for each run but the first. */
  readonly against: readonly Against[];
  readonly notes: readonly string[];
}

/** @throws UsageError for fewer than two runs, or runs that have no case, class or reference in common. */
export function gatherRuns(folders: readonly string[]): ComparedRuns {
  if (folders.length < 2) {
    throw new UsageError('runs-few', 'a comparison needs at least two runs', { field: 'results' });
  }
  const opened = folders.map(openFinishedRun);
  const runs = folders.map((folder): ReportedRun => {
    const facts = readRunFacts(folder);
    const { name, model } = facts.configuration;
    return {
      name: typeof name === 'string' ? name : basename(resolve(folder)),
      ...(typeof model === 'string' ? { model } : {}),
      ...(facts.startedAt === undefined ? {} : { startedAt: facts.startedAt }),
      results: readResults(folder),
    };
  });
  const first = opened[0]!;
  const comparisons = opened.slice(1).map((run) => compareRuns(first, run));
  const classes = runs[0]!.results.classes
    .map(({ name }) => name)
    .filter((name) =>
      comparisons.every(({ measures }) => measures.some((measure) => measure.class === name)),
    );
  const cases = comparisons
    .map((comparison) => new Set(comparison.cases))
    .reduce<string[]>((left, ids) => left.filter((id) => ids.has(id)), [...comparisons[0]!.cases]);
  const notes = comparisons.flatMap(({ differences, leftOut }, at) => {
    const name = runs[at + 1]!.name;
    const unmatched = leftOut.casesOfA.length + leftOut.casesOfB.length + leftOut.unscored.length;
    return [
      ...differences.map(
        (difference) =>
          `${name}: ${difference.replace(/ in a\b/, ` in ${runs[0]!.name}`).replace(/ in b\b/, ' here')}`,
      ),
      ...(unmatched > 0
        ? [`${name}: cases that are not in both runs, or have no score in one: ${unmatched}`]
        : []),
    ];
  });
  return {
    runs,
    classes,
    cases,
    notes,
    against: comparisons.map(({ measures }, at) => ({
      byClass: new Map(
        measures.flatMap(({ class: name, kind, measure, means }) =>
          name !== null && kind === 'metric' && measure === comparedMetric && means ? [[name, means]] : [],
        ),
      ),
      wins: winsOf(runs[0]!.results, runs[at + 1]!.results, classes),
    })),
  };
}

function winsOf(first: ResultsDocument, other: ResultsDocument, classes: readonly string[]): Against['wins'] {
  const values = valuesByCase(first);
  const others = valuesByCase(other);
  return new Map(
    classes.map((name) => {
      const wins = { this: 0, first: 0, equal: 0 };
      for (const [id, byClass] of values) {
        const [a, b] = [byClass[name], others.get(id)?.[name]];
        if (typeof a !== 'number' || typeof b !== 'number') continue;
        wins[b > a ? 'this' : b < a ? 'first' : 'equal']++;
      }
      return [name, wins];
    }),
  );
}

/** The compared metric of each class, by case. */
export function valuesByCase(document: ResultsDocument): Map<string, Record<string, number | null>> {
  return new Map(
    document.cases.flatMap((entry) => {
      if (entry.status !== 'ok') return [];
      const values = Object.entries(entry.classes).map(
        ([name, { metrics }]) => [name, metrics[comparedMetric]] as const,
      );
      return [[entry.id, Object.fromEntries(values)]];
    }),
  );
}
