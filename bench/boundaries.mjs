// Rows about borders and lesions, in processor seconds, against the usual way (boundary-scipy.py).
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { facetAreasMm2 } from '../dist/src/measures/boundary/facet-areas.js';
import { hasModules } from './peers.mjs';
import { measure, median, peak, ratioText } from './processor.mjs';
import { blobs, noise, scaledShape, writeLabels } from './volumes.mjs';

export const boundaryRows = { labels, organ, noise: noiseRow, 'border-threads': borderThreads };

const script = fileURLToPath(new URL('boundary-scipy.py', import.meta.url));
const spacingMm = [1, 1, 1];

/** One organ with waves on its surface, and a far false part in either mask. */
function organBlob([x, y, z]) {
  return (shift) => (i, j, k) => {
    const [u, v, w] = [(i - shift) / x - 0.5, (j - 2 * shift) / y - 0.5, k / z - 0.5];
    const corner = shift > 0 ? 0.46 : -0.46;
    if (Math.hypot(u - corner, v - corner, w - corner) < 0.02) return 1;
    const waves = 0.01 * Math.sin(40 * u) * Math.sin(37 * v) * Math.cos(43 * w);
    return Math.hypot(u, v, 1.2 * w) < 0.34 + waves ? 1 : 0;
  };
}

function noisy() {
  return (shift) => {
    const next = noise(17 + shift);
    return () => (next() < 0.5 ? 1 : 0);
  };
}

const labelCount = 31;

async function labels(bench) {
  const pair = await labelPair(bench);
  await against(bench, `${pair.title}, borders and lesions (goal 6 times less)`, pair);
}

async function organ(bench) {
  const shape = scaledShape(bench.scale, [400, 400, 400]);
  const pair = await pairOf(bench, 'organ', shape, organBlob(shape));
  await against(bench, `one organ of ${shape.join('x')} (goal 12 times less, 400 MB)`, pair);
}

async function noiseRow(bench) {
  const shape = scaledShape(bench.scale, [256, 256, 256]);
  await against(bench, `noise of ${shape.join('x')} (goal 1)`, await pairOf(bench, 'noise', shape, noisy()));
}

async function borderThreads(bench) {
  const pair = await labelPair(bench);
  // Start, results and report of one case take about as long as its work on two threads; of many they are a small part.
  for (const cases of [1, 8]) {
    const many = { manifest: join(bench.folder, `labels-${cases}.csv`) };
    const lines = Array.from({ length: cases }, (_, i) => `${i},${pair.files.join(',')}\n`);
    writeFileSync(many.manifest, `case,prediction,reference\n${lines.join('')}`);
    const ratios = [];
    for (let i = 0; i < bench.runs; i++)
      ratios.push((await score(bench, many, 1)).seconds / (await score(bench, many, 2)).seconds);
    const what = `${pair.title}${cases > 1 ? `, ${cases} cases` : ''}`;
    console.log(`${what}, borders and lesions, 2 threads against 1 (goal 1.8): ${ratioText(ratios)}`);
  }
}

async function labelPair(bench) {
  const shape = scaledShape(bench.scale, [512, 512, 240]);
  const pair = await pairOf(bench, 'labels', shape, blobs(shape, labelCount));
  return { ...pair, title: `${labelCount} labels of ${shape.join('x')}` };
}

async function pairOf({ folder }, name, shape, voxelOf) {
  const files = ['prediction', 'reference'].map((side) =>
    join(folder, `${name}-${shape.join('x')}-${side}.nii`),
  );
  if (!files.every(existsSync)) {
    await writeLabels(files[0], shape, spacingMm, voxelOf(1));
    await writeLabels(files[1], shape, spacingMm, voxelOf(0));
  }
  const manifest = join(folder, `${name}.csv`);
  writeFileSync(manifest, `case,prediction,reference\n${name},${files.join(',')}\n`);
  return { files, manifest };
}

function score({ folder, cli }, { manifest }, threads) {
  const flags = ['--manifest', manifest, '--out', join(folder, 'borders-out'), '--overwrite', '--quiet'];
  return measure(process.execPath, [
    ...[cli, 'score', ...flags, '--scores', 'label'],
    ...['--measures', 'boundary,lesions', '--threads', String(threads)],
  ]);
}

/** Prints processor seconds of a pair, with those of SciPy where it is here. */
async function against(bench, title, pair) {
  const hasScipy = hasModules(bench.python, ['numpy', 'scipy'], 'SciPy');
  const areas = join(bench.folder, 'areas.json');
  writeFileSync(areas, JSON.stringify([...facetAreasMm2(spacingMm)]));
  const usual = () => measure(bench.python, [script, areas, ...pair.files]);
  const found = [];
  for (let i = 0; i < bench.runs; i++) found.push([await score(bench, pair, 2), hasScipy && (await usual())]);
  const ours = found.map(([own]) => own);
  const text = `${title}: ${seconds(ours)} processor seconds, peak ${peak(ours)} MB`;
  if (!hasScipy) return console.log(text);
  const theirs = found.map(([, other]) => other);
  const ratios = found.map(([own, other]) => other.processorSeconds / own.processorSeconds);
  console.log(`${text}; scipy ${seconds(theirs)}, peak ${peak(theirs)} MB; times less: ${ratioText(ratios)}`);
}

const seconds = (found) => median(found.map(({ processorSeconds }) => processorSeconds)).toFixed(2);
