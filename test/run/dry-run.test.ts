/** What `score --dry-run` finds is what the run then meets. */
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { runDry } from '../../src/cli/run-dry.ts';
import { dryRun } from '../../src/run/dry-run.ts';
import { configSchema } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { golden } from '../support/golden.ts';
import { pair, score } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const config = { losses: 'dice', threads: 1, classes: { one: [1] } } as const;
const good = pair('good', golden('prob_f32.nii'), golden('prob_f32_ref.nii'));
const { bad } = JSON.parse(readFileSync(golden('golden.json'), 'utf8')) as {
  bad: { prediction: string; reference: string }[];
};

test('finds the cases that fail, with the code that the run gives them', async () => {
  const cases = [
    good,
    ...bad.map(({ prediction, reference }) => pair(prediction, golden(prediction), golden(reference))),
    { id: 'none', predictions: [], reference: golden('prob_f32_ref.nii'), missing: 'prediction' as const },
  ];
  const found = await dryRun(configSchema.parse({ ...config, scores: 'logit' }), cases);
  const report = await score(cases, { ...config, scores: 'logit' }, folder('out'));
  const told = new Map(found.cases.map(({ id, error }) => [id, error?.code]));
  const met = new Map(
    report.results.cases.map((entry) => [entry.id, entry.status === 'ok' ? undefined : entry.error.code]),
  );
  for (const [id, code] of told) if (code !== undefined) expect([id, code]).toEqual([id, met.get(id)]);
  // A single voxel, of the prediction or of the reference, shows only when all are read.
  const unseen = [...met].filter(([id, code]) => code !== undefined && told.get(id) === undefined);
  expect(unseen.map(([id]) => id).sort()).toEqual(['bad_nan.nii', 'prob_f32.nii']);
  expect([...told.values()].filter((code) => code !== undefined).length).toBeGreaterThanOrEqual(9);
  expect(told.get('good')).toBeUndefined();
});

test('a gzip file that was cut short is found, one of several members is not taken for such', async () => {
  const bytes = readFileSync(golden('prob_f32.nii'));
  writeFileSync(folder('whole.nii.gz'), gzipSync(bytes));
  writeFileSync(folder('cut.nii.gz'), gzipSync(bytes).subarray(0, -5000));
  writeFileSync(
    folder('members.nii.gz'),
    Buffer.concat([
      gzipSync(bytes.subarray(0, 5000)),
      gzipSync(bytes.subarray(5000)),
      gzipSync(Buffer.alloc(0)),
    ]),
  );
  const cases = ['whole', 'cut', 'members'].map((name) =>
    pair(name, folder(`${name}.nii.gz`), good.reference),
  );
  const { cases: found } = await dryRun(configSchema.parse(config), cases);
  expect(found.map(({ error }) => error?.code)).toEqual([
    undefined,
    expect.stringContaining('gzip'),
    undefined,
  ]);
});

test.each([
  ['probability', 'logit_f32.nii.gz', /values go from -?\d.* to .*does not hold probability values/],
  ['label', 'prob_f32.nii', /it holds 0\.\d+ at \[\d+, \d+, \d+\], so it does not hold label values/],
] as const)('a case of another kind than the %s run is found', async (scores, file, reason) => {
  const other = pair('other', golden(file), golden(file.replace('.', '_ref.')));
  const { cases } = await dryRun(configSchema.parse({ ...config, scores }), [other]);
  expect(cases[0]!.error?.message).toMatch(reason);
});

test('an empty probability map fits a run of probabilities', async () => {
  const shape = [6, 5, 4] as const;
  await writeNifti(folder('zero.nii'), { shape, datatype: 'float32', data: new Float32Array(120) });
  await writeNifti(folder('labels.nii'), { shape, datatype: 'uint8', data: new Uint8Array(120) });
  const cases = [good, pair('zero', folder('zero.nii'), folder('labels.nii'))];
  const found = await dryRun(configSchema.parse(config), cases);
  expect(found).toMatchObject({ scores: 'probability', cases: [{ error: null }, { error: null }] });
  expect(found.cases[1]!.volume).toMatchObject({ scores: null, shape, tiles: 1, mode: 'tiles', channels: 1 });
});

test('the table, the JSON and the exit status', async () => {
  const cases = [good, { ...good, id: 'gone', predictions: [folder('gone.nii')] }];
  const run = async (entries: typeof cases, json: boolean) => {
    const written: string[] = [];
    const terminal = {
      out: (text: string) => written.push(text),
      error: () => {},
      live: false,
      color: false,
      width: 200,
    };
    const status = await runDry(
      entries,
      configSchema.parse(config),
      ['told before'],
      { json, quiet: false },
      terminal,
    );
    return { status, text: written.join('') };
  };
  const table = await run(cases, false);
  expect(table.status).toBe(1);
  expect(table.text).toMatch(/1 of 2 cases would be scored as probability/);
  expect(table.text).toMatch(
    /good .*prob_f32\.nii .*float32, probability +\d+ x \d+ x \d+ .*tiles, \d+ tile/,
  );
  expect(table.text).toMatch(/1 would fail\ncase gone: .*gone\.nii/);
  const { status, text } = await run(cases.slice(1), true);
  expect(status).toBe(2);
  expect(JSON.parse(text)).toMatchObject({
    version: 1,
    warnings: ['told before'],
    cases: [{ id: 'gone', volume: null }],
  });
});
