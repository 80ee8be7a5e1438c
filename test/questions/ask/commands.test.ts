import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import type { ConfigInput } from '../../../src/settings/schema.ts';
import { recorder } from '../../cli/recorder.ts';
import { probability, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();
const config = {
  scores: 'probability',
  losses: 'dice',
  keepShards: 'always',
  classes: { tumour: [1] },
} as const;

beforeAll(async () => {
  for (const [index, name] of ['a', 'b'].entries()) {
    const entry = await writeCase({ folder: path('data'), id: name, seed: index, score: probability });
    await score([entry], config, path(name));
  }
});

async function run(...args: string[]) {
  const { terminal, written } = recorder({ width: 200 });
  return { status: await runProgram(args, terminal), ...written };
}

test('merge, ask, curve and compare', async () => {
  const merged = await run('merge', path('a'), path('b'), '--out', path('both'));
  expect(merged).toMatchObject({ status: 0, error: '' });
  const asked = await run(
    'ask',
    path('both'),
    '--losses',
    'bce',
    '--threshold',
    '0.3',
    '--out',
    path('asked'),
    '--json',
  );
  expect(JSON.parse(asked.out)).toEqual(JSON.parse(readFileSync(path('asked', 'results.json'), 'utf8')));
  const shown = await run('ask', path('both'), '--losses', 'bce');
  expect(shown.out).toContain('bce_loss');
  expect((await run('ask', path('both'))).out).not.toContain('_loss');
  const drawn = await run(
    'curve',
    path('both'),
    '--class',
    'tumour',
    '--kind',
    'roc,pr',
    '--out',
    path('curves.csv'),
  );
  expect(drawn.out).toMatch(/tumour, 2 cases pooled: 1008 voxels.*\n {2}area under the ROC curve +0\.\d+\n/);
  expect(readFileSync(path('curves.csv'), 'utf8')).toMatch(/^kind,class,case,score/);
  const compared = await run(
    'compare',
    path('both'),
    path('both'),
    '--resamples',
    '100',
    '--out',
    path('c.json'),
  );
  expect(compared.out).toMatch(/2 cases in both/);
  expect(JSON.parse(readFileSync(path('c.json'), 'utf8')).measures).not.toHaveLength(0);
});

test('a shard that is torn or changed stops a question, with advice that helps', async () => {
  const entry = await writeCase({ folder: path('data'), id: 'torn', seed: 3, score: probability });
  await score([entry], config, path('torn'));
  const shard = path('torn', 'work', 'shards', readdirSync(path('torn', 'work', 'shards'))[0]!);
  const whole = readFileSync(shard);
  const flipped = (at: number) => whole.map((byte, place) => (place === at ? byte ^ 1 : byte));
  const ninths = Array.from({ length: 8 }, (_, n) => flipped(Math.floor(((n + 1) * whole.length) / 9)));
  const questions = [
    ['ask', path('torn'), '--threshold', '0.3'],
    ['curve', path('torn'), '--class', 'tumour', '--kind', 'roc'],
  ];
  for (const bytes of [whole.subarray(0, whole.length - 1), ...ninths]) {
    writeFileSync(shard, bytes);
    for (const question of questions) {
      const { status, error } = await run(...question);
      expect(status).toBe(2);
      expect(error).toContain(shard);
      expect(error).toContain('score the run again with --overwrite');
    }
  }
  await score([entry], config, path('torn'));
  for (const question of questions) expect(await run(...question)).toMatchObject({ status: 0, error: '' });
});

test('what was measured of shapes is made again by --resume, which the message of a question says', async () => {
  const entry = await writeCase({ folder: path('data'), id: 'bent', seed: 4, score: probability });
  const measured: ConfigInput = { ...config, measures: ['overlap', 'boundary', 'lesions'] };
  await score([entry], measured, path('bent'));
  const kept = path('bent', 'work', 'kept', '000000-shapes-measured');
  writeFileSync(
    kept,
    readFileSync(kept).map((byte, at) => (at === 99 ? byte ^ 1 : byte)),
  );
  const question = ['ask', path('bent'), '--percentile', '99'];
  const { status, error } = await run(...question);
  expect(status).toBe(2);
  expect(error).toContain(
    `${kept}: the checksum of its header differs; the same score with --resume measures`,
  );
  await score([entry], measured, path('bent'), { resume: true });
  expect(await run(...question)).toMatchObject({ status: 0, error: '' });
});

test.each([
  [['ask', 'nowhere'], /holds no run/],
  [['curve', path('a'), '--kind', 'rock'], /"rock" is not one of roc, pr/],
  [['merge', path('a'), path('a'), '--out', path('twice')], /several runs hold: a/],
  [['merge', path('a'), '--out', path('a'), '--overwrite'], /one of the runs/],
  [['compare', path('a'), path('b')], /no case in common/],
])('%j is refused with status 2', async (args, message) => {
  const { status, error } = await run(...args);
  expect(status).toBe(2);
  expect(error).toMatch(message);
});
