/** What a store makes of faults of the file system, and a run of those of its store. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { makeFolder } from '../../src/base/make-folder.ts';
import { hasWholeRecords } from '../../src/run/enter-run.ts';
import { LocalStore } from '../../src/run/local-store.ts';
import { localStore } from '../../src/run/open-store.ts';
import { getRecord, putRecord } from '../../src/run/records.ts';
import { RunFolder } from '../../src/run/run-folder.ts';
import { runSettingsSchema } from '../../src/settings/run-settings.ts';
import { type Fault, FaultyFiles } from '../faults/faulty-files.ts';
import { pair, request, resultFiles } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runInProcess } from './in-process.ts';
import { writePair } from './volumes.ts';

const folder = temporaryFolder();
const cases = ['a', 'b', 'c'].map((name) => pair(name, folder(`${name}.nii`), folder(`${name}-ref.nii`)));
const config = { scores: 'probability', tile: { shape: [6, 5, 2], bundle: 1 }, mergeFanIn: 2 } as const;

let expected: ReturnType<typeof resultFiles>;
beforeAll(async () => {
  for (const [seed, { id }] of cases.entries()) {
    await writePair(folder(`${id}.nii`), folder(`${id}-ref.nii`), { shape: [6, 5, 8], seed: seed + 1 });
  }
  await run('straight', false);
  expected = resultFiles(folder('straight'));
});

function run(name: string, resume: boolean, ...faults: Fault[]): Promise<FaultyFiles> {
  const files = new FaultyFiles(...faults);
  mkdirSync(folder(name), { recursive: true });
  const done = runInProcess(
    request(cases, config, folder(name), { resume }),
    (step, run) => run(step),
    files.open,
  );
  return done.then(() => files);
}

test.each<Fault>([
  { call: 'openSync', path: /work\/settings\.json$/, code: 'EIO', times: 1 },
  { call: 'openSync', path: /work\/cases\.json$/, code: 'EIO', times: 2 },
  { call: 'readSync', path: /work\/settings\.json$/, code: 'EIO', times: 1 },
  { call: 'openSync', path: /work\/plans\//, code: 'EMFILE', times: 3 },
  { call: 'openSync', path: /work\/cases\/000000\.json$/, code: 'ESTALE', times: 1 },
  { call: 'renameSync', path: /work\/tiles\//, code: 'EBUSY', times: 2 },
  { call: 'rmSync', path: /work\/tiles\//, code: 'ENOTEMPTY', times: 2 },
  { call: 'statSync', path: /work\/shards\//, code: 'EIO', times: 1 },
  { call: 'readdirSync', path: /\.owner$/, code: 'EIO', times: 1 },
])('a fault that passes costs nothing: $code of $call on $path', async (fault) => {
  const name = `passing-${fault.call}-${fault.code}-${String(fault.path).replaceAll(/\W/g, '')}`;
  await run(name, false);
  const outcomes = () =>
    readdirSync(folder(name, 'work', 'cases')).map((file) =>
      readFileSync(folder(name, 'work', 'cases', file), 'utf8'),
    );
  const before = outcomes();
  const files = await run(name, true, fault);
  expect(resultFiles(folder(name))).toEqual(expected);
  expect(outcomes()).toEqual(before);
  const fresh = await run(`fresh-${name}`, false, fault);
  expect(resultFiles(folder(`fresh-${name}`))).toEqual(expected);
  expect(files.met + fresh.met).toBeGreaterThan(0);
});

test.each<Fault>([
  { call: 'openSync', path: /work\/settings\.json$/, code: 'EIO' },
  { call: 'openSync', path: /work\/cases\.json$/, code: 'EACCES' },
  { call: 'readSync', path: /work\/cases\/000001\.json$/, code: 'EIO' },
])('one that lasts ends the resume, says so and deletes nothing: $code of $call on $path', async (fault) => {
  const name = `lasting-${fault.call}-${fault.code}`;
  await run(name, false);
  const all = () =>
    readdirSync(folder(name), { recursive: true, encoding: 'utf8' })
      .filter((file) => !file.includes('.owner'))
      .sort();
  const before = all();
  await expect(run(name, true, fault)).rejects.toMatchObject({ name: 'MachineError', code: 'storage' });
  expect(all()).toEqual(before);
  await run(name, true);
  expect(resultFiles(folder(name))).toEqual(expected);
});

test('a tile that cannot be removed costs no case', async () => {
  await run('stuck', false, { call: 'rmSync', path: /work\/tiles\/000001$/, code: 'EBUSY' });
  expect(resultFiles(folder('stuck'))).toEqual(expected);
});

test('a disk that is full ends a case with the reason, and it goes on when there is room', async () => {
  await run('full', false, { call: 'writeSync', path: /work\/tiles\/000001\//, code: 'ENOSPC' });
  const results = JSON.parse(readFileSync(folder('full', 'results.json'), 'utf8'));
  expect(results.cases[1]).toMatchObject({ status: 'incomplete', error: { code: 'disk-full' } });
  expect(results.cases[0].status).toBe('ok');
  await run('full', true);
  expect(resultFiles(folder('full'))).toEqual(expected);
});

test('damaged settings and cases are set aside and written anew; nothing is scored again', async () => {
  await run('torn', false);
  const { store } = new RunFolder(localStore(folder('torn', 'work')));
  expect(hasWholeRecords(new RunFolder(store))).toBe(true);
  for (const name of ['settings.json', 'cases.json']) writeFileSync(folder('torn', 'work', name), 'torn');
  // To ask changes nothing.
  expect(hasWholeRecords(new RunFolder(store))).toBe(false);
  expect(readFileSync(folder('torn', 'work', 'settings.json'), 'utf8')).toBe('torn');
  let steps = 0;
  await runInProcess(request(cases, config, folder('torn'), { resume: true }), (step, run) => {
    if (step.kind === 'score-bundle') steps++;
    return run(step);
  });
  expect(steps).toBe(0);
  expect(resultFiles(folder('torn'))).toEqual(expected);
  expect(readdirSync(folder('torn', 'work', 'damaged')).sort()).toEqual(['cases.json', 'settings.json']);
});

test('outcomes of other settings are not taken when the settings cannot tell', async () => {
  const other = { ...config, convention: 'keras' } as const;
  mkdirSync(folder('other'));
  await runInProcess(request(cases, other, folder('other')), (step, run) => run(step));
  writeFileSync(folder('other', 'work', 'settings.json'), '');
  await run('other', true);
  expect(resultFiles(folder('other'))).toEqual(expected);
});

test.each(['plans/000001.json', 'settings.json'])(
  '%s that is damaged during a run is made again',
  async (name) => {
    const out = folder(`during-${name.replace('/', '-')}`);
    mkdirSync(out);
    let damaged = false;
    await runInProcess(request(cases, config, out), (step, run) => {
      if (!damaged && step.kind === 'score-bundle' && step.case === 1) {
        writeFileSync(folder(out.slice(out.lastIndexOf('/') + 1), 'work', name), 'torn');
        damaged = true;
      }
      return run(step);
    });
    expect(damaged).toBe(true);
    expect(resultFiles(out)).toEqual(expected);
  },
);

test('a record of another version is refused by name, and not taken for damage', async () => {
  await run('version', false);
  const store = new LocalStore(folder('version', 'work'));
  const kind = { version: 1, schema: runSettingsSchema };
  putRecord(store, 'settings.json', { ...kind, version: 7 }, getRecord(store, 'settings.json', kind));
  await expect(run('version', true)).rejects.toMatchObject({
    name: 'UsageError',
    code: 'run-version',
    message: expect.stringMatching(/version 7 of such a record, this program reads 1/),
  });
  expect(readdirSync(folder('version', 'work'))).not.toContain('damaged');
});

test('a folder that says it is there and is not ends, with the reason', () => {
  expect(() => makeFolder('/proc/voxtally/results')).toThrow(/this folder could not be made/);
});
