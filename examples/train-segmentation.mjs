/**
 * Trains a small 3D segmentation network on made-up volumes with three losses, writes what it predicts on held-out volumes after every few
 * epochs, and has `voxtally score` compute the same losses from the files: both curves must agree.
 *
 *   node examples/train-segmentation.mjs [--out training-example] [--epochs 12]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { bceDiceLoss, diceLoss, tverskyLoss } from 'voxtally/tfjs';
import { useBackend } from 'voxtally/tfjs/backend';
import { writeNifti } from './nifti.mjs';

/** Edge of a volume in voxels. */
const edge = 16;
const trainingVolumes = 8;
const heldOutVolumes = 3;
const epochsBetweenScores = 3;

/** The id of each loss in the scorer's results, and the loss; per image, as the scorer's mean over cases. */
const losses = {
  dice: diceLoss({ perImage: true }),
  'bce-dice': bceDiceLoss({ perImage: true }),
  tversky: tverskyLoss({ perImage: true }),
};

/** A ball of a random place and size in noise: `[count, z, y, x, 1]` images and references of 0 and 1. */
function makeVolumes(count, seed) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const truth = new Float32Array(count * edge ** 3);
  const image = new Float32Array(truth.length);
  for (let v = 0; v < count; v++) {
    const centre = [0, 1, 2].map(() => edge * (0.3 + 0.4 * random()));
    const radius = edge * (0.15 + 0.15 * random());
    for (let i = 0; i < edge ** 3; i++) {
      const place = [i % edge, Math.floor(i / edge) % edge, Math.floor(i / edge ** 2)];
      const distance = Math.hypot(...place.map((at, axis) => at - centre[axis]));
      const at = v * edge ** 3 + i;
      truth[at] = distance < radius ? 1 : 0;
      image[at] = truth[at] + 1.6 * (random() + random() + random() - 1.5);
    }
  }
  const shape = [count, edge, edge, edge, 1];
  return { images: tf.tensor(image, shape), truth: tf.tensor(truth, shape) };
}

/** Three 3D convolutions; a sigmoid gives the probability of the ball. */
function makeModel() {
  const convolution = (filters, activation, seed) =>
    tf.layers.conv3d({
      filters,
      kernelSize: 3,
      padding: 'same',
      activation,
      kernelInitializer: tf.initializers.heNormal({ seed }),
      ...(seed === 1 ? { inputShape: [edge, edge, edge, 1] } : {}),
    });
  return tf.sequential({
    layers: [convolution(6, 'relu', 1), convolution(6, 'relu', 2), convolution(1, 'sigmoid', 3)],
  });
}

/** Writes one NIfTI file a volume, named as a case. */
function writeCases(folder, tensor, toArray) {
  mkdirSync(folder, { recursive: true });
  const values = tensor.dataSync();
  for (let v = 0; v < tensor.shape[0]; v++) {
    const voxels = toArray(values.subarray(v * edge ** 3, (v + 1) * edge ** 3));
    writeNifti(path.join(folder, `case${v + 1}.nii`), [edge, edge, edge], voxels);
  }
}

/** Trains with one loss. Returns the loss on the held-out volumes at each epoch whose predictions were written. */
async function trainWith(id, training, heldOut, epochs, out) {
  const loss = losses[id];
  const model = makeModel();
  model.compile({ optimizer: tf.train.adam(0.01), loss });
  const curve = [];
  for (let epoch = epochsBetweenScores; epoch <= epochs; epoch += epochsBetweenScores) {
    const history = await model.fit(training.images, training.truth, {
      epochs: epochsBetweenScores,
      batchSize: 4,
      shuffle: false,
      verbose: 0,
    });
    const prediction = model.predict(heldOut.images);
    const value = loss(heldOut.truth, prediction);
    const folder = path.join(out, id, `epoch-${String(epoch).padStart(2, '0')}`);
    writeCases(path.join(folder, 'predictions'), prediction, (voxels) => Float32Array.from(voxels));
    curve.push({ epoch, folder, training: history.history.loss.at(-1), heldOut: value.dataSync()[0] });
    tf.dispose([prediction, value]);
  }
  model.dispose();
  return curve;
}

/** The loss of an epoch as the scorer computes it from the files: the mean over the cases. */
function scoredLoss(folder, references, id) {
  const results = path.join(folder, 'results');
  const files = ['--predictions', path.join(folder, 'predictions'), '--references', references];
  const settings = ['--scores', 'probability', '--losses', id, '--keep-shards', 'never'];
  const command = fileURLToPath(new URL('dist/bin/main.js', import.meta.resolve('voxtally/package.json')));
  execFileSync(process.execPath, [
    command,
    'score',
    ...files,
    ...settings,
    '--out',
    results,
    '--overwrite',
    '--quiet',
  ]);
  const { means } = JSON.parse(readFileSync(path.join(results, 'results.json'), 'utf8'));
  return means.classes.foreground.losses[id].mean;
}

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'training-example' },
    epochs: { type: 'string', default: '12' },
  },
});
console.log(`Training on ${(await useBackend()).description}.`);
const training = makeVolumes(trainingVolumes, 1);
const heldOut = makeVolumes(heldOutVolumes, 2);
const references = path.join(options.out, 'references');
writeCases(references, heldOut.truth, (voxels) => Uint8Array.from(voxels));

/**
 * What float32 explains: the loss in training adds float32 terms in blocks of 64 (docs/training.md), a few hundred roundings of 2^-24 for
 * volumes of this size, and a logarithm or a quotient of sums.
 */
const tolerance = 500 * 2 ** -24;
let largest = 0;

const curves = {};
for (const id of Object.keys(losses)) {
  curves[id] = await trainWith(id, training, heldOut, Number(options.epochs), options.out);
  console.log(`\n${id.padEnd(10)} epoch  training  held out   scored     difference`);
  for (const point of curves[id]) {
    point.scored = scoredLoss(point.folder, references, id);
    const difference = Math.abs(point.heldOut - point.scored) / Math.max(1, point.scored);
    largest = Math.max(largest, difference);
    const numbers = [point.training, point.heldOut, point.scored].map((value) => value.toFixed(7));
    console.log(
      `${''.padEnd(10)} ${String(point.epoch).padStart(5)}  ${numbers.join('  ')}  ${difference.toExponential(1)}`,
    );
  }
}
writeFileSync(path.join(options.out, 'curves.json'), `${JSON.stringify(curves, null, 2)}\n`);
const agree = largest <= tolerance;
console.log(
  `\nLoss in training and scored loss ${agree ? 'agree' : 'DIFFER'}: by ${largest.toExponential(1)} at most, float32 explains ${tolerance.toExponential(1)}.`,
);
process.exitCode = agree ? 0 : 1;
