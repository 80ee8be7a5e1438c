import { copyFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveDashboard } from '../../../src/web/dashboard/serve.ts';
import { CaseReducer } from '../../../src/web/viewer/case-reducer.ts';
import { FinishedCases } from '../../../src/web/viewer/finished-cases.ts';
import { probability, score, temporaryFolder, writeCase } from '../../questions/ask/runs.ts';
import { MemoryMonitor } from '../dashboard/memory-monitor.ts';

const at = temporaryFolder();
const reducers: CaseReducer[] = [];
const config = { classes: { core: [1] }, losses: 'dice' };

function open(outDir: string, ...limits: ConstructorParameters<typeof CaseReducer>) {
  const reducer = new CaseReducer(...limits);
  reducers.push(reducer);
  return { reducer, cases: new FinishedCases(outDir, reducer) };
}

beforeAll(async () => {
  const folder = at('data');
  const shape = [24, 20, 16] as const;
  const small = await Promise.all(
    [1, 2].map((seed) => writeCase({ folder, id: `small-${seed}`, seed, score: probability, shape })),
  );
  await score(small, config, at('small'));
  const large = await writeCase({ folder, id: 'large', seed: 3, score: () => 0.25, shape: [256, 256, 160] });
  await score([large], config, at('large'));
});
afterAll(() => Promise.all(reducers.map((reducer) => reducer.close())));

test('a case that was asked for is kept until others take its room', async () => {
  const { cases } = open(at('small'), { keptBytes: 2 * 24 * 20 * 16, waiting: 8 });
  const [first, again] = await Promise.all([cases.reduced(0, 'core'), cases.reduced(0, 'core')]);
  expect(again).toBe(first);
  expect(first.shape).toEqual([24, 20, 16]);
  expect(await cases.reduced(0, 'core')).toBe(first);
  const other = await cases.reduced(1, 'core');
  expect(other.prediction).not.toEqual(first.prediction);
  const new_ = await cases.reduced(0, 'core');
  expect(new_).not.toBe(first);
  expect(new_).toEqual(first);
});

test('more cases than may wait are refused', async () => {
  const { cases, reducer } = open(at('small'), { keptBytes: 0, waiting: 1 });
  const both = Promise.all([cases.reduced(0, 'core'), cases.reduced(1, 'core')]);
  await expect(cases.reduced(0, '1')).rejects.toMatchObject({ name: 'MachineError', code: 'viewer-busy' });
  await both;
  expect(reducer.running).toBe(0);
});

test('a case that nobody waits for any more is given up, and one that somebody waits for is not', async () => {
  const { cases, reducer } = open(at('large'));
  const [leaves, stays] = [new AbortController(), new AbortController()];
  const asked = [leaves, stays].map(({ signal }) => cases.reduced(0, 'core', signal));
  leaves.abort();
  await expect(asked[0]).rejects.toMatchObject({ code: 'viewer-gone' });
  expect(reducer.running).toBe(1);
  stays.abort();
  await expect(asked[1]).rejects.toMatchObject({ code: 'viewer-gone' });
  expect(reducer.running).toBe(0);
  expect((await cases.reduced(0, 'core')).shape).toEqual([256, 256, 160]);
});

test('the server answers while a large case is reduced, and a reader who leaves ends that', async () => {
  const { cases, reducer } = open(at('large'));
  const monitor = new MemoryMonitor();
  const findCases = async () => cases;
  const dashboard = await serveDashboard({ monitor, port: 0, ping: async () => 'PONG', findCases });
  try {
    const leaving = new AbortController();
    const left = fetch(`${dashboard.url}/runs/r/look/0`, { signal: leaving.signal });
    await expect.poll(() => reducer.running).toBe(1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await expect.poll(() => reducer.running).toBe(0);

    let isOver = false;
    const before = performance.now();
    const page = fetch(`${dashboard.url}/runs/r/look/0`).finally(() => {
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
    expect((await page).status).toBe(200);
    console.log(`reduced in ${tookMs.toFixed(0)} ms; /healthz took ${slowestMs.toFixed(0)} ms at most`);
    expect(slowestMs).toBeLessThan(tookMs / 2);
  } finally {
    await dashboard.close();
  }
});

test('a case whose files are of another shape than those that were scored is not shown', async () => {
  const folder = at('changed-data');
  const cases = [await writeCase({ folder, id: 'one', seed: 1, score: probability })];
  await score(cases, config, at('changed'));
  copyFileSync(at('data', 'small-1.nii'), at('changed-data', 'one.nii'));
  copyFileSync(at('data', 'small-1-ref.nii'), at('changed-data', 'one-ref.nii'));
  await expect(open(at('changed')).cases.reduced(0, 'core')).rejects.toMatchObject({
    name: 'InputError',
    code: 'changed-since',
  });
});
