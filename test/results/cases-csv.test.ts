import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvRecord, givenText } from '../../src/base/csv.ts';
import type { RunOutcome } from '../../src/base/scored.ts';
import { parseLosses } from '../../src/losses/registry.ts';
import { buildResults } from '../../src/results/build.ts';
import { casesCsv } from '../../src/results/cases-csv.ts';
import type { ScoredCaseResult } from '../../src/results/document.ts';
import { binaryRun, exclusiveRun } from './outcome.ts';

function tableOf(run: RunOutcome) {
  const losses = parseLosses('all', { convention: 'pytorch', scores: run.scores, channels: run.channels });
  const results = buildResults(run, losses, { convention: 'pytorch' });
  const text = [...casesCsv(results)].join('');
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  return { results, text, rows };
}

test('a row a case and class, and one with the error for a case without a score', () => {
  const { results, rows } = tableOf(binaryRun());
  expect(rows.map((row) => row.case)).toEqual(['good', 'bad, "very"', 'empty', 'broken', 'torn']);
  const good = results.cases[0] as ScoredCaseResult;
  const { metrics, losses, soft } = good.classes.lesion!;
  expect(Number(rows[0]!.dice)).toBe(metrics.dice);
  expect(Number(rows[0]!.dice_loss)).toBe(losses.dice);
  expect(Number(rows[0]!.tp)).toBe(metrics.tp);
  expect(Number(rows[0]!.soft_tp)).toBe(soft.tp);
  expect(Number(rows[0]!.referenceVolumeMl)).toBe(metrics.referenceVolumeMl);
  expect(rows[0]).toMatchObject({ group: 'site A', status: 'ok', class: 'lesion', voxels: '4', error: '' });
  expect(rows[2]).toMatchObject({ dice: '', 'multiclass_lovasz-softmax_loss': '' });
  expect(rows[3]).toMatchObject({
    status: 'failed',
    dice: '',
    error_code: 'nan',
    error: 'NaN at [1,0,0]\nin "x", 1',
  });
});

test('multi-class losses are in every row of their case', () => {
  const { results, rows } = tableOf(exclusiveRun());
  const only = results.cases[0] as ScoredCaseResult;
  expect(rows.map((row) => row.class)).toEqual(['0', '1', '2', 'any']);
  expect(new Set(rows.map((row) => Number(row['multiclass_cross-entropy_loss'])))).toEqual(
    new Set([only.losses['cross-entropy']]),
  );
});

test('records have one length and end in CRLF', () => {
  const { text } = tableOf(binaryRun());
  expect(text.endsWith('\r\n')).toBe(true);
  const lengths = (parse(text) as string[][]).map((record) => record.length);
  expect(new Set(lengths).size).toBe(1);
});

test('any text survives quoting; what a spreadsheet would run has an apostrophe before it', () => {
  const runs = /^[=+\-@\t\r](?!(\d+(\.\d*)?|\.\d+)$)/;
  const awkward = fc.string({
    unit: fc.constantFrom('"', "'", ',', '\r', '\n', ' ', '\t', '=', ';', 'é', 'a'),
  });
  const field = fc.oneof(awkward, fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(
      fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      (table) => {
        const text = table.map(csvRecord).join('');
        const fields = parse(text, { relax_column_count: true, record_delimiter: '\r\n' }) as string[][];
        expect(fields.flat().filter((cell) => runs.test(cell))).toEqual([]);
        expect(fields.map((row) => row.map(givenText))).toEqual(table);
      },
    ),
  );
  expect(csvRecord(['=1+2', '+1', null, undefined, 0.1])).toBe("'=1+2,+1,,,0.1\r\n");
});
