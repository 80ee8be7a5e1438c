import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisServer } from '../engines/redis/redis-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { copyImage, installPacked, loadPage, startServer } from './install.ts';

const inFolder = temporaryFolder();
let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.remove());

/** The dashboard answers every page and all that they load. */
async function expectDashboard(program: string, cwd: string): Promise<void> {
  const args = [program, 'dashboard', '--redis', redis.url, '--port', '0', '--work-root', cwd];
  const address = await startServer(args, cwd);
  for (const path of ['/', '/healthz', '/queues/']) {
    const { statuses } = await loadPage(new URL(path, address).href);
    expect(new Set(Object.values(statuses)), JSON.stringify(statuses)).toEqual(new Set([200]));
  }
}

describe('the packed tarball, installed into an empty folder', () => {
  const folder = inFolder('installed');
  const program = join(folder, 'node_modules/voxtally/dist/bin/main.js');
  const run = (...args: string[]) =>
    execFileSync('npx', ['voxtally', ...args], { cwd: folder, encoding: 'utf8' });
  const runScript = (text: string) => {
    writeFileSync(join(folder, 'script.mjs'), text);
    return JSON.parse(execFileSync(process.execPath, ['script.mjs'], { cwd: folder, encoding: 'utf8' }));
  };
  beforeAll(() => installPacked(folder), 300_000);

  test('holds the licences of what is bundled, no source maps and nothing that one version of Node compiled', () => {
    const files = execFileSync('find', ['node_modules/voxtally', '-type', 'f'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(files).not.toMatch(/\.(map|compiled)$/m);
    const licences = readFileSync(
      join(folder, 'node_modules/voxtally/dist/THIRD-PARTY-LICENCES.txt'),
      'utf8',
    );
    for (const name of ['@niivue/niivue', 'rxjs', 'nifti-reader-js', 'zod'])
      expect(licences).toContain(`\n${name} `);
  });

  test('demo, then score of its files', () => {
    expect(run('demo')).toContain('failed on purpose');
    const args = [
      '--manifest',
      'demo/cases.csv',
      '--scores',
      'probability',
      '--classes',
      'tumour=1',
      '--out',
      'out',
    ];
    // What npx starts, without the start of npm.
    const scored = spawnSync('node_modules/.bin/voxtally', ['score', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(scored.status, scored.stderr).toBe(1);
    for (const name of ['results.json', 'cases.csv', 'report.html', 'summary.json']) {
      expect(existsSync(join(folder, 'out', name)), name).toBe(true);
    }
    const kept = readdirSync(join(program, '../program')).filter((name) => name.endsWith('.compiled'));
    expect(kept).not.toEqual([]);
  });

  test('no script has a line that would fill the terminal when Node prints where an error was thrown', () => {
    const scripts = readdirSync(join(program, '../program')).filter((name) => name.endsWith('.js'));
    const lines = scripts.flatMap((name) =>
      readFileSync(join(program, '../program', name), 'latin1').split('\n'),
    );
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(4000);
  });

  test('the pages of view', async () => {
    const address = await startServer([program, 'view', 'demo/results', '--port', '0'], folder);
    const { statuses } = await loadPage(address);
    expect(new Set(Object.values(statuses)), JSON.stringify(statuses)).toEqual(new Set([200]));
  });

  test('the pages of the dashboard', () => expectDashboard(program, folder));

  test('voxtally/tfjs', () => {
    const value = runScript(`
      import * as tf from '@tensorflow/tfjs';
      import { diceLoss } from 'voxtally/tfjs';
      const y = tf.tensor([1, 1, 0, 0], [1, 2, 2, 1]);
      console.log(JSON.stringify(diceLoss({ smooth: 0 })(y, y.mul(0.5)).dataSync()[0]));
    `);
    expect(value).toBeCloseTo(1 / 3, 6);
  });
});

describe("the image's files, copied into an empty folder", () => {
  const folder = inFolder('image');
  let program: string;
  beforeAll(() => {
    program = copyImage(join(folder)).replace(`${folder}/`, '');
  });

  test('demo', () => {
    const text = execFileSync(process.execPath, [program, 'demo', '--folder', inFolder('image-demo')], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(text).toContain('failed on purpose');
  });

  test('the pages of the dashboard', () => expectDashboard(program, folder));
});
