/**
 * `npm run soak -- --minutes M --seed S [--only N]`: random series of faults on both engines, with a real Redis, until the time is over.
 * Each try ends with resumes that must give the bytes of an undisturbed run. `--only` repeats one try.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RedisServer } from '../engines/redis/redis-server.ts';
import { TcpProxy } from '../faults/tcp-proxy.ts';
import { Hospital } from './hospital.ts';
import { Random } from './random.ts';
import { makeFolder, Try, type Verdict } from './try.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes and --seed must be numbers');

const root = mkdtempSync(join(tmpdir(), 'voxtally-soak-'));
const server = await RedisServer.start();
const proxy = await TcpProxy.start(server.port);
const hospital = await Hospital.make(join(root, 'hospital'), 4);
const counts: Record<Verdict, number> = { survived: 0, wrong: 0, lost: 0, hung: 0, stack: 0 };
const end = Date.now() + minutes * 60_000;
let tries = 0;
for (let number = values.only ? Number(values.only) : 0; Date.now() < end; number++) {
  const folder = makeFolder(join(root, `try-${number}`));
  const engine = number % 2 === 0 ? 'redis' : 'embedded';
  const begin = performance.now();
  const { verdict, faults, remark } = await new Try({
    ...{ hospital, server, proxy, folder, engine },
    random: new Random(seed, number),
  }).run();
  tries++;
  counts[verdict]++;
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(`try ${number} ${engine}: ${verdict}, ${seconds} s: ${faults.join(', ')}`);
  if (remark !== undefined) console.log(`  ${remark.replaceAll('\n', '\n  ')}\n  kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  if (values.only !== undefined) break;
}
await proxy.close();
await server.remove();
const { survived, ...failures } = counts;
console.log(
  `seed ${seed}: ${tries} tries, ${survived} survived, ${Object.entries(failures)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')}`,
);
if (survived < tries) process.exitCode = 1;
else rmSync(root, { recursive: true, force: true });
// What a killed server left of connections keeps nobody waiting.
setTimeout(() => process.exit(), 1000).unref();
