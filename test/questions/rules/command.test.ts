/** `--fail-if` as a user gives it: status, messages, and that nothing is scored for a rule that cannot be. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import type { ResultsDocument } from '../../../src/results/document.ts';
import { recorder } from '../../cli/recorder.ts';
import { golden } from '../../support/golden.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const results = (out: string) =>
  JSON.parse(readFileSync(folder(out, 'results.json'), 'utf8')) as ResultsDocument;

async function run(...args: string[]) {
  const { terminal, written } = recorder();
  return { status: await runProgram(args, terminal), ...written };
}
const rules = (...texts: string[]) => texts.flatMap((text) => ['--fail-if', text]);
const score = (out: string, ...more: string[]) =>
  run(
    ...['score', '--manifest', folder('cases.csv'), '--out', folder(out), '--scores', 'probability'],
    ...[
      '--classes',
      'tumour=1',
      '--losses',
      'dice',
      '--threads',
      '1',
      '--measures',
      'overlap,boundary',
      ...more,
    ],
  );

beforeAll(async () => {
  const rows = [
    ['a', golden('prob_f32.nii'), golden('prob_f32_ref.nii')],
    ['b', golden('confident_prob.nii'), golden('confident_prob_ref.nii')],
    ['gone', folder('gone.nii'), golden('prob_f32_ref.nii')],
  ];
  writeFileSync(
    folder('cases.csv'),
    ['case,prediction,reference', ...rows.map((row) => row.join())].join('\n'),
  );
  await score('out');
});

test('a rule that holds changes nothing; one that is broken ends with 3 and says value, class and case', async () => {
  const { means, cases } = results('out');
  const dice = means.foreground.metrics.dice.mean!;
  const { min } = means.classes.tumour!.metrics.dice;
  const worst = cases.find((entry) => entry.status === 'ok' && entry.classes.tumour!.metrics.dice === min)!;
  expect(await score('out', '--resume', ...rules(`mean dice < ${dice}`, 'failed > 1'))).toMatchObject({
    status: 1,
    error: expect.not.stringContaining('--fail-if'),
  });
  const broken = await score(
    'out',
    '--resume',
    ...rules(`dice <= ${dice}`, 'min dice.tumour < 2', 'failed > 0'),
  );
  expect(broken.status).toBe(3);
  expect(broken.error).toContain(
    `--fail-if "dice <= ${dice}": the value is ${dice}, the mean over class tumour`,
  );
  expect(broken.error).toContain(`the value is ${min}, of class tumour, in case ${worst.id}`);
  expect(broken.error).toContain('the value is 1, of 3 cases');
});

test('distances by their short names, at the extreme case', async () => {
  const { max } = results('out').means.classes.tumour!.shapes!['voxel.hd95.directed']!;
  const { status, error } = await score('out', '--resume', ...rules('max hd95 > -1'));
  expect(status).toBe(3);
  expect(error).toMatch(new RegExp(`the value is ${max}, of class tumour, in case [ab]\n`));
});

test('what is undefined counts as a failure', async () => {
  writeFileSync(
    folder('gone.csv'),
    `case,prediction,reference\ngone,${folder('gone.nii')},${golden('prob_f32_ref.nii')}\n`,
  );
  const { status, error } = await score('none', '--manifest', folder('gone.csv'), ...rules('dice < 0.1'));
  expect(status).toBe(3);
  expect(error).toContain('"dice < 0.1": the value is undefined, no case has one; that counts as a failure');
});

test('for programs, the rules are in the JSON, and so is the status', async () => {
  const { status, out } = await score('out', '--resume', '--json', ...rules('dice < 2', 'cases < 1'));
  expect(status).toBe(3);
  expect(JSON.parse(out)).toMatchObject({
    exitStatus: 3,
    rules: [
      { rule: 'dice < 2', broken: true },
      { rule: 'cases < 1', value: 3, broken: false },
    ],
  });
});

test('a rule that cannot be is refused before anything is touched', async () => {
  for (const text of ['dise < 1', 'dice.liver < 1', 'dice', 'hd50 > 1']) {
    const { status, error } = await score('untouched', ...rules(text));
    expect(status).toBe(2);
    expect(error).toContain(`--fail-if "${text}", character`);
    expect(existsSync(folder('untouched'))).toBe(false);
  }
  const before = readFileSync(folder('out', 'results.json'));
  expect((await score('out', '--overwrite', ...rules('dise < 1'))).status).toBe(2);
  expect(readFileSync(folder('out', 'results.json'))).toEqual(before);
});

test('merge keeps the rules as score does', async () => {
  const merge = (...more: string[]) =>
    run('merge', folder('out'), '--out', folder('merged'), '--overwrite', '--threads', '1', ...more);
  expect((await merge(...rules('failed > 1'))).status).toBe(1);
  const { status, error } = await merge(...rules('failed > 0'));
  expect(status).toBe(3);
  expect(error).toContain('--fail-if "failed > 0": the value is 1, of 3 cases');
  expect((await merge(...rules('dise < 1'))).status).toBe(2);
  expect((await merge('--without', 'gone', ...rules('failed > 0'))).status).toBe(0);
});

test('a class that only the files know is looked up at the end', async () => {
  writeFileSync(
    folder('labels.csv'),
    `case,prediction,reference\na,${golden('labels.nii.gz')},${golden('labels_ref.nii.gz')}\n`,
  );
  const byManifest = (...more: string[]) =>
    run(
      'score',
      '--manifest',
      folder('labels.csv'),
      '--out',
      folder('labels'),
      '--overwrite',
      '--threads',
      '1',
      ...more,
    );
  expect((await byManifest(...rules('dice.1 > 1'))).status).toBe(0);
  const { status, error } = await byManifest(...rules('dice.77 < 0.1'));
  expect(status).toBe(3);
  expect(error).toContain('the value is undefined, no file has a class 77');
});
