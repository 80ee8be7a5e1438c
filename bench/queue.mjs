// The row of the queue, in a process of its own: redis.mjs starts servers and workers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { hasRedis } from './peers.mjs';

const script = fileURLToPath(new URL('redis.mjs', import.meta.url));

export const queueRows = { redis };

async function redis({ runs }) {
  if (!hasRedis()) return console.log('redis is left out: there is no redis-server on the path');
  const env = { ...process.env, BENCH_ROUNDS: String(runs) };
  const [status] = await once(
    spawn(process.execPath, [script, 'volumes'], { stdio: 'inherit', env }),
    'exit',
  );
  if (status !== 0) throw new Error(`redis.mjs ended with ${status}`);
}
