import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import type { RunOutcome } from '../../src/base/scored.ts';
import { parseLosses } from '../../src/losses/registry.ts';
import { buildResults } from '../../src/results/build.ts';
import type { CaseSummary, ResultsDocument, ScoredCaseResult } from '../../src/results/document.ts';
import { resultsJson, writeJson } from '../../src/results/json.ts';
import { readResults } from '../../src/run/read-results.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { binaryRun, exclusiveRun, failedRun } from './outcome.ts';

const folder = temporaryFolder();

function resultsOf(run: RunOutcome, losses = 'all'): ResultsDocument {
  const { scores, channels } = run;
  const specs = parseLosses(losses, { convention: 'pytorch', scores, channels });
  return buildResults(run, specs, { convention: 'pytorch' });
}

const scoredCase = (results: ResultsDocument, index: number) => results.cases[index] as ScoredCaseResult;

describe('buildResults', () => {
  const results = resultsOf(binaryRun());

  test('scored cases have values, others a status and an error and no number', () => {
    const good = scoredCase(results, 0);
    expect(Object.keys(good)).toEqual([
      ...['id', 'group', 'status', 'shape', 'spacingMm', 'classes', 'losses', 'meanOver'],
    ]);
    expect(good).toMatchObject({ id: 'good', group: 'site A', status: 'ok', shape: [2, 2, 1] });
    expect(good.classes.lesion).toMatchObject({ voxels: 4, foreground: 2, metrics: { tp: 2, dice: 1 } });
    expect(good.classes.lesion!.losses.dice).toBeCloseTo(1 - (2 * 1.7 + 1) / (2 + 2 + 1), 14);
    expect(results.cases.slice(3)).toEqual(binaryRun().cases.slice(3));
  });

  test('the pool is all voxels as one volume, with the volumes of the cases', () => {
    expect(results.pooled).toMatchObject({ cases: 3 });
    const pooled = results.pooled!.classes.lesion!;
    expect(pooled).toMatchObject({ voxels: 12, foreground: 4, metrics: { tp: 3, fp: 1, fn: 1, tn: 7 } });
    expect(pooled.metrics.referenceVolumeMl).toBe(0.02 + 0.004);
    const soft = results.cases.slice(0, 3).map((_, i) => scoredCase(results, i).classes.lesion!.soft.tp);
    expect(pooled.soft.tp).toBeCloseTo(soft[0]! + soft[1]! + soft[2]!, 14);
  });

  test('means count the undefined and the unscored', () => {
    const { losses, metrics } = results.means.classes.lesion!;
    expect(metrics.dice).toMatchObject({ count: 2, undefined: 1, failed: 2, mean: 0.75, min: 0.5, max: 1 });
    expect(losses.dice).toMatchObject({ count: 3, undefined: 0, failed: 2 });
    expect(results.means.losses['lovasz-softmax']).toMatchObject({ count: 2, undefined: 1, failed: 2 });
    const summaries: CaseSummary[] = [...Object.values(losses), ...Object.values(metrics)];
    expect(summaries.length).toBeGreaterThan(20);
    for (const summary of summaries) {
      expect(summary.count + summary.undefined + summary.failed).toBe(results.cases.length);
    }
  });

  test('an F-beta other than F1 is noted', () => {
    const run = binaryRun();
    const half = buildResults(run, [], { convention: 'keras', beta: 0.5 });
    expect(half).toMatchObject({ beta: 0.5, convention: 'keras', losses: [] });
    expect(half.pooled!.classes.lesion!.metrics.fbeta).toBe((1.25 * 3) / (1.25 * 3 + 0.25 + 1));
  });

  test('competing classes have a confusion matrix and means that name their classes', () => {
    const competing = resultsOf(exclusiveRun());
    const only = scoredCase(competing, 0);
    expect(only.confusion!.labels).toEqual([0, 1, 2]);
    expect(only.confusion!.matrix).toEqual([
      [2, 0, 0],
      [0, 1, 1],
      [0, 0, 0],
    ]);
    expect(only.meanOver).toEqual({ 'lovasz-softmax': ['0', '1', 'any'], iou: ['0', '1', '2', 'any'] });
    expect(only.classes['1']!.losses.iou).toBe(50);
    expect(only.losses.iou).toBe((100 + 50 + 0 + 100) / 4);
    expect(only.losses['cross-entropy']).toBeCloseTo(-Math.log(0.7 * 0.8 * 0.3 * 0.4) / 4, 14);
    // Class 2 wins a voxel with 0.5, which is not above the threshold.
    expect(only.classes['2']!.metrics).toMatchObject({ fp: 1, dice: 0 });
    expect(competing.decision).toBe('largest channel; regions by probability > 0.5');
    expect(competing.means.overClasses.metrics.dice.classes).toEqual(['0', '1', '2', 'any']);
  });

  test('without a scored case there is no pool, and every mean is undefined', () => {
    const none = resultsOf(failedRun());
    expect(none.pooled).toBeNull();
    expect(none.means.classes.lesion!.metrics.dice).toMatchObject({
      count: 0,
      mean: null,
      undefined: 0,
      failed: 2,
    });
    expect(none.means.overClasses.losses.dice).toEqual({ mean: null, classes: [] });
  });

  test('class names are only names', () => {
    const { pooled, scores, channels } = binaryRun();
    const names = ['constructor', '__proto__'];
    const measures = Object.fromEntries(names.map((name) => [name, pooled!.classes.lesion!]));
    const classes = names.map((name) => ({ name, labels: [1] }));
    const odd = resultsOf({ scores, channels, classes, cases: [], pooled: { classes: measures } }, 'dice');
    expect(Object.keys(odd.pooled!.classes)).toEqual(names);
    expect(Object.keys(odd.means.classes)).toEqual(names);
  });
});

describe('results.json', () => {
  const schema = JSON.parse(readFileSync(new URL('../../docs/results.schema.json', import.meta.url), 'utf8'));
  const validate = new Ajv2020({ allErrors: true, strict: true, strictTypes: false }).compile(schema);
  const runs = { binary: binaryRun(), exclusive: exclusiveRun(), failed: failedRun() };

  test.each(Object.entries(runs))('%s run follows the schema, at every threshold', (_name, run) => {
    for (const threshold of [0, 0.1, 0.5, 0.999]) {
      for (const scores of ['probability', 'logit'] as const) {
        const specs = parseLosses('all', {
          convention: 'pytorch',
          scores: 'probability',
          channels: run.channels,
        });
        const results = buildResults({ ...run, scores }, specs, { convention: 'pytorch', threshold });
        validate(JSON.parse(writeJson(results)));
        expect(validate.errors ?? []).toEqual([]);
      }
    }
  });

  test('is read again as it was written; another version or a changed field is refused by name', () => {
    const results = resultsOf(runs.exclusive);
    const write = (document: unknown) => writeFileSync(folder('results.json'), JSON.stringify(document));
    write(results);
    expect(readResults(folder())).toEqual(results);
    write({ ...results, version: 1 });
    expect(() => readResults(folder())).toThrow(/version 1 of its layout.*reads version 2; score again/);
    write({ ...results, beta: -1 });
    expect(() => readResults(folder())).toThrow(/results\.json: beta: /);
    writeFileSync(folder('results.json'), '{"vers');
    expect(() => readResults(folder())).toThrow('is not JSON');
    expect(() => readResults(folder('none'))).toThrow('holds no results.json');
  });

  test('results too long for a string are read line by line, and checked as others are', () => {
    for (const run of Object.values(runs)) {
      const results = resultsOf(run);
      const text = writeJson(results);
      const read = (changed: string) => {
        writeFileSync(folder('results.json'), changed);
        return readResults(folder(), 0);
      };
      expect(read(text)).toEqual(results);
      expect(read(JSON.stringify(results))).toEqual(results);
      expect(() => read(text.slice(0, -3))).toThrow('is not JSON');
      expect(() => read(text.replace('"status":', '"state":'))).toThrow(/results\.json: cases\.0: /);
    }
  });

  test('no loss has the column of a metric', () => {
    for (const run of Object.values(runs)) {
      const { metrics, losses } = resultsOf(run);
      const columns = losses.map(({ column }) => column);
      for (const { name } of metrics) expect(columns).not.toContain(name);
      for (const { column, id, unit } of losses)
        expect(column).toBe(`${id}_${unit === 'percent' ? 'percent' : 'loss'}`);
    }
  });

  test('the schema refuses numbers in a failed case, and unknown fields', () => {
    const results = JSON.parse(writeJson(resultsOf(runs.binary)));
    results.cases[3].classes = {};
    expect(validate(results)).toBe(false);
    expect(validate({ ...JSON.parse(writeJson(resultsOf(runs.binary))), extra: 1 })).toBe(false);
  });

  test('keeps every bit and the order of keys, a case a line, and ends with a newline', () => {
    const results = resultsOf(runs.exclusive);
    const text = writeJson(results);
    expect(JSON.parse(text)).toEqual(results);
    expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(results));
    expect(text.endsWith('}\n')).toBe(true);
    expect(text.split('\n').filter((line) => line.startsWith('{"id":"only"')).length).toBe(1);
    expect([...resultsJson(results)].join('')).toBe(text);
    expect(writeJson(resultsOf(exclusiveRun()))).toBe(text);
  });

  test('never holds a number that JSON lacks', () => {
    const results = { ...resultsOf(runs.failed), beta: Number.NaN };
    expect(() => writeJson(results)).toThrow('beta is NaN');
  });
});
