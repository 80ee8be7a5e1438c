// Rows about borders and lesions, in processor seconds, against the usual way (boundary-scipy.py).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { facetAreasMm2 } from '../dist/src/measures/boundary/facet-areas.js';
import { measure, median, ratioText } from './processor.mjs';
import { noise, writeLabels } from './volumes.mjs';

export const boundaryParts = ['labels', 'organ', 'noise', 'border-threads'];

const script = fileURLToPath(new URL('boundary-scipy.py', import.meta.url));
const spacingMm = [1, 1, 1];

/** 31 blobs in a grid; the prediction is shifted by one and two voxels. */
function manyLabels([x, y, z]) {
  const cells = [4, 4, 2];
  return (shift) => (i, j, k) => {
    const at = [(i - shift) / x, (j - 2 * shift) / y, k / z].map((place, axis) => place * cells[axis]);
    const cell = at.map(Math.floor);
    const label = 1 + cell[0] + 4 * cell[1] + 16 * cell[2];
    const [u, v, w] = at.map((place, axis) => place - cell[axis] - 0.5);
    const inside = u * u + v * v + w * w < 0.12 + 0.03 * Math.sin(11 * u) * Math.cos(9 * v + 5 * w);
    return inside && label <= 31 && cell.every((place) => place >= 0) ? label : 0;
  };
}

/** One organ with waves on its surface, and a far false part in either mask. */
function organ([x, y, z]) {
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

/** `parts`: of `boundaryParts`. `scale`: of the sides of all volumes. `python`: the interpreter. */
export async function boundaryRows({ folder, cli, parts, runs, scale, python }) {
  if (parts.length === 0) return;
  mkdirSync(folder, { recursive: true });
  const sides = (...full) => full.map((side) => Math.max(16, Math.round(scale * side)));
  const pairOf = async (name, shape, voxelOf) => {
    const files = ['prediction', 'reference'].map((side) =>
      join(folder, `${name}-${shape.join('x')}-${side}.nii`),
    );
    if (!files.every(existsSync)) {
      await writeLabels(files[0], shape, spacingMm, voxelOf(1));
      await writeLabels(files[1], shape, spacingMm, voxelOf(0));
    }
    const manifest = join(folder, `${name}.csv`);
    writeFileSync(manifest, `case,prediction,reference\n${name},${files.join(',')}\n`);
    return { name, files, manifest };
  };
  const score = ({ manifest }, threads) =>
    measure(process.execPath, [
      ...[
        cli,
        'score',
        '--manifest',
        manifest,
        '--out',
        join(folder, 'borders-out'),
        '--overwrite',
        '--quiet',
      ],
      ...['--scores', 'label', '--measures', 'boundary,lesions', '--threads', String(threads)],
    ]);
  const areas = join(folder, 'areas.json');
  writeFileSync(areas, JSON.stringify([...facetAreasMm2(spacingMm)]));
  const usual = hasScipy(python) && (({ files }) => measure(python, [script, areas, ...files]));

  const against = async (title, pair) => {
    const found = [];
    for (let i = 0; i < runs; i++) found.push([await score(pair, 2), usual && (await usual(pair))]);
    const ours = found.map(([own]) => own);
    const text = `${title}: ${seconds(ours)} processor seconds, peak ${peak(ours)} MB`;
    if (!usual) return console.log(text);
    const theirs = found.map(([, other]) => other);
    const ratios = found.map(([own, other]) => other.processorSeconds / own.processorSeconds);
    console.log(
      `${text}; scipy ${seconds(theirs)}, peak ${peak(theirs)} MB; times less: ${ratioText(ratios)}`,
    );
  };

  const labelShape = sides(512, 512, 240);
  if (parts.includes('labels')) {
    const pair = await pairOf('labels', labelShape, manyLabels(labelShape));
    await against(`31 labels of ${labelShape.join('x')}, borders and lesions (goal 6 times less)`, pair);
  }
  const organShape = sides(400, 400, 400);
  if (parts.includes('organ')) {
    const pair = await pairOf('organ', organShape, organ(organShape));
    await against(`one organ of ${organShape.join('x')} (goal 12 times less, 400 MB)`, pair);
  }
  if (parts.includes('noise')) {
    const shape = sides(256, 256, 256);
    await against(`noise of ${shape.join('x')} (goal 1)`, await pairOf('noise', shape, noisy()));
  }
  if (parts.includes('border-threads')) {
    const pair = await pairOf('labels', labelShape, manyLabels(labelShape));
    // Start, results and report of one case take about as long as its work on two threads; of many they are a small part.
    for (const cases of [1, 8]) {
      const many = { manifest: join(folder, `labels-${cases}.csv`) };
      const lines = Array.from({ length: cases }, (_, i) => `${i},${pair.files.join(',')}\n`);
      writeFileSync(many.manifest, `case,prediction,reference\n${lines.join('')}`);
      const ratios = [];
      for (let i = 0; i < runs; i++)
        ratios.push((await score(many, 1)).seconds / (await score(many, 2)).seconds);
      const what = `31 labels of ${labelShape.join('x')}${cases > 1 ? `, ${cases} cases` : ''}`;
      console.log(`${what}, borders and lesions, 2 threads against 1 (goal 1.8): ${ratioText(ratios)}`);
    }
  }
}

function hasScipy(python) {
  try {
    execFileSync(python, ['-c', 'import numpy, scipy'], { stdio: 'ignore' });
    return true;
  } catch {
    console.log(`${python} has no numpy and scipy: the comparisons of borders with them are left out`);
    return false;
  }
}

const seconds = (found) => median(found.map(({ processorSeconds }) => processorSeconds)).toFixed(2);
const peak = (found) => Math.max(...found.map(({ peakMb }) => peakMb)).toFixed(0);
