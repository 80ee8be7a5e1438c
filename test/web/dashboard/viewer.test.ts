/** Cases that are looked at from the dashboard: who may, and what is read. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDashboard, type Dashboard } from '../../../src/web/dashboard/create-dashboard.ts';
import { type RunningDashboard, serveDashboard } from '../../../src/web/dashboard/serve.ts';
import { CaseReader } from '../../../src/web/viewer/case-reader.ts';
import { FinishedCases } from '../../../src/web/viewer/finished-cases.ts';
import { probability, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Browser, expectAccessible, expectQuiet, startBrowser } from './browser.ts';
import { MemoryMonitor, MemoryRun } from './memory-monitor.ts';

const at = temporaryFolder();
const reader = new CaseReader();
const [password, token] = ['a night at the lake', 'token-of-the-night'];
const headers = { host: 'localhost', authorization: `Basic ${btoa(`me:${password}`)}` };
const lookedAt = ['/runs/done/look', '/runs/done/look/0'];
const volumes = ['', '?fine=yes', '?axis=2&at=1'].map((query) => `/runs/done/look/0/view${query}`);
let monitor: MemoryMonitor;

beforeAll(async () => {
  const cases = [await writeCase({ folder: at('data'), id: 'one', seed: 1, score: probability })];
  // A link below the data folder that leads out of it.
  await writeCase({ folder: at('private'), id: 'two', seed: 2, score: probability });
  symlinkSync(at('private'), at('data', 'linked'));
  cases.push({
    id: 'two',
    predictions: [at('data', 'linked', 'two.nii')],
    reference: at('data', 'linked', 'two-ref.nii'),
  });
  cases.push({ id: 'gone', predictions: [at('data', 'no.nii')], reference: at('data', 'no-ref.nii') });
  await score(cases, { classes: { core: [1] }, losses: 'dice' }, at('out'));
  mkdirSync(at('elsewhere'));
  monitor = new MemoryMonitor();
  const run = monitor.add(new MemoryRun('done', ['one', 'two', 'gone']));
  for (const index of [0, 1]) run.set(index, 'ok');
  run.set(2, 'failed', { code: 'no-file', message: 'no such file' });
  run.state = 'done';
  monitor.add(new MemoryRun('going', ['one', 'two'])).set(0, 'ok');
});
afterAll(() => reader.close());

function options(dataRoot = at('data')) {
  const cases = new FinishedCases(at('out'), reader, { dataRoots: [dataRoot] });
  const findCases = async (run: string) => (run === 'done' ? cases : undefined);
  return { monitor, ping: async () => 'PONG', credentials: { password, token }, findCases };
}

describe('behind the guards', () => {
  let app: Dashboard['app'];
  // Anew for each test: wrong passwords are counted.
  beforeEach(() => {
    app = createDashboard({ ...options(), loopbackOnly: true }).app;
  });
  const get = async (path: string, init: RequestInit = { headers }) => app.request(path, init);

  test.each([...lookedAt, ...volumes, '/look/viewer.js', '/look/viewer.css'])(
    '%s only with the credentials of the dashboard',
    async (path) => {
      for (const more of [{}, { range: 'bytes=0-99' }]) {
        for (const method of ['GET', 'HEAD']) {
          const refused = await get(path, { method, headers: { host: 'localhost', ...more } });
          expect(refused.status).toBe(401);
          expect(await refused.text()).not.toContain('one');
        }
        const wrong = { host: 'localhost', authorization: `Basic ${btoa('me:wrong password')}`, ...more };
        expect((await get(path, { headers: wrong })).status).toBe(401);
        for (const authorization of [headers.authorization, `Bearer ${token}`]) {
          expect((await get(path, { headers: { host: 'localhost', authorization, ...more } })).status).toBe(
            200,
          );
        }
      }
      expect((await get(path, { headers: { ...headers, host: 'evil.example' } })).status).toBe(421);
      expect((await get(path, { method: 'POST', headers })).status).toBe(405);
    },
  );

  test('HEAD sends no body', async () => {
    for (const path of [...lookedAt, ...volumes]) {
      const answer = await get(path, { method: 'HEAD', headers });
      expect(answer.status).toBe(200);
      expect((await answer.arrayBuffer()).byteLength).toBe(0);
    }
  });

  test('every answer has the security headers, and a policy without foreign or inline scripts', async () => {
    for (const path of [...lookedAt, ...volumes, '/runs/done/look/9']) {
      const answer = await get(path);
      const policy = answer.headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'self'");
      expect(policy).not.toMatch(/script-src|unsafe|https?:|\*/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test('there is nothing but the cases of finished runs', async () => {
    for (const path of [
      '/runs/going/look',
      '/runs/going/look/0',
      '/runs/none/look/0/view',
      '/runs/done/look/2/view',
      '/runs/done/look/3',
      '/runs/done/look/-1',
      '/runs/done/look/0.5',
      '/runs/done/look/0?class=1',
      '/runs/done/look/0/view?axis=0&at=9',
      '/runs/done/look/0/view.gz',
      '/runs/done/look/0/plan',
      '/runs/done/look?page=2',
      '/look/viewer.ts',
    ]) {
      expect((await get(path)).status, path).toBe(404);
    }
    expect((await get('/runs/done/look/2')).status).toBe(200);
  });

  test('without data folders there is no volume at all', async () => {
    const { findCases: _, ...closed } = options();
    const { app: bare } = createDashboard(closed);
    for (const path of [...lookedAt, ...volumes]) {
      expect((await bare.request(path, { headers })).status, path).toBe(404);
    }
    const text = await (await bare.request('/runs/done', { headers })).text();
    expect(text).not.toContain('/look');
  });

  test('a volume outside the data folders is not read, nor one that a link leads to', async () => {
    const outside = createDashboard(options(at('elsewhere'))).app;
    const refused = [
      await outside.request(volumes[0]!, { headers }),
      await outside.request('/runs/done/look/2/view?side=reference', { headers }),
      await get('/runs/done/look/1/view'),
    ];
    for (const answer of refused) {
      expect(answer.status).toBe(409);
      const text = await answer.text();
      expect(text).toContain('outside-data-roots');
      expect(text).not.toContain(at());
    }
  });

  test('the page of a run leads to its cases once it is done', async () => {
    const text = await (await get('/runs/done')).text();
    const addresses = [...text.matchAll(/href="([^"]*\/look[^"]*)"/g)].map(([, address]) => address!);
    // Failed cases as well: their pages say why, and show their files.
    expect(addresses).toEqual(['/runs/done/look', ...[0, 1, 2].map((at) => `/runs/done/look/${at}`)]);
    expect(await (await get('/runs/going')).text()).not.toContain('/look');
  });
});

describe('over a connection', () => {
  let dashboard: RunningDashboard;
  let browser: Browser;
  beforeAll(async () => {
    dashboard = await serveDashboard({ ...options(), port: 0 });
    const webgl = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
    browser = await startBrowser({ username: 'me', password }, webgl);
  });
  afterAll(async () => {
    await browser.close();
    await dashboard.close();
  });

  /** Status line of a request whose path is sent as it is. */
  function statusOf(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(dashboard.port, '127.0.0.1', () => {
        socket.end(
          `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${headers.authorization}\r\nConnection: close\r\n\r\n`,
        );
      });
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => resolve(text.split('\r\n', 1)[0]!));
      socket.on('error', reject);
    });
  }

  test.each([
    '/runs/../look/0',
    '/runs/done/look/../../../etc/passwd',
    '/runs/done/look/%2e%2e/0/view',
    '/runs/done/look/0/..%2f..%2fview',
    '/runs/%252e%252e/look/0',
    '/runs/done/look/0/..\\view',
    '/look/%2e%2e%2fviewer.js',
  ])('%s is refused', async (path) => expect(await statusOf(path)).toBe('HTTP/1.1 400 Bad Request'));

  test('from the run to the case and back, with the keyboard', async () => {
    const watched = await browser.open(`${dashboard.url}/runs/done`);
    const { page } = watched;
    await page.locator('section:has(#cases) th').getByRole('link', { name: 'one', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('body[data-loaded=yes]', { timeout: 50_000 });
    expect(await page.textContent('h1')).toBe('one');
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Cases', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("worst first")');
    // More links than a phone is wide are scrolled in the head alone.
    await page.evaluate(
      "(nav => nav.append(...[1, 2].map(() => nav.lastElementChild.cloneNode(true))))(document.querySelector('.top nav'))",
    );
    await expectAccessible(page);
    await page.getByRole('link', { name: 'two' }).click();
    await page.waitForSelector('#where:has-text("outside the data folders")');
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Run', exact: true }).click();
    await page.waitForSelector('h1:has-text("Run done")');
    await expectAccessible(page);
    // The one refusal is asked for.
    expect(watched.complaints.splice(0).filter((text) => !/409|GL Driver/.test(text))).toEqual([]);
    expectQuiet(watched, dashboard.url);
  });
});
