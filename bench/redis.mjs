// What the queue costs: the Redis engine against the embedded one, one worker against two, and very many tiny tiles.
// Needs redis-server. `node bench/redis.mjs [volumes] [tiles]`; compare the ratios of one run.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { processorSecondsOf, shares } from './processor.mjs';
import { makePair } from './volumes.mjs';

const program = fileURLToPath(new URL('../dist/bin/main.js', import.meta.url));
const parts = process.argv.length > 2 ? process.argv.slice(2) : ['volumes', 'tiles'];
const port = 17391;
const url = `redis://127.0.0.1:${port}`;
const folder = mkdtempSync(join(tmpdir(), 'voxtally-bench-'));
const children = new Set();
let serial = 0;
let server;

function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  child.log = '';
  child.stderr.on('data', (chunk) => {
    child.log += chunk;
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function manifest(size, cases, distinct) {
  const rows = ['case,prediction,reference'];
  for (let index = 0; index < cases; index++) {
    const { prediction, reference } = await makePair(join(folder, 'data'), size, 1 + (index % distinct));
    rows.push(`case-${index},${prediction},${reference}`);
  }
  const file = join(folder, `cases-${size}.csv`);
  writeFileSync(file, `${rows.join('\n')}\n`);
  return file;
}

/** Seconds that a `score` takes, and of the processor in its own process; all its results must have the same bytes. */
async function score(name, flags) {
  const out = join(folder, `out-${serial++}`);
  const begin = performance.now();
  const child = start(process.execPath, [program, 'score', ...flags, '--out', out, '--quiet']);
  let processorSeconds = 0;
  const poll = setInterval(() => {
    processorSeconds = processorSecondsOf(child.pid) || processorSeconds;
  }, 10);
  const [status] = await once(child, 'exit');
  clearInterval(poll);
  const seconds = (performance.now() - begin) / 1000;
  if (status !== 0) throw new Error(`${name}: status ${status}: ${child.log}`);
  return { seconds, processorSeconds, results: readFileSync(join(out, 'results.json'), 'utf8') };
}

async function withWorkers(count, work) {
  const prefix = `bench-${serial++}`;
  const queue = ['--redis', url, '--redis-prefix', prefix, '--work-root', join(folder, 'runs')];
  const workers = Array.from({ length: count }, () =>
    start(process.execPath, [
      program,
      'worker',
      ...queue,
      '--threads',
      '1',
      '--data-root',
      join(folder, 'data'),
    ]),
  );
  await Promise.all(
    workers.map(async (worker) => {
      while (!worker.log.includes('worker ready')) await once(worker.stderr, 'data');
    }),
  );
  const busy = () => [server, ...workers].map(({ pid }) => processorSecondsOf(pid));
  const before = busy();
  try {
    const done = await work(['--engine', 'redis', ...queue]);
    const [redis, ...each] = busy().map((seconds, at) => (seconds - before[at]).toFixed(2));
    console.log(
      `  processor seconds: submitter ${done.processorSeconds.toFixed(2)}, Redis ${redis}, workers ${each.join(' + ')}; ${done.seconds.toFixed(2)} s in all`,
    );
    return done;
  } finally {
    for (const worker of workers) {
      worker.kill('SIGTERM');
      await once(worker, 'exit');
    }
    for (const { log } of workers) {
      const stopped = log.split('\n').find((line) => line.includes('"stopped"'));
      if (stopped) console.log(`  a worker of ${count}: ${shares(JSON.parse(stopped).threadSeconds)}`);
    }
  }
}

async function volumes() {
  const common = [
    '--manifest',
    await manifest(192, 20, 5),
    '--scores',
    'probability',
    '--classes',
    'tumour=1',
  ];
  const rounds = [];
  const repeats = Number(process.env.BENCH_ROUNDS ?? 3);
  for (let round = 0; round < repeats; round++) {
    const embedded = await score('embedded', [...common, '--threads', '2']);
    const two = await withWorkers(2, (queue) =>
      score('two workers', [...common, '--threads', '1', ...queue]),
    );
    const one = await withWorkers(1, (queue) => score('one worker', [...common, '--threads', '1', ...queue]));
    if (new Set([embedded, two, one].map(({ results }) => results)).size > 1)
      throw new Error('results differ');
    rounds.push({ embedded: embedded.seconds, two: two.seconds, one: one.seconds });
  }
  console.log(
    '20 cases of 192^3, float32, raw; seconds (goals: two workers 1.05 times as long, 1 to 2 1.8 times faster)',
  );
  for (const { embedded, two, one } of rounds) {
    console.log(
      `  embedded, 2 threads ${embedded.toFixed(2)}   2 workers ${two.toFixed(2)} (x ${(two / embedded).toFixed(2)})   1 worker ${one.toFixed(2)} (1 to 2: ${(one / two).toFixed(2)} times faster)`,
    );
  }
}

async function tiles() {
  const common = [
    '--manifest',
    await manifest(20, 2000, 10),
    '--scores',
    'probability',
    '--classes',
    'tumour=1',
  ];
  const flags = [...common, '--tile', '20,4,2', '--losses', 'dice,bce'];
  const embedded = await score('embedded', [...flags, '--threads', '2']);
  const redis = new Redis(url);
  const samples = [];
  const sampler = setInterval(async () => {
    const memory = await redis.info('memory');
    samples.push(Number(/used_memory:(\d+)/.exec(memory)[1]) / 1e6);
  }, 250);
  const run = await withWorkers(2, (queue) => score('tiles', [...flags, '--threads', '1', ...queue]));
  clearInterval(sampler);
  redis.disconnect();
  if (run.results !== embedded.results) throw new Error('results differ');
  const at = (share) => samples[Math.floor(share * (samples.length - 1))].toFixed(1);
  console.log(
    `2,000 cases of 50 tiles of 160 voxels: ${(100_000 / run.seconds).toFixed(0)} tiles/s in ${run.seconds.toFixed(1)} s`,
  );
  console.log(`  embedded, 2 threads: ${(100_000 / embedded.seconds).toFixed(0)} tiles/s`);
  console.log(
    `  Redis: peak ${Math.max(...samples).toFixed(1)} MB; at 10, 50 and 90 % of the time ${at(0.1)}, ${at(0.5)}, ${at(0.9)} MB`,
  );
}

try {
  server = start('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await Promise.race([
    new Redis(url, { maxRetriesPerRequest: null }).on('error', () => {}).ping(),
    once(server, 'exit').then(() => {
      throw new Error('redis-server did not start');
    }),
  ]);
  if (parts.includes('volumes')) await volumes();
  if (parts.includes('tiles')) await tiles();
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
