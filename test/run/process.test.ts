/** Runs as processes: killed at any time and resumed, interrupted once, and with bounded memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { resultFiles } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { randomNumbers, writePair } from './volumes.ts';

/** The built program; `npm test` builds first. */
const main = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));
const folder = temporaryFolder();

function start(...args: string[]): { child: ChildProcess; end: Promise<{ status: unknown; error: string }> } {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let error = '';
  child.stderr!.on('data', (chunk) => {
    error += chunk;
  });
  const end = new Promise<{ status: unknown; error: string }>((resolve) => {
    child.on('close', (code, signal) => resolve({ status: signal ?? code, error }));
  });
  return { child, end };
}

const score = (out: string, ...more: string[]) => [
  'score',
  ...['--manifest', folder('cases.csv'), '--scores', 'probability', '--threads', '2'],
  ...['--tile', '24,24,6', '--tile-bundle', '4000', '--out', folder(out), '--quiet', ...more],
];

beforeAll(async () => {
  const names = ['a', 'b', 'bad', 'c', 'd'];
  for (const [seed, name] of names.entries()) {
    await writePair(folder(`${name}.nii.gz`), folder(`${name}-ref.nii.gz`), {
      shape: [24, 24, 60],
      seed: seed + 1,
      gzip: seed % 2 === 0,
      edit: (scores) => {
        if (name === 'bad') scores[30_000] = 3;
      },
    });
  }
  const rows = names.map((name) => `${name},${name}.nii.gz,${name}-ref.nii.gz`);
  writeFileSync(folder('cases.csv'), `case,prediction,reference\n${rows.join('\n')}\n`);
});

test('killed again and again at random times, resumed: the same bytes', async () => {
  const whole = await start(...score('whole')).end;
  expect(whole).toEqual({ status: 1, error: expect.not.stringContaining('Warning') });
  const expected = resultFiles(folder('whole'));
  expect(expected['results.json']).toContain('"out-of-range"');

  const random = randomNumbers(Date.now());
  let killed = 0;
  for (let attempt = 0; ; attempt++) {
    const { child, end } = start(...score('killed', '--resume'));
    // Later and later, so that some attempt comes to the end; the first one while the program still starts.
    const timer = setTimeout(() => child.kill('SIGKILL'), 350 * attempt + 200 * random());
    const { status } = await end;
    clearTimeout(timer);
    if (status !== 'SIGKILL') {
      expect(status).toBe(1);
      break;
    }
    killed++;
  }
  expect(killed).toBeGreaterThan(0);
  expect(resultFiles(folder('killed'))).toEqual(expected);
});

test('one interrupt stops the run at once with status 130, and it can be resumed', async () => {
  const { child, end } = start(...score('interrupted'));
  const tiles = folder('interrupted', 'work', 'tiles');
  while (!existsSync(tiles) || readdirSync(tiles).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill('SIGINT');
  const { status, error } = await end;
  expect(status).toBe(130);
  expect(error).toContain('--resume goes on from here');
  expect(error).not.toContain('Error');
  expect(existsSync(folder('interrupted', 'results.json'))).toBe(false);
  expect((await start(...score('interrupted', '--resume')).end).status).toBe(1);
  expect(resultFiles(folder('interrupted'))).toEqual(resultFiles(folder('whole')));
});

test('peak memory of sums does not grow with the volume', async () => {
  const peakMiB = async (planes: number) => {
    const name = `large-${planes}`;
    await writePair(folder(`${name}.nii`), folder(`${name}-ref.nii`), { shape: [128, 128, planes], seed: 1 });
    writeFileSync(folder(`${name}.csv`), `case,prediction,reference\n${name},${name}.nii,${name}-ref.nii\n`);
    const measured = fileURLToPath(new URL('./peak-memory.mjs', import.meta.url));
    const args = ['score', '--manifest', folder(`${name}.csv`), '--scores', 'probability', '--threads', '2'];
    const child = spawn(
      process.execPath,
      [
        '--import',
        measured,
        main,
        ...args,
        '--losses',
        'dice,bce',
        '--tile',
        '128,128,4',
        '--quiet',
        '--out',
        folder(name),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let error = '';
    for await (const chunk of child.stderr) error += chunk;
    return Number(/peak (\d+) KiB/.exec(error)![1]) / 1024;
  };
  const [small, large] = [await peakMiB(96), await peakMiB(1536)];
  // 7.5 MiB of voxels against 120: the heaps of main and two threads fill up once, volumes and tiles are never held.
  // (A merge of shards grows up to a range of 2^23 keys, then no more: bench/.)
  expect(large).toBeLessThan(small + 24);
});
