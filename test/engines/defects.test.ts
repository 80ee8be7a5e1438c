/** A fault of the machine costs a case; a defect of the program ends the run. Neither leaves a stack or a path of it in results. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { DefectError, MachineError, UsageError } from '../../src/base/errors.ts';
import { namedError } from '../../src/base/named-error.ts';
import { packError, unpackError } from '../../src/base/packed-error.ts';
import { Hospital } from '../soak/hospital.ts';
import { Program } from '../soak/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
let hospital: Hospital;
beforeAll(async () => {
  hospital = await Hospital.make(folder('hospital'), 2);
});

/** Scores under these rules for files, with tiles of a plane. */
async function score(name: string, rules: readonly object[]) {
  mkdirSync(folder(name));
  hospital.admit(folder(name));
  writeFileSync(folder(name, 'rules.json'), JSON.stringify(rules));
  const program = new Program(folder(name), [
    ...['score', '--manifest', 'cases.csv', '--out', 'out', '--threads', '1', '--tile', '24,24,6'],
    ...['--tile-bundle', '1', '--losses', 'dice'],
  ]);
  return { ...(await program.ended), program, results: join(folder(name), 'out', 'results.json') };
}

test('a defect ends the run, with its stack on the terminal', async () => {
  const { status, program, results } = await score('defect', [
    { path: 'tiles/000001/000002', call: 'rename', error: 'TypeError' },
  ]);
  expect(status).toBe(2);
  expect(program.text).toContain('a defect of voxtally');
  expect(program.hasStack).toBe(true);
  expect(existsSync(results)).toBe(false);
});

test('a disk that fails costs its case, in words', async () => {
  const { status, program, results } = await score('disk', [
    { path: 'tiles/000001/000002', call: 'read', error: 'EIO' },
  ]);
  expect(status).toBe(1);
  expect(program.hasStack).toBe(false);
  const document = JSON.parse(readFileSync(results, 'utf8'));
  expect(document.cases.map((entry: { status: string }) => entry.status)).toEqual(['ok', 'incomplete']);
  const { message } = document.cases[1].error;
  expect(message).toContain('look at the disk or the mount, then resume');
  expect(message).not.toMatch(/\n|^\s*at |\.js/);
});

test.each([
  [new TypeError('x is not a function'), DefectError, 'defect'],
  [new Error('a kernel aborted'), DefectError, 'defect'],
  [
    Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' }),
    MachineError,
    'storage',
  ],
  [Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' }), MachineError, 'disk-full'],
  [new RangeError('Array buffer allocation failed'), MachineError, 'memory'],
  [Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'uv_cwd' }), UsageError, 'working-folder-gone'],
])('%s', (error, type, code) => {
  const named = namedError(error);
  expect(named).toBeInstanceOf(type);
  expect(named.code).toBe(code);
  const crossed = unpackError(packError(error));
  expect(crossed).toBeInstanceOf(type);
  expect([crossed.code, crossed.message]).toEqual([named.code, named.message]);
  if (crossed instanceof DefectError) expect(crossed.trace).toContain('at ');
});
