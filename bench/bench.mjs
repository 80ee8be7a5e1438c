// The benchmark: whole processes, two things in turn, medians and their ratio.
//
//   npm run bench                     256³ and 512³ pairs, peak memory at 512³ and 1024³ (9 GB of disk, deleted after)
//   npm run bench -- --size 256      smaller
//   npm run bench -- --only memory   one part: losses, cat, lovasz, gzip, memory, start, small, voxel, many,
//                                    labels, organ, noise, border-threads
//   npm run bench -- --plan          no benchmark but a forecast: 10^12 voxels in 10,000 cases on 8 machines
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { boundaryParts, boundaryRows } from './boundaries.mjs';
import { scoreArguments, writeManifest } from './command.mjs';
import { measureParts, printPlan } from './plan.mjs';
import { median, ratioText } from './processor.mjs';
import { caseRows } from './small-cases.mjs';
import { compressPair, makePair } from './volumes.mjs';

const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: '512' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    folder: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    plan: { type: 'boolean', default: false },
    cases: { type: 'string', default: '3000' },
    scale: { type: 'string', default: '1' },
  },
});
const size = Number(options.size);
const runs = Number(options.runs);
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'voxtally-bench-'));
process.on('exit', () => {
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
});
const cli = new URL('../dist/bin/main.js', import.meta.url).pathname;
const pytorchScript = new URL('pytorch-losses.py', import.meta.url).pathname;
const inflateScript = new URL('inflate.mjs', import.meta.url).pathname;

const overlap = 'dice,jaccard,tversky';
const sums = `${overlap},focal-tversky,bce,bce-dice,focal,combo`;

/** Runs a command to its end; seconds, and the peak of its memory in MB where /proc tells. */
async function run(command, args) {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  let peakMb = 0;
  const poll = setInterval(() => {
    try {
      const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      peakMb = Math.max(peakMb, Number(found?.[1] ?? 0) / 1000);
    } catch {
      // Ended, or no /proc here.
    }
  }, 10);
  const status = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(poll);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
  return { seconds: (performance.now() - started) / 1000, peakMb, output };
}

function score(pair, losses, name) {
  const manifest = writeManifest(join(folder, `${name}.csv`), [pair]);
  const out = join(folder, `${name}-out`);
  return run(process.execPath, scoreArguments({ cli, manifest, out, losses, keep: 'never' }));
}

/** Runs both in turn, after one warm-up each; prints medians and the ratio pair by pair. */
async function compare(title, [nameA, a], [nameB, b], ratioOf, count = runs) {
  await a();
  const pairs = [];
  for (let i = 0; i < count; i++) pairs.push([await a(), await b()]);
  const secondsA = median(pairs.map(([x]) => x.seconds));
  const secondsB = median(pairs.map(([, y]) => y.seconds));
  const ratios = pairs.map(([x, y]) => ratioOf(x.seconds, y.seconds));
  const peaks = [0, 1].map((side) => Math.max(...pairs.map((pair) => pair[side].peakMb ?? 0)).toFixed(0));
  console.log(
    `${title}: ${nameA} ${secondsA.toFixed(2)} s (peak ${peaks[0]} MB), ${nameB} ${secondsB.toFixed(2)} s (peak ${peaks[1]} MB), ratio ${ratioText(ratios)}`,
  );
}

function hasPytorch() {
  try {
    execFileSync(options.python, ['-c', 'import torch, numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    console.log(`${options.python} has no PyTorch: the comparisons with it are left out`);
    return false;
  }
}

const faster = (ours, theirs) => theirs / ours;
const longer = (ours, theirs) => ours / theirs;
const wanted = (part) => options.only === undefined || options.only === part;

/** The parts that need no pair of the large size. */
const ofCases = ['start', 'small', 'voxel', 'many'];

try {
  if (options.plan) {
    printPlan(await measureParts(folder, cli));
    process.exit(0);
  }
  const torch = ofCases.some(wanted) && hasPytorch();
  const rows = ofCases.filter(wanted);
  const python = torch ? [options.python, pytorchScript] : null;
  await caseRows({ folder, cli, rows, runs, size, many: Number(options.cases), python });
  const parts = boundaryParts.filter(wanted);
  await boundaryRows({ folder, cli, parts, runs, scale: Number(options.scale), python: options.python });
  if ([...ofCases, ...boundaryParts].includes(options.only)) process.exit(0);
  const pair = await makePair(folder, size);
  const files = [pair.prediction, pair.reference];
  const label = `${size}³ raw`;
  if (wanted('cat')) {
    const cat = ['cat', () => run('sh', ['-c', `cat "${files[0]}" "${files[1]}" > /dev/null`])];
    await compare(
      `${label}, Dice, Jaccard, Tversky, times as long as cat (goal 4.5)`,
      ['voxtally', () => score(pair, overlap, 'overlap')],
      cat,
      longer,
    );
    await compare(
      `${label}, every loss but Lovász, times as long as cat (goal 7.5)`,
      ['voxtally', () => score(pair, sums, 'sums')],
      cat,
      longer,
    );
  }
  if ((wanted('losses') || wanted('lovasz')) && hasPytorch()) {
    const pytorch = (what) => ['PyTorch', () => run(options.python, [pytorchScript, ...files, what])];
    if (wanted('losses')) {
      await compare(
        `${label}, every loss but Lovász, times faster`,
        ['voxtally', () => score(pair, sums, 'sums')],
        pytorch('sums'),
        faster,
      );
      await compare(
        `${label}, all losses, times faster (goal 25)`,
        ['voxtally', () => score(pair, 'all', 'all')],
        pytorch('all'),
        faster,
      );
    }
    if (wanted('lovasz')) {
      // The Lovász part is what it adds to the sums; the sort is timed inside Python, without reading.
      const part = async () => {
        const without = await score(pair, sums, 'sums');
        const all = await score(pair, 'all', 'all');
        return { seconds: all.seconds - without.seconds, peakMb: all.peakMb };
      };
      const sort = async () => {
        const { output, peakMb } = await run(options.python, [pytorchScript, ...files, 'sort']);
        return { seconds: JSON.parse(output).seconds.sort, peakMb };
      };
      await compare(
        `${label}, Lovász part alone against torch.sort, times faster (goal 22)`,
        ['voxtally', part],
        ['torch.sort', sort],
        faster,
      );
    }
  }
  if (wanted('gzip')) {
    const packed = await compressPair(pair);
    await compare(
      `${size}³ gzip, sums only, times as long as inflating both at once (goal 1.12)`,
      ['voxtally', () => score(packed, overlap, 'gzip')],
      ['inflate', () => run(process.execPath, [inflateScript, packed.prediction, packed.reference])],
      longer,
    );
    await compare(
      `${size}³ gzip, every loss but Lovász, times as long as inflating both at once`,
      ['voxtally', () => score(packed, sums, 'gzip')],
      ['inflate', () => run(process.execPath, [inflateScript, packed.prediction, packed.reference])],
      longer,
    );
  }
  if (wanted('memory')) {
    const large = await makePair(folder, 2 * size);
    const small = await score(pair, 'all', 'all');
    const big = await score(large, 'all', 'large');
    console.log(
      `peak memory, all losses (goal: the same): ${size}³ ${small.peakMb.toFixed(0)} MB in ${small.seconds.toFixed(1)} s, ${2 * size}³ ${big.peakMb.toFixed(0)} MB in ${big.seconds.toFixed(1)} s, ratio ${(big.peakMb / small.peakMb).toFixed(2)}`,
    );
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
