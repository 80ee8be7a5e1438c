import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The built program; `npm test` builds first. */
const main = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));

const folder = temporaryFolder()();
const gone = temporaryFolder()();

function run(...args: string[]): Promise<{ status: number | null; out: string; error: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, error] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      error += chunk;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, out, error }));
  });
}

test('--help', async () => {
  const { status, out, error } = await run('--help');
  expect({ status, error }).toEqual({ status: 0, error: '' });
  expect(out).toContain('Usage: voxtally');
});

test('a reader that closes the pipe early is no failure', async () => {
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let error = '';
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  expect({ status, error }).toEqual({ status: 0, error: '' });
});

test('a usage error is status 2, on standard error alone', async () => {
  const { status, out, error } = await run('score', '--scores', 'prob', '--out', 'results');
  expect({ status, out }).toEqual({ status: 2, out: '' });
  expect(error).toContain('scores (flag): given "prob"; allowed: auto, probability, logit, label');
});

test('a command in a working folder that was removed says so', async () => {
  const text = await new Promise<string>((resolve, reject) => {
    const script = 'rmdir "$1"; exec "$2" "$3" demo';
    const child = spawn('sh', ['-c', script, 'sh', gone, process.execPath, main], {
      cwd: gone,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let error = '';
    child.stderr.on('data', (chunk) => {
      error += chunk;
    });
    child.on('error', reject);
    child.on('close', () => resolve(error));
  });
  expect(text).toBe('voxtally: the working folder is gone; change into one that is there\n');
});

test('the demo scores all but the case that fails on purpose', async () => {
  const { status, out, error } = await run('demo');
  expect(error).not.toContain('voxtally:');
  expect(status).toBe(0);
  expect(out).toContain('5 of 6 cases scored, 1 failed');
  expect(out).toContain('south-03 failed on purpose');
  const { cases } = JSON.parse(readFileSync(join(folder, 'demo/results/results.json'), 'utf8'));
  expect(cases.map(({ status }: { status: string }) => status)).toEqual([
    'ok',
    'ok',
    'ok',
    'ok',
    'ok',
    'failed',
  ]);
});

test('the same hospital by score: one failure is status 1, results as one JSON object', async () => {
  const args = [
    'score',
    '--manifest',
    'demo/cases.csv',
    '--classes',
    'tumour=1',
    '--scores',
    'probability',
    '--losses',
    'dice',
    '--json',
  ];
  const { status, out } = await run(...args, '--out', 'again');
  expect(status).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ exitStatus: 1, outDir: 'again', results: { version: 2 } });
  const refused = await run(...args, '--out', 'again');
  expect(refused.status).toBe(2);
  expect(refused.error).toContain('again holds a run; give --resume');
});
