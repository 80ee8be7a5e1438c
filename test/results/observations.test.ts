/** Inputs that are scored right and yet may not be what was meant: said aloud, in results.json and in run.json. */
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { suspicionsOf } from '../../src/cases/suspicions.ts';
import type { ManifestCase } from '../../src/cases/types.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { writeReport } from '../../src/web/report/write-report.ts';
import { pair, score } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const shape = [4, 3, 2] as const;
let serial = 0;

async function labelMap(...labels: number[]): Promise<string> {
  const path = folder(`${serial++}.nii`);
  const data = Uint8Array.from({ length: 24 }, (_, i) => labels[i % labels.length]!);
  await writeNifti(path, { shape, datatype: 'uint8', data });
  return path;
}

async function probabilityMap(...values: number[]): Promise<string> {
  const path = folder(`${serial++}.nii`);
  const data = Float32Array.from({ length: 24 }, (_, i) => values[i % values.length]!);
  await writeNifti(path, { shape, datatype: 'float32', data });
  return path;
}

async function run(cases: readonly ManifestCase[], config: ConfigInput = {}) {
  const out = folder(`out-${serial++}`);
  mkdirSync(out);
  const report = await score(cases, { scores: 'label', ...config }, out);
  const { warnings } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
  const notes = report.notes.filter((note) => note.startsWith('warning: '));
  expect(notes).toEqual(warnings.map((text: string) => `warning: ${text}`));
  expect(JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')).warnings).toEqual(warnings);
  return { report, out, warnings: warnings as string[] };
}

test('voxel sizes that no header gives are assumed aloud, also in the report', async () => {
  const unsized = async (units: number, last = 2) => {
    const path = await labelMap(0, 1, last);
    const bytes = readFileSync(path);
    // Neither qform nor sform; no size along x and z.
    for (const at of [252, 254]) bytes.writeInt16LE(0, at);
    for (const at of [80, 88]) bytes.writeFloatLE(0, at);
    bytes[123] = units;
    writeFileSync(path, bytes);
    return path;
  };
  const prediction = await labelMap(0, 1, 1);
  const cases = [
    pair('sized', prediction, await labelMap(0, 1, 2)),
    pair('bare', prediction, await unsized(2)),
  ];
  const said =
    'the header of the reference gives no voxel size, so one is assumed, and all distances and volumes rest on it; write the size into the header';
  const { warnings, out } = await run(cases);
  expect(warnings).toEqual([`1 of 2 cases: ${said} (bare, assumed: x 1 mm, z 1 mm)`]);
  await writeReport(out);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page.slice(page.indexOf('id="warnings"'), page.indexOf('id="overview"'))).toContain(
    'gives no voxel size',
  );
  // Sizes in metres.
  const metres = await run([pair('bare', await unsized(1, 1), await unsized(1))]);
  expect(metres.warnings).toEqual([`case bare: ${said} (assumed: x 1000 mm, z 1000 mm)`]);
});

test('label maps: nothing predicted, no label in common, equal; one sentence per kind with its number', async () => {
  const reference = await labelMap(0, 1, 2);
  const cases = [
    pair('nothing', await labelMap(0), reference),
    pair('nothing-too', await labelMap(0), reference),
    pair('apart', await labelMap(0, 10, 11), reference),
    pair('copy', await labelMap(0, 1, 2), reference),
    pair('fine', await labelMap(0, 1, 1), reference),
    pair('empty', await labelMap(0), await labelMap(0)),
  ];
  const { warnings, out } = await run(cases);
  await writeReport(out);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page.slice(page.indexOf('id="warnings"'), page.indexOf('id="overview"'))).toContain(
    warnings[1]!.slice(0, 40),
  );
  expect(warnings).toEqual([
    '2 of 6 cases: the prediction holds no label but 0, and the reference does (first: nothing)',
    '1 of 6 cases: prediction and reference have no label in common; check that they number the same structures alike (apart, labels 10, 11 against 1, 2)',
    '1 of 6 cases: prediction and reference are equal at every voxel; check that the prediction is not a copy of the reference (copy)',
    'no reference has a voxel of the classes 10, 11',
  ]);
});

test('scores: all zero, nothing above the threshold, equal to the reference', async () => {
  const reference = await labelMap(0, 1);
  const scores = { scores: 'probability' } as const;
  expect((await run([pair('zero', await probabilityMap(0), reference)], scores)).warnings).toEqual([
    'case zero: every score is 0, and the reference has foreground',
  ]);
  expect((await run([pair('low', await probabilityMap(0.1, 0.4), reference)], scores)).warnings).toEqual([
    'case low: no voxel is predicted to be foreground, and the reference has some',
  ]);
  expect((await run([pair('equal', await probabilityMap(0, 1), reference)], scores)).warnings).toEqual([
    expect.stringMatching(/^case equal: prediction and reference are equal at every voxel/),
  ]);
  expect((await run([pair('fine', await probabilityMap(0.2, 0.9), reference)], scores)).warnings).toEqual([]);
});

test('a named class that no reference has', async () => {
  const cases = [pair('a', await labelMap(0, 1, 1), await labelMap(0, 1, 0))];
  const { warnings } = await run(cases, { classes: { liver: [1], tumour: [2] } });
  expect(warnings).toEqual(['no reference has a voxel of the class tumour']);
});

test('the same file on both sides, by its path or a link, fails its case unless it is allowed', async () => {
  const reference = await labelMap(0, 1);
  const [soft, hard] = [folder('soft.nii'), folder('hard.nii')];
  symlinkSync(reference, soft);
  linkSync(reference, hard);
  const cases = [reference, soft, hard].map((file, index) => pair(`c${index}`, file, reference));
  const { report } = await run(cases);
  for (const result of report.results.cases) {
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'identical-files', message: expect.stringContaining('--allow-identical') },
    });
  }
  const allowed = await run(cases, { allowIdentical: true });
  expect(allowed.report.exitStatus).toBe(0);
  expect(allowed.warnings[0]).toMatch(/^3 of 3 cases: prediction and reference are equal/);
});

test.each([
  ['data/preds', 'data/labelsTr', 0],
  ['data/labelsTr', 'data/preds', 1],
  ['out/predictions', 'out/predictions/', 1],
  ['gt', 'model_output', 1],
  ['a', 'b', 0],
  ['reference_predictions', 'predictions', 0],
])('%s against %s: %d warnings', (predictions, references, count) => {
  expect(suspicionsOf(predictions, references)).toHaveLength(count);
});
