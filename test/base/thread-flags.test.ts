/** Which flags of the process its threads take. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { threadFlags } from '../../src/base/thread-flags.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const own = '--no-experimental-require-module';

test('those that load modules, with their values; none of the whole process', async () => {
  const given = [
    ...['--max-old-space-size=512', '--title', 'x', '-r', 'node:fs', '--stack-size=900', '--conditions=y'],
    ...['--import', 'data:text/javascript,', '--expose-gc', '--no-warnings'],
  ];
  const taken = threadFlags(given);
  expect(taken).toEqual([
    ...['-r', 'node:fs', '--conditions=y', '--import', 'data:text/javascript,', '--no-warnings', own],
  ]);
  const thread = new Worker('', { eval: true, execArgv: taken });
  expect(await once(thread, 'exit')).toEqual([0]);
});

test('a run of a process whose memory was limited starts its threads', () => {
  const pool = new URL('../../dist/src/threads/thread-pool.js', import.meta.url).href;
  const script = `
    import { ThreadPool } from ${JSON.stringify(pool)};
    const pool = new ThreadPool(1);
    const store = { kind: 'local', root: ${JSON.stringify(folder('nowhere'))}, fence: null };
    const error = await pool.run({ kind: 'open-shards', store, files: [] }).catch((error) => error);
    await pool.close();
    console.log(error.code);`;
  const flags = ['--max-old-space-size=512', '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  // The step was done: it misses the folder that it was given.
  expect([stdout.trim(), stderr]).toEqual(['record-missing', '']);
});
