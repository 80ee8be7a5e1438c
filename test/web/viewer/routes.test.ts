import { mkdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { viewerApp } from '../../../src/web/viewer/serve-viewer.ts';
import { probability, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { openCases, serveRun, testReader } from './support.ts';

const at = temporaryFolder();
const markup = '<img src=x onerror=alert(1)>';
const reader = testReader();
let url = '';

beforeAll(async () => {
  const shape = [24, 20, 16] as const;
  const one = await writeCase({ folder: at('data'), id: 'one', seed: 1, score: probability, shape });
  const cases = [
    { ...one, id: markup },
    { id: 'gone', predictions: [at('data', 'no.nii')], reference: at('data', 'no-ref.nii') },
  ];
  await score(cases, { classes: { core: [1] }, losses: 'dice' }, at('out'));
  url = await serveRun(at('out'), reader);
});

const get = (path: string) => fetch(url + path);

/** Lines before the arrays, and the bytes behind them. */
async function viewParts(path: string): Promise<{ lines: Record<string, unknown>[]; rest: Uint8Array }> {
  let bytes = new Uint8Array(await (await get(path)).arrayBuffer());
  const lines: Record<string, unknown>[] = [];
  while (lines.at(-1)?.arrays === undefined && bytes.length > 0) {
    const end = bytes.indexOf(10);
    lines.push(JSON.parse(Buffer.from(bytes.subarray(0, end)).toString()));
    bytes = bytes.subarray(end + 1);
  }
  return { lines, rest: bytes };
}

describe('viewer', () => {
  test('tells what has been read, then the facts of a view, then its voxels', async () => {
    const { lines, rest } = await viewParts('/runs/results/look/0/view');
    const last = lines.at(-1)!;
    expect(lines.slice(0, -1).every(({ share }) => typeof share === 'number')).toBe(true);
    expect(last.view).toMatchObject({ wholeShape: [24, 20, 16], shape: [24, 20, 16], stride: [1, 1, 1] });
    expect(last.arrays).toEqual([{ type: 'uint8', length: 24 * 20 * 16 }]);
    expect(rest.length).toBe(24 * 20 * 16);
    const plane = await viewParts('/runs/results/look/0/view?axis=1&at=19');
    expect(plane.lines.at(-1)!.view).toMatchObject({ origin: [0, 19, 0], shape: [24, 1, 16] });
  });

  test('serves parts of cases that are there and nothing else', async () => {
    for (const path of [
      '/runs/results/look/2',
      '/runs/other/look/0',
      '/runs/results/look/-1',
      '/runs/results/look/0?class=1',
      '/runs/results/look/0?voxel=1,2',
      '/runs/results/look/0?voxel=a,b,c',
      '/runs/results/look/0/view?axis=3&at=0',
      '/runs/results/look/0/view?axis=2&at=16',
      '/runs/results/look/0/view?axis=2',
      '/runs/results/look/0/view?side=prediction',
      '/runs/results/look/1/view',
      '/runs/results/look/1/view?side=plan',
      '/runs/results/look/0/cases.json',
      '/look/page.js',
    ]) {
      expect((await get(path)).status, path).toBe(404);
    }
  });

  test('a failed case says why, without the folders of its files', async () => {
    const page = await get('/runs/results/look/1');
    expect(page.status).toBe(200);
    const text = await page.text();
    expect(text).toContain('no-ref.nii');
    expect(text).not.toContain(at());
    const side = await get('/runs/results/look/1/view?side=prediction');
    expect(side.status).toBe(409);
    expect(await side.json()).toEqual({ fault: 'file-missing' });
  });

  test('a case is found by its name, with a class and a voxel', async () => {
    const find = (query: string) => fetch(`${url}/runs/results/look-up?${query}`, { redirect: 'manual' });
    const id = encodeURIComponent(markup);
    expect((await find(`id=${id}`)).headers.get('location')).toBe('/runs/results/look/0');
    const found = await find(`id=${id}&class=core&voxel=1,2,3`);
    expect(found.headers.get('location')).toBe('/runs/results/look/0?class=0&voxel=1,2,3');
    expect((await find('id=nobody')).status).toBe(404);
  });

  test('answers to names of this machine only, and sends no names of folders', async () => {
    const app = viewerApp(() => openCases(at('out'), reader));
    expect((await app.request('/runs/results/look', { headers: { host: 'evil.example' } })).status).toBe(421);
    const page = await (await get('/runs/results/look/0')).text();
    expect(page).not.toContain(at('data'));
  });

  test('reads no volume outside the data folders', async () => {
    mkdirSync(at('elsewhere'));
    const app = viewerApp(() => openCases(at('out'), reader, { dataRoots: [at('elsewhere')] }));
    for (const path of ['/runs/results/look/0/view', '/runs/results/look/1/view?side=reference']) {
      const answer = await app.request(path, { headers: { host: 'localhost' } });
      expect(answer.status).toBe(409);
      expect(await answer.json()).toEqual({ fault: 'outside-data-roots' });
    }
  });
});
