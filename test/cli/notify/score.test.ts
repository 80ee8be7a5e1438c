/** What `score --notify` tells of its end, whichever it is. */
import { writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, expect, test, vi } from 'vitest';
import { noticeSchema } from '../../../src/cli/notify/notice.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { schemaText } from '../../../src/cli/published-schemas.ts';
import { golden } from '../../support/golden.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { recorder } from '../recorder.ts';
import { notifySecret, type Received, receiverForTests } from './receiver.ts';

const folder = temporaryFolder();
const follows = new Ajv2020({ allErrors: true, validateFormats: false }).compile(
  JSON.parse(schemaText(noticeSchema)),
);
const receiver = receiverForTests();
beforeAll(() => {
  const good = ['patient-1', golden('prob_f32.nii'), golden('prob_f32_ref.nii')];
  const gone = ['patient-2', folder('secret-path.nii'), golden('prob_f32_ref.nii')];
  const write = (name: string, ...rows: string[][]) =>
    writeFileSync(folder(name), ['case,prediction,reference', ...rows.map((row) => row.join())].join('\n'));
  write('all.csv', good);
  write('some.csv', good, gone);
});

async function score(manifest: string, ...more: string[]) {
  const { terminal, written } = recorder();
  const status = await runProgram(
    [
      ...['score', '--manifest', folder(manifest), '--out', folder('out'), '--overwrite', '--quiet'],
      ...['--scores', 'probability', '--classes', 'tumour=1', '--losses', 'dice', '--threads', '1'],
      ...['--notify', receiver().url, ...more],
    ],
    terminal,
  );
  return { status, ...written };
}

test('all scored', async () => {
  expect((await score('all.csv', '--name', 'night of May')).status).toBe(0);
  expect(receiver().notice).toMatchObject({
    ...{ state: 'ok', exitStatus: 0, engine: 'embedded', name: 'night of May', reasons: [] },
    cases: { total: 1, scored: 1, failed: 0, incomplete: 0 },
    foreground: { dice: expect.any(Number) },
  });
  expect(follows(receiver().notice)).toBe(true);
});

test('some failed and a rule broken: numbers and codes, no path and no name of a case', async () => {
  const { status } = await score('some.csv', '--fail-if', 'min dice.tumour < 2');
  expect(status).toBe(3);
  expect(receiver().notice).toMatchObject({
    ...{ state: 'failures', exitStatus: 3, reasons: [{ code: 'file-missing', cases: 1 }] },
    cases: { total: 2, scored: 1, failed: 1, incomplete: 0 },
    rules: [{ rule: 'min dice.tumour < 2', value: expect.any(Number), broken: true }],
  });
  const [{ body }] = receiver().received as [Received];
  for (const secret of ['patient', 'secret-path', folder(''), 'golden']) expect(body).not.toContain(secret);
  expect(follows(receiver().notice)).toBe(true);
});

test('ids of cases only where they are asked for', async () => {
  await score('some.csv', '--notify-case-ids');
  expect(receiver().notice).toMatchObject({ unscored: ['patient-2'] });
  expect(follows(receiver().notice)).toBe(true);
});

test('nothing could run: the code of the fault', async () => {
  const { status } = await score('none.csv');
  expect(status).toBe(2);
  expect(receiver().notice).toMatchObject({
    state: 'failed',
    exitStatus: 2,
    error: { code: 'text-unreadable' },
  });
  expect(receiver().received[0]!.body).not.toContain('none.csv');
  expect(follows(receiver().notice)).toBe(true);
});

test('a receiver that refuses is a warning, and the status stays', async () => {
  receiver().answers = [410];
  const { status, error } = await score('some.csv');
  expect(status).toBe(1);
  expect(error).toMatch(
    /warning: http:\/\/127\.0\.0\.1:\d+ was not told of the end of the run: it answers 410\n/,
  );
});

test('what cannot be told is said before anything runs', async () => {
  vi.stubEnv('VOXTALLY_NOTIFY_SECRET', undefined);
  expect(await score('some.csv')).toMatchObject({ status: 2, error: expect.stringContaining('is not set') });
  vi.stubEnv('VOXTALLY_NOTIFY_SECRET', notifySecret);
  for (const more of [['--detach'], ['--detach', '--fail-if', 'failed > 0']]) {
    const { status, error } = await score('some.csv', '--engine', 'redis', ...more);
    expect({ status, error }).toEqual({
      status: 2,
      error: expect.stringContaining('--detach does not wait'),
    });
  }
  expect(receiver().received).toEqual([]);
});
