// Rows about many small and middling cases, in processor seconds.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scoreArguments, writeManifest } from './command.mjs';
import { hasPytorch } from './peers.mjs';
import { measure, median, peak, ratioText, shares } from './processor.mjs';
import { compressPair, makePair } from './volumes.mjs';

const pytorchScript = fileURLToPath(new URL('pytorch-losses.py', import.meta.url));
const smallShape = [96, 96, 64];
const smallVoxels = 96 * 96 * 64;
/** Pairs that differ; more cases than these use them again. */
const distinct = 100;

export const caseRows = { small, voxel, many, start };

async function small(bench) {
  for (const gzip of [false, true]) {
    const name = gzip ? 'small-gzip' : 'small';
    const cases = manifestOf(bench, name, await smallPairs(bench, 100, gzip));
    const found = await repeated(bench, () => score(bench, cases, 'all'));
    const seconds = processorMedian(found);
    const title = `100 ${gzip ? 'gzipped' : 'raw'} pairs of ${smallShape.join('x')}, all losses, shards kept`;
    console.log(
      `${title}: ${seconds.toFixed(2)} processor seconds, ${(10 * seconds).toFixed(1)} ms a case, peak ${peak(found)} MB`,
    );
    console.log(threads(bench));
    if (!hasPytorch(bench.python)) continue;
    const torch = await repeated(bench, () =>
      measure(bench.python, [pytorchScript, '--manifest', cases, 'all']),
    );
    const theirs = processorMedian(torch);
    console.log(
      `  PyTorch ${theirs.toFixed(2)}, peak ${peak(torch)} MB, times less: ${(theirs / seconds).toFixed(2)} (goal ${gzip ? 4 : 8})`,
    );
  }
}

async function voxel(bench) {
  const { folder, runs, size } = bench;
  const pairs = [];
  for (let i = 0; i < 20; i++) pairs.push(await makePair(join(folder, 'middling'), 192, 1 + (i % 5)));
  const middling = manifestOf(bench, 'middling', pairs);
  const large = manifestOf(bench, 'large', [await makePair(folder, size)]);
  const ratios = [];
  const found = [];
  for (let i = 0; i < runs; i++) {
    const b = await score(bench, large, 'all');
    const a = await score(bench, middling, 'all');
    found.push(a, b);
    ratios.push(a.processorSeconds / (20 * 192 ** 3) / (b.processorSeconds / size ** 3));
  }
  console.log(
    `20 raw pairs of 192³ against one of ${size}³, processor time a voxel (goal 1.15): ${ratioText(ratios)}; peak ${peak(found)} MB`,
  );
  console.log(threads(bench));
}

async function many(bench) {
  const rate = async (count) => {
    const cases = manifestOf(bench, `many-${count}`, await smallPairs(bench, count, true));
    const found = await score(bench, cases, 'all', 'never');
    return { perSecond: count / found.seconds, peakMb: found.peakMb };
  };
  const [few, all] = [await rate(100), await rate(bench.cases)];
  console.log(
    `${bench.cases} gzipped pairs, all losses: cases a second against 100 of them ${(all.perSecond / few.perSecond).toFixed(2)} (goal 0.95); peak memory (goal 350) ${few.peakMb.toFixed(0)} MB at 100, ${all.peakMb.toFixed(0)} MB at ${bench.cases} (${smallVoxels} voxels each)`,
  );
  console.log(threads(bench));
}

async function start(bench) {
  const one = manifestOf(bench, 'one', [await makePair(join(bench.folder, 'small'), [16, 16, 16])]);
  for (const [losses, goal] of [
    ['dice', 0.18],
    ['all', 0.3],
  ]) {
    const found = await repeated(bench, () => score(bench, one, losses));
    console.log(
      `one tiny case, losses ${losses}: ${processorMedian(found).toFixed(2)} processor seconds (goal ${goal.toFixed(2)}), peak ${peak(found)} MB`,
    );
  }
}

const outFolder = ({ folder }) => join(folder, 'cases-out');

function score(bench, manifest, losses, keep = 'always') {
  const out = outFolder(bench);
  return measure(process.execPath, scoreArguments({ cli: bench.cli, manifest, out, losses, keep }));
}

function manifestOf({ folder }, name, pairs) {
  return writeManifest(join(folder, `${name}.csv`), pairs);
}

async function smallPairs({ folder }, count, gzip) {
  const pairs = [];
  for (let i = 0; i < Math.min(count, distinct); i++) {
    const pair = await makePair(join(folder, 'small'), smallShape, i + 1);
    pairs.push(gzip ? await compressPair(pair) : pair);
  }
  return Array.from({ length: count }, (_, i) => pairs[i % pairs.length]);
}

/** What the threads of the last run did. */
function threads(bench) {
  const { threadSeconds } = JSON.parse(readFileSync(join(outFolder(bench), 'run.json'), 'utf8'));
  return `  threads ${shares(threadSeconds)}`;
}

/** After a warm-up. */
async function repeated({ runs }, once) {
  await once();
  const found = [];
  for (let i = 0; i < runs; i++) found.push(await once());
  return found;
}

const processorMedian = (found) => median(found.map(({ processorSeconds }) => processorSeconds));
