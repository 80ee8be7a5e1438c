import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CaseReducer } from '../../../src/web/viewer/case-reducer.ts';
import { FinishedCases } from '../../../src/web/viewer/finished-cases.ts';
import { viewerApp } from '../../../src/web/viewer/serve-viewer.ts';
import { probability, score, temporaryFolder, writeCase } from '../../questions/ask/runs.ts';

const at = temporaryFolder();
const markup = '<img src=x onerror=alert(1)>';
const reducer = new CaseReducer();
let server: Server;
let url = '';

beforeAll(async () => {
  const shape = [24, 20, 16] as const;
  const cases = [
    {
      ...(await writeCase({ folder: at('data'), id: 'one', seed: 1, score: probability, shape })),
      id: markup,
    },
    { id: 'gone', predictions: [at('data', 'no.nii')], reference: at('data', 'no-ref.nii') },
  ];
  await score(cases, { classes: { core: [1] }, losses: 'dice' }, at('out'));
  server = createAdaptorServer({ fetch: viewerApp(new FinishedCases(at('out'), reducer)).fetch }) as Server;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await reducer.close();
});

const status = async (path: string) => (await fetch(url + path)).status;

describe('viewer', () => {
  test('serves reduced volumes of scored cases and nothing else', async () => {
    const volume = await fetch(`${url}/runs/results/look/0/0/error.nii`);
    const bytes = new DataView(await volume.arrayBuffer());
    expect([42, 44, 46].map((offset) => bytes.getInt16(offset, true))).toEqual([24, 20, 16]);
    // Signed, so in two bytes.
    expect(bytes.byteLength).toBe(352 + 2 * 24 * 20 * 16);
    for (const path of [
      '/runs/results/look/1',
      '/runs/results/look/2',
      '/runs/other/look/0',
      '/runs/results/look/-1',
      '/runs/results/look/0?class=1',
      '/runs/results/look/0/1/error.nii',
      '/runs/results/look/0/0/cases.json',
      '/look/page.js',
    ]) {
      expect(await status(path), path).toBe(404);
    }
  });

  test('answers to names of this machine only, and sends no names of files', async () => {
    const app = viewerApp(new FinishedCases(at('out'), reducer));
    expect((await app.request('/runs/results/look', { headers: { host: 'evil.example' } })).status).toBe(421);
    const page = await (await fetch(`${url}/runs/results/look/0`)).text();
    expect(page).not.toContain(at('data'));
  });

  test('reads no volume outside the data folders', async () => {
    mkdirSync(at('elsewhere'));
    const app = viewerApp(new FinishedCases(at('out'), reducer, [at('elsewhere')]));
    const answer = await app.request('/runs/results/look/0', { headers: { host: 'localhost' } });
    expect(answer.status).toBe(409);
    const text = await answer.text();
    expect(text).toContain('outside-data-roots');
    expect(text).not.toContain(at('data'));
  });
});
