// Label maps against the loop over labels of nnU-Net's evaluation (nnunet-loop.py), which must find the same counts.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeManifest } from './command.mjs';
import { hasModules } from './peers.mjs';
import { measure, median, peak, ratioText } from './processor.mjs';
import { blobs, compressPair, scaledShape, writeLabels } from './volumes.mjs';

const script = fileURLToPath(new URL('nnunet-loop.py', import.meta.url));
const labels = 32;
const cases = 8;
/** Pairs that differ; more cases than these use them again. */
const distinct = 2;
const processes = 2;

export const labelMapRows = { 'label-maps': labelMaps };

async function labelMaps({ folder, cli, runs, scale, python }) {
  const shape = scaledShape(scale, [512, 512, 240]);
  const pairs = [];
  for (let i = 0; i < distinct; i++) pairs.push(await gzippedPair(join(folder, 'label-maps'), shape, i));
  const every = Array.from({ length: cases }, (_, i) => pairs[i % distinct]);
  const manifest = writeManifest(join(folder, 'label-maps.csv'), every);
  const out = join(folder, 'label-maps-out');
  const flags = ['--manifest', manifest, '--out', out, '--overwrite', '--quiet'];
  const ours = () =>
    measure(process.execPath, [
      ...[cli, 'score', ...flags, '--scores', 'label'],
      ...['--measures', 'overlap', '--threads', String(processes)],
    ]);
  const summary = join(folder, 'label-maps-loop.json');
  const loop = async () => {
    const found = await measure(python, [script, manifest, String(labels), String(processes), summary]);
    return { ...found, ...JSON.parse(found.output) };
  };
  const hasLoop = hasModules(python, ['numpy', 'nibabel'], "nnU-Net's loop");

  await ours();
  const found = [];
  for (let i = 0; i < runs; i++) found.push([await ours(), hasLoop && (await loop())]);
  const own = found.map(([first]) => first);
  const title = `${cases} gzipped label maps of ${shape.join('x')}, ${labels} labels`;
  const text = `${title}: ${median(own.map(({ seconds }) => seconds)).toFixed(2)} s, ${median(own.map(({ processorSeconds }) => processorSeconds)).toFixed(2)} processor seconds, peak ${peak(own)} MB`;
  if (!hasLoop) return console.log(text);
  compareCounts(readSummary(join(out, 'summary.json')), readSummary(summary));
  const theirs = found.map(([, second]) => second);
  const ratios = (field) => ratioText(found.map(([first, second]) => second[field] / first[field]));
  console.log(text);
  console.log(
    `  loop over labels in ${processes} processes ${median(theirs.map(({ seconds }) => seconds)).toFixed(2)} s, ${median(theirs.map(({ processorSeconds }) => processorSeconds)).toFixed(2)} processor seconds, peak of one process ${peak(theirs)} MB; times faster (goal 16): ${ratios('seconds')}, processor time: ${ratios('processorSeconds')}; the counts are the same`,
  );
}

/** A reference and a prediction whose blobs lie a few voxels aside. */
async function gzippedPair(folder, shape, index) {
  mkdirSync(folder, { recursive: true });
  const [prediction, reference] = ['prediction', 'reference'].map((side) =>
    join(folder, `${side}-${shape.join('x')}-${index}.nii`),
  );
  const labelOf = blobs(shape, labels);
  if (!existsSync(prediction)) await writeLabels(prediction, shape, [1, 1, 1], labelOf(2 * index + 1));
  if (!existsSync(reference)) await writeLabels(reference, shape, [1, 1, 1], labelOf(2 * index));
  return compressPair({ prediction, reference });
}

/** Of nnU-Net's form, in which a value that there is not is NaN. */
function readSummary(path) {
  return JSON.parse(readFileSync(path, 'utf8').replaceAll(/\bNaN\b/g, 'null'));
}

/** Matches cases by their files, as the summaries order them each in its way. @throws where a value differs */
function compareCounts(ours, theirs) {
  const byFile = new Map(theirs.metric_per_case.map((one) => [one.prediction_file, one.metrics]));
  if (ours.metric_per_case.length !== cases)
    throw new Error(`${ours.metric_per_case.length} cases were scored`);
  for (const { prediction_file: file, metrics } of ours.metric_per_case) {
    for (const [label, values] of Object.entries(byFile.get(file))) {
      for (const [name, value] of Object.entries(values)) {
        const own = metrics[label][name];
        if (own === value || Math.abs(own - value) <= 1e-12) continue;
        throw new Error(
          `${file}, label ${label}: ${name} is ${own} here and ${value} in the loop over labels`,
        );
      }
    }
  }
}
