import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import type { RunOutcome } from '../../src/base/scored.ts';
import { parseLosses } from '../../src/losses/registry.ts';
import { buildResults } from '../../src/results/build.ts';
import type { ScoredCaseResult } from '../../src/results/document.ts';
import { resultsParquet } from '../../src/results/parquet.ts';
import { binaryRun, exclusiveRun } from './outcome.ts';

async function tableOf(run: RunOutcome) {
  const losses = parseLosses('all', { convention: 'pytorch', scores: run.scores, channels: run.channels });
  const results = buildResults(run, losses, { convention: 'pytorch' });
  const bytes = resultsParquet(results);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return { results, bytes, rows: await parquetReadObjects({ file }) };
}

test('a row for each case, class and metric or loss, with every bit of the value', async () => {
  for (const run of [binaryRun(), exclusiveRun()]) {
    const { results, rows } = await tableOf(run);
    for (const entry of results.cases.filter(({ status }) => status === 'ok') as ScoredCaseResult[]) {
      const ofCase = rows.filter((row) => row.case === entry.id);
      const valuesOf = (name: string | null, kind: string, measure: string) =>
        ofCase
          .filter((row) => row.class === name && row.kind === kind && row.measure === measure)
          .map((row) => row.value);
      for (const { scope, id, column } of results.losses) {
        if (scope === 'multiclass') expect(valuesOf(null, 'loss', column)).toEqual([entry.losses[id]]);
        else
          for (const { name } of results.classes)
            expect(valuesOf(name, 'loss', column)).toEqual([entry.classes[name]!.losses[id]]);
      }
      for (const { name } of results.classes) {
        const { dice } = entry.classes[name]!.metrics;
        expect(valuesOf(name, 'metric', 'dice')).toEqual([dice]);
      }
    }
  }
});

test('groups, undefined values and cases without a score', async () => {
  const { rows } = await tableOf(binaryRun());
  expect(rows[0]).toMatchObject({ case: 'good', group: 'site A', status: 'ok', class: 'lesion' });
  expect(
    rows.find(
      ({ case: id, measure, class: name }) =>
        id === 'empty' && measure === 'lovasz-softmax_loss' && name === null,
    ),
  ).toMatchObject({ group: null, value: null });
  expect(rows.filter((row) => row.case === 'broken')).toEqual([
    { case: 'broken', group: null, status: 'failed', class: null, kind: null, measure: null, value: null },
  ]);
});

test('the bytes depend on the results alone', async () => {
  expect((await tableOf(binaryRun())).bytes).toEqual((await tableOf(binaryRun())).bytes);
});
