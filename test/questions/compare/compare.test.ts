import { truncateSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ScoredCase } from '../../../src/base/scored.ts';
import type { ManifestCase } from '../../../src/cases/types.ts';
import { openFinishedRun } from '../../../src/questions/ask/finished-run.ts';
import { compareRuns } from '../../../src/questions/compare/compare.ts';
import { measureKey } from '../../../src/questions/compare/measures.ts';
import { CaseSums } from '../../../src/questions/compare/resum.ts';
import { comparisonTable } from '../../../src/questions/compare/table.ts';
import type { ScoredCaseResult } from '../../../src/results/document.ts';
import { buildOutcome } from '../../../src/run/outcome.ts';
import { resultsOf } from '../../../src/run/write-results.ts';
import { lossesOf } from '../../../src/settings/resolve-settings.ts';
import type { ConfigInput } from '../../../src/settings/schema.ts';
import { writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();
const open = (name: string) => openFinishedRun(path(name));
const ids = ['a', 'b', 'c', 'd', 'e', 'f'];

/** A model that gets better with `skill`; the references of a seed are the same for every model. */
function model(name: string, skill: number): Promise<ManifestCase[]> {
  return Promise.all(
    ids.map(async (id, index) => {
      const shared = { id, seed: index, shape: [6, 5, 4 + index] as const, channels: 3, labels: 3 };
      return writeCase({
        ...shared,
        folder: path(`data-${name}`),
        score: (random, label, channel) => {
          const noise = random();
          return (label === channel ? skill : 0) + noise;
        },
        normalise: true,
      });
    }),
  );
}

const config: ConfigInput = { scores: 'probability', losses: 'all', keepShards: 'always' };
let weak: ManifestCase[];
let strong: ManifestCase[];

beforeAll(async () => {
  [weak, strong] = [await model('weak', 0.4), await model('strong', 0.8)];
  await score(weak, config, path('weak'));
  await score(strong, config, path('strong'));
});

test('means, pooled values and differences are those of the results', () => {
  const [a, b] = [open('weak'), open('strong')];
  const comparison = compareRuns(a, b, { resamples: 200 });
  const [ofA, ofB] = [a, b].map((run) =>
    resultsOf(run.settings, buildOutcome(run.settings, run.cases, run.outcomes, run.pooledLovasz), []),
  );
  expect(comparison.cases).toEqual(ids);
  for (const { class: name, kind, measure, means, pooled } of comparison.measures) {
    const value = (result: ScoredCaseResult | NonNullable<typeof ofA>['pooled']) =>
      name === null
        ? result!.losses[measure]!
        : kind === 'loss'
          ? result!.classes[name]!.losses[measure]!
          : result!.classes[name]!.metrics[measure as 'dice'];
    const differences = ids.map(
      (_, i) => value(ofB!.cases[i] as ScoredCaseResult)! - value(ofA!.cases[i] as ScoredCaseResult)!,
    );
    if (measure === 'diceByMm3') expect(means).toBeNull();
    else {
      expect(means).toMatchObject({ count: 6, undefined: 0 });
      expect(means!.difference).toBeCloseTo(differences.reduce((sum, d) => sum + d, 0) / 6, 12);
    }
    expect(pooled).toMatchObject({ a: value(ofA!.pooled), b: value(ofB!.pooled) });
    const sorted = measure.startsWith('lovasz');
    expect(pooled.interval === null).toBe(sorted);
    if (!sorted) {
      expect(pooled.interval!.low).toBeLessThanOrEqual(pooled.difference! + 1e-12);
      expect(pooled.interval!.high).toBeGreaterThanOrEqual(pooled.difference! - 1e-12);
    }
  }
  const dice = comparison.measures.find(
    ({ class: name, kind, measure }) => name === '1' && kind === 'loss' && measure === 'dice',
  )!;
  expect(dice.means!.interval!.high).toBeLessThan(0);
  // All six differences have the same sign: 2 of 64.
  expect(dice.means!.wilcoxon).toMatchObject({ method: 'exact', pValue: 0.03125, positiveRanks: 0 });
});

test('the same seed gives the same comparison, another one other intervals', () => {
  const [a, b] = [open('weak'), open('strong')];
  const first = compareRuns(a, b, { seed: 7, resamples: 100 });
  expect(compareRuns(a, b, { seed: 7, resamples: 100 })).toEqual(first);
  expect(compareRuns(a, b, { seed: 8, resamples: 100 }).measures).not.toEqual(first.measures);
});

test('a run against itself differs in nothing', () => {
  const { measures } = compareRuns(open('weak'), open('weak'), { resamples: 100 });
  for (const { measure, means, pooled } of measures) {
    if (measure !== 'diceByMm3')
      expect(means).toMatchObject({ difference: 0, interval: { low: 0, high: 0 }, wilcoxon: null });
    expect(pooled.difference).toBe(0);
  }
});

test('drawn cases are pooled as a run over them is', async () => {
  const run = open('weak');
  const losses = lossesOf(run.settings);
  const outcome = buildOutcome(run.settings, run.cases, run.outcomes, run.pooledLovasz);
  const sums = new CaseSums(outcome.cases as ScoredCase[], outcome.classes, losses, run.settings.fbeta);
  const drawn = [2, 0, 1, 0, 0, 3];
  const twice = drawn.flatMap((times, i) =>
    Array.from({ length: times }, (_, copy) => ({ ...weak[i]!, id: `${i}-${copy}` })),
  );
  const { results } = await score(twice, config, path('drawn'));
  const values = sums.values(drawn);
  let compared = 0;
  for (const { name } of outcome.classes) {
    const { losses: ofLosses, metrics } = results.pooled!.classes[name]!;
    for (const [id, expected] of Object.entries(ofLosses)) {
      if (id.startsWith('lovasz')) continue;
      expect(values.get(measureKey({ class: name, kind: 'loss', measure: id }))).toBeCloseTo(expected!, 12);
      compared++;
    }
    for (const metric of ['dice', 'specificity', 'referenceVolumeMl', 'diceByMm3'] as const) {
      expect(values.get(measureKey({ class: name, kind: 'metric', measure: metric }))).toBeCloseTo(
        metrics[metric]!,
        12,
      );
    }
  }
  for (const id of ['cross-entropy', 'iou']) {
    expect(values.get(measureKey({ class: null, kind: 'loss', measure: id }))).toBeCloseTo(
      results.pooled!.losses[id]!,
      10,
    );
    compared++;
  }
  expect(compared).toBeGreaterThan(30);
});

describe('runs that share a part', () => {
  test('only common cases, classes and losses are compared, and the rest is named', async () => {
    const failing = await Promise.all(strong.slice(2).map(async (entry) => entry));
    const broken = await writeCase({
      folder: path('data-broken'),
      id: 'f',
      seed: 5,
      score: () => 1,
      channels: 3,
      normalise: true,
    });
    truncateSync(broken.predictions[0]!, 500);
    failing[failing.length - 1] = broken;
    const other = await writeCase({
      folder: path('data-broken'),
      id: 'z',
      seed: 5,
      score: (random) => random(),
      channels: 3,
      labels: 3,
      normalise: true,
    });
    const classes = { '1': [1], both: [1, 2] };
    const losses = 'dice(smooth=2),bce,lovasz-softmax';
    await score([...failing, other], { ...config, classes, losses, threshold: 0.4 }, path('part'));
    const comparison = compareRuns(open('strong'), open('part'), { resamples: 100 });
    expect(comparison.cases).toEqual(['c', 'd', 'e']);
    expect(comparison.leftOut).toMatchObject({ casesOfA: ['a', 'b'], casesOfB: ['z'], unscored: ['f'] });
    expect(comparison.leftOut.classes).toEqual(['0', '2', 'both']);
    expect(comparison.leftOut.losses).toContain('class dice(smooth=2)');
    expect(comparison.differences).toEqual(['threshold: 0.5 in a, 0.4 in b']);
    const find = (measure: string) => comparison.measures.find((entry) => entry.measure === measure)!;
    expect(find('bce').means).toMatchObject({ difference: 0, count: 3 });
    // The pool is of the common cases alone, for which nobody evaluated the sorted losses.
    expect(find('bce').pooled.difference).toBe(0);
    expect(find('lovasz-softmax').pooled).toEqual({ a: null, b: null, difference: null, interval: null });
    expect(find('lovasz-softmax').means!.difference).toBe(0);
    const lines = comparisonTable(comparison, 200).join('\n');
    expect(lines).toMatch(/3 cases in both/);
    expect(lines).toMatch(/left out: a \(in one run only\)/);
    expect(lines).toMatch(/threshold: 0.5 in a/);
  });

  test('no common case, other references, and options out of range are refused', async () => {
    const renamed = weak.map((entry) => ({ ...entry, id: `x-${entry.id}` }));
    await score(renamed.slice(0, 1), { ...config, losses: 'dice' }, path('renamed'));
    expect(() => compareRuns(open('weak'), open('renamed'))).toThrow(/no case in common/);
    const swapped = [{ ...weak[1]!, id: 'a' }];
    await score(swapped, { ...config, losses: 'dice' }, path('swapped'));
    expect(() => compareRuns(open('weak'), open('swapped'))).toThrow(/1 cases have other references.*: a/);
    expect(() => compareRuns(open('weak'), open('weak'), { resamples: 5 })).toThrow(/resamples: 5/);
    expect(() => compareRuns(open('weak'), open('weak'), { level: 1 })).toThrow(/level: 1/);
  });
});
