import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from '../../src/tfjs/backend.ts';
import {
  bceDiceLoss,
  bceLoss,
  comboLoss,
  crossEntropyLoss,
  diceLoss,
  focalLoss,
  focalTverskyLoss,
  jaccardLoss,
  type LossFunction,
  type LossOptions,
  lovaszHinge,
  lovaszSoftmax,
  tverskyLoss,
} from '../../src/tfjs/index.ts';
import { blockSumBound, unitRoundoff } from '../../src/tfjs/sums.ts';
import { goldenCases, readGolden, type Voxels } from '../support/golden.ts';
import { backends } from './backends.ts';

/** Golden key, and the loss that must give it. */
const losses: readonly [key: string, make: (options: LossOptions) => LossFunction][] = [
  ['dice_loss', (o) => diceLoss(o)],
  ['jaccard_loss', (o) => jaccardLoss(o)],
  ['bce', (o) => bceLoss(o)],
  ['bce_dice', (o) => bceDiceLoss(o)],
  ['tversky_loss', (o) => tverskyLoss(o)],
  ['focal_tversky', (o) => focalTverskyLoss(o)],
  ['focal_mean_bce', (o) => focalLoss(o)],
  ['focal_lin', (o) => focalLoss({ ...o, form: 'lin' })],
  ['dice_loss_keras', (o) => diceLoss({ ...o, convention: 'keras' })],
  ['jaccard_loss_keras', (o) => jaccardLoss({ ...o, convention: 'keras' })],
  ['bce_keras', (o) => bceLoss({ ...o, convention: 'keras' })],
  ['focal_keras', (o) => focalLoss({ ...o, convention: 'keras' })],
  ['combo_printed', (o) => comboLoss({ ...o, form: 'article' })],
  ['combo_minimised', (o) => comboLoss({ ...o, form: 'code' })],
];

/**
 * What float32 explains. A sum of n terms of one sign is wrong by at most blockSumBound(n) of itself. A term goes through at most
 * four functions (sigmoid or exp, log, power, product), each within 4 roundings, and its exponent 2 doubles what came before:
 * 32 u. The few operations on sums add 16 u. A ratio of two sums, a square and a sum of two losses at most multiply the relative
 * error by 4; the losses are at most 4 beside their sums, hence the absolute part.
 */
function tolerance(expected: number, n: number, subnormals: number): number {
  return (
    4 * (blockSumBound(n) + 48 * unitRoundoff) * Math.max(Math.abs(expected), 1) + (subnormals * flushed) / n
  );
}

/**
 * TensorFlow's threads take subnormal numbers for 0: -log of such a probability is then the clamp at 100, and not the 87.3 to 103 of the
 * number itself.
 */
const flushed = 100 + Math.log(2 ** -126);

function asTensor(volume: Voxels): tf.Tensor {
  const [x, y, z] = volume.shape;
  return tf.transpose(tf.tensor(volume.values, [1, volume.channels, z, y, x]), [0, 2, 3, 4, 1]);
}

const cases = goldenCases.filter((one) => one.scores !== 'label');

describe.each(backends)('golden values on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(cases.map((one) => [one.id, one] as const))('%s', (_, one) => {
    tf.tidy(() => {
      const scores = readGolden(one.prediction);
      const subnormals = scores.values.filter((value) => value !== 0 && Math.abs(value) < 2 ** -126).length;
      const prediction = asTensor(scores);
      const labels = asTensor(readGolden(one.reference));
      const from = one.scores === 'logit' ? 'logit' : 'probability';
      const several = prediction.shape[4] !== 1;
      let checked = 0;
      for (const [name, values] of Object.entries(one.classes)) {
        const n = values.n ?? 0;
        const options: LossOptions = {
          from,
          ...(one.ignore === null ? {} : { ignoreLabel: one.ignore }),
          ...(several ? { channels: 'exclusive', classes: [Number(name)] } : {}),
        };
        const all: [string, LossFunction][] = losses.map(([key, make]) => [key, make(options)]);
        all.push(['lovasz_softmax', lovaszSoftmax(options)]);
        if (values.lovasz_hinge !== undefined) all.push(['lovasz_hinge', lovaszHinge()]);
        for (const [key, loss] of all) {
          // Undefined in the golden set: no class is present, and then the training loss is 0.
          const expected = values[key] === null ? 0 : values[key];
          if (expected === undefined) throw new Error(`${one.id} has no ${key}`);
          const got = loss(labels, prediction).dataSync()[0] ?? Number.NaN;
          const off = Math.abs(got - expected);
          expect(off, `${key} of class ${name}: ${got} for ${expected}`).toBeLessThanOrEqual(
            tolerance(expected, n, subnormals),
          );
          checked += 1;
        }
      }
      if (one.lovasz_softmax_present !== undefined && one.cross_entropy !== undefined) {
        const n = labels.size;
        const ignoreLabel = one.ignore ?? 255;
        const present =
          lovaszSoftmax({ channels: 'exclusive', ignoreLabel })(labels, prediction).dataSync()[0] ??
          Number.NaN;
        expect(Math.abs(present - one.lovasz_softmax_present)).toBeLessThanOrEqual(
          tolerance(one.lovasz_softmax_present, n, 0),
        );
        const entropy = crossEntropyLoss({ ignoreLabel })(labels, prediction).dataSync()[0] ?? Number.NaN;
        expect(Math.abs(entropy - one.cross_entropy)).toBeLessThanOrEqual(tolerance(one.cross_entropy, n, 0));
      }
      expect(checked).toBeGreaterThan(0);
    });
  });
});
