import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ClassSums, HardCounts } from '../../src/base/class-sums.ts';
import type { ClassSpec, HeldOutcome, RunOutcome, ScoredCase } from '../../src/base/scored.ts';
import { NnunetSummary } from '../../src/results/nnunet-summary.ts';
import { PythonFloat, pythonFloat, pythonJson } from '../../src/results/python-json.ts';
import { exclusiveRun, failedRun } from './outcome.ts';

/** The counts from which numpy 2.4.6 and Python's json made nnunet-summary.expected.txt. */
function countsOf(i: number, k: number): HardCounts {
  if (k === 3 || (k === 1 && i === 4)) return { tp: 0, fp: 0, fn: 0, tn: 90000 };
  const tp = (i * 7919 + k * 104729 + 1) % 5003;
  const fp = (i * 613 + k * 17) % 997;
  const fn = (i * 389 + k * 5) % 811;
  return { tp, fp, fn, tn: 90000 - tp - fp - fn };
}

function run(classes: readonly ClassSpec[]): HeldOutcome {
  const cases = Array.from({ length: 11 }, (_, i): ScoredCase => {
    const file = i === 5 ? 'käse_\u{1F9E0}.nii.gz' : `case_${i}.nii.gz`;
    const measures = classes.map(({ name }, k) => [name, { hard: countsOf(i, k) } as unknown as ClassSums]);
    return {
      id: file,
      status: 'ok',
      shape: [100, 30, 30],
      spacingMm: [1, 1, 1],
      voxelMm3: 1,
      predictionFile: `preds/${file}`,
      referenceFile: `labels/${file}`,
      classes: Object.fromEntries(measures),
    };
  });
  return { scores: 'label', channels: 'exclusive', classes, cases };
}

const classes = [
  { name: 'background', labels: [0] },
  { name: 'core', labels: [1] },
  { name: 'whole', labels: [1, 2] },
];

function nnunetSummary(outcome: RunOutcome): string | undefined {
  const pieces = NnunetSummary.of(outcome).text();
  return pieces && [...pieces].join('');
}

describe('the summary of nnU-Net', () => {
  test('is byte for byte what Python writes', () => {
    const expected = readFileSync(new URL('nnunet-summary.expected.txt', import.meta.url), 'utf8');
    expect(nnunetSummary(run(classes))).toBe(expected);
  });

  test('a class that no case holds makes the foreground mean NaN', () => {
    const text = nnunetSummary(run([...classes, { name: 'absent', labels: [7] }]))!;
    expect(text).toContain('"foreground_mean": {\n        "Dice": NaN,\n        "FN": 295.90909090909093,');
    expect(text).toContain('"7": {\n            "Dice": NaN,\n            "FN": 0.0,');
    expect(text).toContain('"TN": 87795.8484848485,\n        "TP": 1614.6060606060607,');
  });

  test('leaves out cases without a score, and is nothing without any', () => {
    const all = run(classes);
    const failed = { id: 'x', status: 'failed' as const, error: { code: 'c', message: 'm' } };
    expect(nnunetSummary({ ...all, cases: [failed, ...all.cases] })).toBe(nnunetSummary(all));
    expect(nnunetSummary(failedRun())).toBeUndefined();
  });

  test('competing channels count by the largest one', () => {
    const summary = JSON.parse(nnunetSummary(exclusiveRun())!.replaceAll('NaN', 'null'));
    expect(Object.keys(summary.mean)).toContain('(1, 2)');
    expect(summary.metric_per_case[0].metrics['2']).toMatchObject({
      FP: 1,
      TP: 0,
      n_pred: 1,
      n_ref: 0,
      Dice: 0,
    });
  });
});

describe("Python's JSON", () => {
  test.each([
    [0.0001, '0.0001'],
    [1e-5, '1e-05'],
    [1.5e-5, '1.5e-05'],
    [1e15, '1000000000000000.0'],
    [9999999999999998, '9999999999999998.0'],
    [1e16, '1e+16'],
    [1.2345678901234568e17, '1.2345678901234568e+17'],
    [0.1, '0.1'],
    [-2, '-2.0'],
    [5e-324, '5e-324'],
    [1e100, '1e+100'],
    [-0, '-0.0'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('float %d is %s', (value, text) => {
    expect(pythonFloat(value)).toBe(text);
  });

  test('escapes, sorts by code points and indents by four', () => {
    expect(pythonJson('a"\\\n\x01\x7fé\u{1F9E0}/')).toBe('"a\\"\\\\\\n\\u0001\\u007f\\u00e9\\ud83e\\udde0/"');
    expect(pythonJson({ '\u{1F9E0}': 1, '\uFFFD': new PythonFloat(1), a: [], b: {} })).toBe(
      '{\n    "a": [],\n    "b": {},\n    "\\ufffd": 1.0,\n    "\\ud83e\\udde0": 1\n}',
    );
  });
});
