import { execFileSync } from 'node:child_process';
import { copyFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { serveDashboard } from '../../../src/web/dashboard/serve.ts';
import type { ReaderLimits } from '../../../src/web/viewer/case-reader.ts';
import { currentCases } from '../../../src/web/viewer/finished-cases.ts';
import { probability, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { MemoryMonitor } from '../dashboard/memory-monitor.ts';
import { openCases, overview, testReader, viewOf } from './support.ts';

const at = temporaryFolder();
const config = { classes: { core: [1] }, losses: 'dice' };

function open(outDir: string, limits?: ReaderLimits) {
  const reader = testReader(limits);
  return { reader, cases: openCases(outDir, reader) };
}

beforeAll(async () => {
  const folder = at('data');
  const shape = [24, 20, 16] as const;
  const small = await Promise.all(
    [1, 2, 3].map((seed) => writeCase({ folder, id: `small-${seed}`, seed, score: probability, shape })),
  );
  await score(small, config, at('small'));
  const large = await writeCase({ folder, id: 'large', seed: 3, score: () => 0.25, shape: [256, 256, 160] });
  await score([large], config, at('large'));
});

test('a case that was asked for is kept until others take its room', async () => {
  const { cases } = open(at('small'), { keptBytes: 2 * 24 * 20 * 16, waiting: 8 });
  const [first, again] = await Promise.all([viewOf(cases, 0), viewOf(cases, 0)]);
  expect(again).toBe(first);
  expect(first.shape).toEqual([24, 20, 16]);
  expect(await viewOf(cases, 0)).toBe(first);
  const other = await viewOf(cases, 1);
  expect(other.voxels).not.toEqual(first.voxels);
  await viewOf(cases, 2);
  const new_ = await viewOf(cases, 0);
  expect(new_).not.toBe(first);
  expect(new_).toEqual(first);
});

test('more cases than may wait are refused', async () => {
  const { cases, reader } = open(at('small'), { keptBytes: 0, waiting: 1 });
  const both = Promise.all([viewOf(cases, 0), viewOf(cases, 1)]);
  expect(() => cases.view(2, 0, overview)).toThrow(
    expect.objectContaining({ name: 'MachineError', code: 'viewer-busy' }),
  );
  await both;
  expect(reader.running).toBe(0);
});

test('a case that nobody waits for any more is given up, and one that somebody waits for is not', async () => {
  const { cases, reader } = open(at('large'));
  const [leaves, stays] = [new AbortController(), new AbortController()];
  const asked = [leaves, stays].map(({ signal }) => cases.view(0, 0, overview, signal).done);
  leaves.abort();
  await expect(asked[0]).rejects.toMatchObject({ code: 'viewer-gone' });
  expect(reader.running).toBe(1);
  stays.abort();
  await expect(asked[1]).rejects.toMatchObject({ code: 'viewer-gone' });
  expect(reader.running).toBe(0);
  expect((await viewOf(cases, 0)).wholeShape).toEqual([256, 256, 160]);
});

test('the share that has been read is told, and ends at 1', async () => {
  const { cases } = open(at('large'));
  const shares: number[] = [];
  const { opened, done } = cases.view(0, 0, overview, undefined, (share) => shares.push(share));
  await opened;
  await done;
  expect(shares.length).toBeGreaterThan(3);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBeGreaterThan(0.95);
  expect(shares.at(-1)).toBeLessThanOrEqual(1);
});

test('the server answers while a large case is read, and a reader who leaves ends that', async () => {
  const { cases, reader } = open(at('large'));
  const monitor = new MemoryMonitor();
  const findCases = async () => cases;
  const dashboard = await serveDashboard({ monitor, port: 0, ping: async () => 'PONG', findCases });
  const address = `${dashboard.url}/runs/r/look/0/view?fine=yes`;
  try {
    const leaving = new AbortController();
    const left = fetch(address, { signal: leaving.signal }).then((answer) => answer.arrayBuffer());
    await expect.poll(() => reader.running).toBe(1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await expect.poll(() => reader.running).toBe(0);

    let isOver = false;
    const before = performance.now();
    const view = fetch(address)
      .then((answer) => answer.arrayBuffer())
      .finally(() => {
        isOver = true;
      });
    let slowestMs = 0;
    while (!isOver) {
      const asked = performance.now();
      expect((await fetch(`${dashboard.url}/healthz`)).status).toBe(200);
      slowestMs = Math.max(slowestMs, performance.now() - asked);
      await setTimeout(10);
    }
    const tookMs = performance.now() - before;
    expect((await view).byteLength).toBeGreaterThan(0);
    console.log(`read in ${tookMs.toFixed(0)} ms; /healthz took ${slowestMs.toFixed(0)} ms at most`);
    expect(slowestMs).toBeLessThan(tookMs / 2);
  } finally {
    await dashboard.close();
  }
});

test('files that were replaced since they were scored are not shown: of another shape, or of the same', async () => {
  const folder = at('changed-data');
  const one = await writeCase({ folder, id: 'one', seed: 1, score: probability });
  const two = await writeCase({ folder, id: 'two', seed: 1, score: probability });
  await score([one, two], config, at('changed'));
  const { cases } = open(at('changed'));
  expect((await viewOf(cases, 0)).wholeShape).toEqual([9, 8, 7]);
  const changed = { name: 'InputError', code: 'changed-since' };

  // The same shape and length: other voxels, written a minute later.
  await writeCase({ folder, id: 'one', seed: 2, score: probability });
  const later = statSync(one.predictions[0]!).mtimeMs / 1000 + 60;
  utimesSync(one.predictions[0]!, later, later);
  await expect(viewOf(cases, 0, { kind: 'plane', axis: 2, at: 1 })).rejects.toMatchObject(changed);
  await expect(viewOf(cases, 0, { kind: 'overview', fine: false })).rejects.toMatchObject(changed);

  copyFileSync(at('data', 'small-1.nii'), two.predictions[0]!);
  copyFileSync(at('data', 'small-1-ref.nii'), two.reference);
  await expect(viewOf(cases, 1)).rejects.toMatchObject(changed);
});

test('a run that was scored again is read again', async () => {
  const folder = at('again-data');
  const entry = await writeCase({ folder, id: 'one', seed: 1, score: probability });
  await score([entry], config, at('again'));
  const cases = currentCases(at('again'), testReader());
  const before = cases();
  expect(cases()).toBe(before);
  await writeCase({ folder, id: 'one', seed: 2, score: probability });
  await score([entry], config, at('again'));
  const file = at('again', 'results.json');
  const later = statSync(file).mtimeMs / 1000 + 60;
  utimesSync(file, later, later);
  expect(cases()).not.toBe(before);
  expect(cases().results).not.toEqual(before.results);
});

test('relative paths count from where the run was started, wherever it is looked at, and however it is merged', async () => {
  const folder = at('based');
  await writeCase({ folder, id: 'one', seed: 1, score: probability });
  writeFileSync(at('based', 'cases.csv'), 'case,prediction,reference\none,one.nii,one-ref.nii\n');
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [resolve('dist/bin/main.js'), ...args], { cwd: folder });
  run('score', '--manifest', 'cases.csv', '--classes', 'core=1', '--losses', 'dice', '--out', 'out');
  run('merge', 'out', '--out', 'merged');
  for (const out of ['out', 'merged']) {
    const { cases } = open(at('based', out));
    expect((await viewOf(cases, 0)).wholeShape).toEqual([9, 8, 7]);
  }
  // That the files have been replaced is seen from elsewhere too.
  await writeCase({ folder, id: 'one', seed: 2, score: probability, shape: [9, 8, 8] });
  const { cases } = open(at('based', 'out'));
  await expect(viewOf(cases, 0)).rejects.toMatchObject({ code: 'changed-since' });
});
