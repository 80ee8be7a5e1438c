import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { gatherCases } from '../../src/cli/cases.ts';
import { prepareOutDir } from '../../src/cli/out-dir.ts';
import { runProgram } from '../../src/cli/program.ts';
import { settingsFromFlags } from '../../src/cli/setting-flags.ts';
import { loadConfig } from '../../src/settings/load-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { recorder } from './recorder.ts';

const ofFile = temporaryFolder();
let tests = 0;
let folder: string;
beforeEach(() => {
  folder = ofFile(String(tests++));
  for (const name of ['preds', 'refs']) mkdirSync(join(folder, name), { recursive: true });
});

const at = (...parts: string[]) => join(folder, ...parts);
const touch = (...parts: string[]) => writeFileSync(at(...parts), '');

async function run(...args: string[]) {
  const { terminal, written } = recorder();
  const status = await runProgram(args, terminal);
  return { status, ...written };
}

describe('help', () => {
  test('lists the commands and the exit status', async () => {
    const { status, out } = await run('--help');
    expect(status).toBe(0);
    for (const part of ['score', 'inspect', 'demo', 'Exit status: 0 all scored']) expect(out).toContain(part);
  });

  test('of score names every flag that others rely on', async () => {
    const { status, out } = await run('score', '--help');
    expect(status).toBe(0);
    const flags =
      'predictions references manifest out losses convention scores channels classes ignore-label unknown-labels ' +
      'threshold threads tile memory engine resume overwrite config clamp reorient keep-shards json quiet';
    for (const flag of flags.split(' ')) expect(out).toMatch(new RegExp(`--${flag}\\b`));
  });

  test('the version is the package’s', async () => {
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('usage errors end with status 2 and a message that helps', () => {
  test.each<[string[], string]>([
    [['scor'], 'Did you mean score?'],
    [['score', '--lossses', 'dice'], 'Did you mean --losses?'],
    [['score', '--out'], 'argument missing'],
    [['score', '--out', 'OUT'], 'say what to score'],
    [['score', '--manifest', 'none.csv'], 'say where the results go: --out FOLDER'],
    [['score', '--manifest', 'none.csv', '--out', 'OUT'], 'none.csv: cannot read the manifest'],
    [['score', '--manifest', 'a.csv', '--predictions', 'b', '--out', 'OUT'], 'not both'],
    [['score', '--threads', 'x', '--tile', '1,2', '--out', 'OUT'], 'threads (flag): given "x"'],
    [['score', '--predictions', 'PREDS', '--references', 'REFS', '--out', 'OUT'], 'holds no .nii'],
    [['inspect'], "missing required argument 'files'"],
  ])('%j', async (args, message) => {
    const places: Record<string, string> = { OUT: at('out'), PREDS: at('preds'), REFS: at('refs') };
    const { status, out, error } = await run(...args.map((arg) => places[arg] ?? arg));
    expect(error).toContain(message);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(existsSync(at('out'))).toBe(false);
  });

  test('for programs, one JSON object', async () => {
    const { status, out } = await run('score', '--json', '--threads', '0', '--out', at('out'));
    expect(JSON.parse(out)).toMatchObject({ exitStatus: 2, error: { code: 'config-invalid' } });
    expect(status).toBe(2);
  });
});

test('flags become settings, and only those that were given', () => {
  expect(
    settingsFromFlags({
      json: true,
      ignoreLabel: '255',
      tile: '8,8,4',
      tileVoxels: '99',
      tileBundle: '7',
      stageAboveMib: '5',
    }),
  ).toEqual({
    ignoreLabel: '255',
    tile: { shape: '8,8,4', voxels: '99', bundle: '7' },
    stageAboveMiB: '5',
  });
  const config = loadConfig({
    flags: settingsFromFlags({ clamp: true, memory: '1GiB', classes: 'a=1', redis: 'redis://queue' }),
  });
  expect(config).toMatchObject({
    clamp: true,
    memory: 2 ** 30,
    classes: { a: [1] },
    redis: { url: 'redis://queue' },
  });
});

describe('the cases of two folders', () => {
  const source = () => ({ predictions: at('preds'), references: at('refs') });

  test('come with warnings on what has no partner', () => {
    for (const name of ['a.nii', 'b.nii']) touch('refs', name);
    for (const name of ['a.nii', 'z.nii']) touch('preds', name);
    const { cases, warnings } = gatherCases(source(), 'fail-case');
    expect(cases.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(warnings).toEqual([
      `${at('preds', 'z.nii')} belongs to no reference and is left out`,
      `${at('refs', 'b.nii')} has no prediction`,
    ]);
    expect(() => gatherCases(source(), 'fail-run')).toThrow(/1 of 2 cases/);
  });

  test('are refused when no name fits', () => {
    touch('refs', 'a.nii');
    touch('preds', 'z.nii');
    expect(() => gatherCases(source(), 'fail-case')).toThrow(/has the name of one/);
  });
});

describe('the folder of a run', () => {
  const fresh = { resume: false, overwrite: false };

  test('is made, and may hold other files', () => {
    prepareOutDir(at('new', 'deep'), fresh).release();
    expect(existsSync(at('new', 'deep'))).toBe(true);
    prepareOutDir(folder, fresh).release();
  });

  test.each(['results.json', 'run.json', 'work/settings.json', 'work/cases.json'])(
    'that holds %s is refused',
    (name) => {
      mkdirSync(at('work'));
      touch(name);
      expect(() => prepareOutDir(folder, fresh)).toThrow(/holds a run; give --resume.*--overwrite/);
      prepareOutDir(folder, { resume: true, overwrite: false }).release();
      expect(existsSync(at(name))).toBe(true);
    },
  );

  test('is overwritten without harm to other files', () => {
    mkdirSync(at('work', 'tiles'), { recursive: true });
    for (const name of ['results.json', 'cases.csv', 'work/cases.json', 'notes.txt']) touch(name);
    prepareOutDir(folder, { resume: false, overwrite: true }).release();
    expect(readdirSync(folder).sort()).toEqual(['.owner', 'notes.txt', 'preds', 'refs']);
  });

  test('a folder named work that is not a run’s stays', () => {
    mkdirSync(at('work'));
    for (const name of ['results.json', 'work/thesis.txt']) touch(name);
    prepareOutDir(folder, { resume: false, overwrite: true }).release();
    expect(existsSync(at('work', 'thesis.txt'))).toBe(true);
  });

  test('is rid of what a killed run had begun to write of its results, and of no other file', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const [left, live] = [pid, process.ppid].map((of) => `lesions.csv.${of}-0123abcd-4.tmp`) as [
      string,
      string,
    ];
    for (const name of ['results.json', left, live, 'notes.tmp']) touch(name);
    prepareOutDir(folder, { resume: true, overwrite: false }).release();
    expect([left, live, 'notes.tmp'].map((name) => existsSync(at(name)))).toEqual([false, true, true]);
  });

  test('a file in its place is refused', () => {
    touch('file');
    expect(() => prepareOutDir(at('file'), fresh)).toThrow(/^--out: .*file: this folder could not be made/);
    expect(() => prepareOutDir(folder, { resume: true, overwrite: true })).toThrow(/contradict/);
  });
});
