/** `voxtally errors`, as it is typed. */
import { existsSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { runProgram } from '../../../src/cli/program.ts';
import { openFinishedRun } from '../../../src/questions/ask/finished-run.ts';
import type { WorstBoxes } from '../../../src/questions/errors/worst-boxes.ts';
import { mergeRuns } from '../../../src/questions/merge/merge.ts';
import { localStore } from '../../../src/run/open-store.ts';
import { putRecord } from '../../../src/run/records.ts';
import { RunFolder } from '../../../src/run/run-folder.ts';
import { recorder } from '../../cli/recorder.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { count, type Made, makeCase, turned } from './volumes.ts';

const path = temporaryFolder();
const tile = { shape: [4, 4, 4] as [number, number, number] };
let cases: Made[];

async function run(...args: string[]) {
  const { terminal, written } = recorder({ width: 200 });
  return { status: await runProgram(['errors', ...args], terminal), ...written };
}

async function ask(...args: string[]): Promise<WorstBoxes> {
  return JSON.parse((await run(...args, '--format', 'json')).out) as WorstBoxes;
}

beforeAll(async () => {
  cases = [
    await makeCase(path, 'a', { shape: [9, 8, 7], seed: 1 }),
    await makeCase(path, 'b', { shape: [8, 8, 8], seed: 2 }),
  ];
  const broken = await makeCase(path, 'broken', { shape: [6, 6, 6] });
  truncateSync(broken.entry.predictions[0]!, 400);
  const entries = [...cases, broken].map(({ entry }) => entry);
  await score(
    entries,
    { scores: 'probability', classes: { tumour: [1] }, losses: 'dice', tile },
    path('out'),
  );
  const labels = await makeCase(path, 'labels', { shape: [9, 8, 7], labels: 4, asLabels: true });
  await score([labels.entry], { scores: 'label', tile }, path('labels'));
  // The volumes have been moved away.
  for (const { predictions, reference } of [...entries, labels.entry]) {
    for (const file of [...predictions, reference]) renameSync(file, `${file}.away`);
  }
});

test('the worst tiles of a case, worst first', async () => {
  const found = await ask(path('out'), '--case', 'a', '--class', 'tumour', '--top', '100');
  expect(found).toMatchObject({
    case: 'a',
    class: 'tumour',
    measure: 'soft',
    boxes: 24,
    tileShape: [4, 4, 4],
    boxShape: [4, 4, 2],
  });
  expect(found.worst).toHaveLength(24);
  const made = cases[0]!;
  let total = 0;
  for (const { box, ...tile } of found.worst) {
    const expected = count(
      made,
      box,
      (at) => made.scores[0]![at]!,
      (label) => label === 1,
    );
    expect(tile).toMatchObject({ case: 'a', voxels: expected.voxels, class: 'tumour' });
    expect(tile.fp).toBeCloseTo(expected.softFp, 9);
    expect(tile.fn).toBeCloseTo(expected.softFn, 9);
    const [x, y, z] = box.origin.map((first, axis) => first + (box.shape[axis]! - 1) / 2) as [
      number,
      number,
      number,
    ];
    expect(tile.centreMm![2]).toBeCloseTo(turned[8]! * x + turned[9]! * y + turned[10]! * z + turned[11]!, 4);
    total += tile.error;
  }
  expect(total).toBeCloseTo(found.error, 9);
  expect(found.worst.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  const sizes = found.worst.map(({ error }) => error);
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
});

test('the worst of all cases', async () => {
  const found = await ask(path('out'), '--top', '5');
  expect(found).toMatchObject({ case: null, class: 'tumour', cases: 2, unscored: ['broken'], boxes: 56 });
  const [a, b] = [await ask(path('out'), '--case', 'a'), await ask(path('out'), '--case', 'b')];
  const both = [...a.worst, ...b.worst].map(({ error }) => error).sort((x, y) => y - x);
  expect(found.worst.map(({ error }) => error)).toEqual(both.slice(0, 5));
  expect(found.error).toBeCloseTo(a.error + b.error, 9);
});

test('by the threshold, and of labels', async () => {
  const hard = await ask(path('out'), '--case', 'b', '--measure', 'hard', '--top', '100');
  const made = cases[1]!;
  for (const { box, fp, fn } of hard.worst) {
    const expected = count(
      made,
      box,
      (at) => made.scores[0]![at]!,
      (label) => label === 1,
    );
    expect([fp, fn]).toEqual([expected.fp, expected.fn]);
  }
  const all = await ask(path('labels'), '--case', 'labels');
  const parts = await Promise.all(
    ['1', '2', '3'].map((name) => ask(path('labels'), '--case', 'labels', '--class', name)),
  );
  expect(all).toMatchObject({ measure: 'hard', error: parts.reduce((sum, { error }) => sum + error, 0) });
  expect(parts.map(({ class: name }) => name)).toEqual(['1', '2', '3']);
});

test('as a table and as CSV', async () => {
  const table = await run(path('out'), '--case', 'a', '--top', '3');
  expect(table).toMatchObject({ status: 0, error: '' });
  const lines = table.out.split('\n');
  expect(lines[0]).toMatch(
    /^case a, tumour: error [\d.]+ voxels \(sum of \|p - y\|\), [\d.]+ added, [\d.]+ missed$/,
  );
  expect(lines[1]).toBe('3 of 24 boxes of 4 x 4 x 2 voxels listed');
  expect(lines[3]).toMatch(/^ *voxels x, y, z +centre mm \(RAS\) +share +added +missed +voxels$/);
  expect(lines[4]).toMatch(
    /^ *\d-\d, \d-\d, \d-\d +-?[\d.]+, -?[\d.]+, -?[\d.]+ +[\d.]+ % +[\d.]+ +[\d.]+ +32$/,
  );
  const csv = await run(path('out'), '--top', '2', '--format', 'csv');
  const found = await ask(path('out'), '--top', '2');
  const rows = csv.out.trim().split('\r\n');
  expect(rows[0]).toBe(
    'rank,case,class,x,y,z,nx,ny,nz,centreXMm,centreYMm,centreZMm,voxels,error,share,fp,fn',
  );
  const [first] = found.worst;
  expect(rows[1]).toBe(
    [1, first!.case, 'tumour', ...first!.box.origin, ...first!.box.shape, ...first!.centreMm!, first!.voxels]
      .concat([first!.error, first!.share, first!.fp, first!.fn])
      .join(','),
  );
});

test('a map, with no volume there', async () => {
  const made = await run(path('out'), '--case', 'a', '--map', path('m.nii.gz'));
  expect(made.out).toMatch(/Map written to .*m\.nii\.gz: one voxel per box\.\n$/);
  expect(existsSync(path('m.nii.gz'))).toBe(true);
});

test('a map never takes the place of a volume of the run', async () => {
  const file = cases[0]!.entry.reference;
  writeFileSync(file, 'somebody needs this');
  symlinkSync(file, path('link.nii'));
  for (const target of [file, path('link.nii')]) {
    const { status, error } = await run(path('out'), '--case', 'a', '--map', target);
    expect(status).toBe(2);
    expect(error).toMatch(/is a volume of this run/);
  }
  expect(readFileSync(file, 'utf8')).toBe('somebody needs this');
});

test.each([
  [['nowhere'], /holds no run/],
  [['--case', 'c'], /case "c" is not in/],
  [['--case', 'broken'], /case broken has no score: .*broken\.nii/],
  [['--class', 'liver'], /class "liver" is not in .*tumour/],
  [['--top', '0'], /--top: "0" is not an integer from 1/],
  [['--top', 'all'], /--top: "all"/],
  [['--measure', 'both'], /--measure: "both" is not one of soft, hard/],
  [['--format', 'xml'], /--format: "xml" is not one of table, json, csv/],
  [['--map', 'm.nii'], /--map is of one case/],
  [['--case', 'a', '--map', 'm.mha'], /must end in \.nii or \.nii\.gz/],
  [['--case', 'a', '--map', 'm.nii', '--map-grid', 'fine'], /--map-grid: "fine" is not one of boxes, voxels/],
  [['--case', 'a', '--map-grid', 'boxes'], /--map-grid needs --map/],
])('%j is refused with status 2', async (args, message) => {
  const { status, error, out } = await run(...(args[0] === 'nowhere' ? args : [path('out'), ...args]));
  expect(status).toBe(2);
  expect(out).toBe('');
  expect(error).toMatch(message);
});

test('a run of an older version, or one whose list is torn, says to score again', async () => {
  const { entry } = await makeCase(path, 'old', { shape: [6, 6, 6] });
  await score([entry], { scores: 'probability', losses: 'dice' }, path('old'));
  const old = new RunFolder(localStore(path('old', 'work')));
  const file = old.store.pathOf(old.caseOutcome(0));
  const [outcome, list] = readFileSync(file, 'utf8').split('\n') as [string, string];
  writeFileSync(file, `${outcome}\n${list.slice(0, 20)}`);
  const torn = await run(path('old'));
  expect(torn.status).toBe(2);
  expect(torn.error).toMatch(/case old of .* has no list .*cannot be read.*score it again/);
  writeFileSync(file, `${outcome}\n`);
  const missing = await run(path('old'), '--case', 'old');
  expect(missing.status).toBe(2);
  expect(missing.error).toMatch(/case old of .* by a version that kept none.*score it again/);
});

test('a list in a file of its own, as an earlier version left it, is read and merged', async () => {
  const { entry } = await makeCase(path, 'earlier', { shape: [6, 6, 6] });
  await score([entry], { scores: 'probability', losses: 'dice' }, path('earlier'));
  const expected = await run(path('earlier'), '--format', 'csv');
  const folder = new RunFolder(localStore(path('earlier', 'work')));
  const file = folder.store.pathOf(folder.caseOutcome(0));
  const [outcome, list] = readFileSync(file, 'utf8').split('\n') as [string, string];
  writeFileSync(file, `${outcome}\n`);
  const { version, crc32, ...errors } = JSON.parse(list);
  const keep = (of: string) =>
    putRecord(
      folder.store,
      folder.earlierErrors(0),
      { version, schema: z.looseObject({}) },
      { ...errors, of },
    );
  keep(JSON.parse(outcome).of);
  expect(await run(path('earlier'), '--format', 'csv')).toEqual(expected);
  const earlier = openFinishedRun(path('earlier'));
  await mergeRuns({ runs: [earlier], outDir: path('merged'), threads: 1 });
  expect(await run(path('merged'), '--format', 'csv')).toEqual(expected);
  keep('other files');
  expect((await run(path('earlier'))).error).toMatch(
    /cannot be read: .* is of other settings, files or tiles/,
  );
});
