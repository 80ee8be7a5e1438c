import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from '../../src/tfjs/backend.ts';
import * as losses from '../../src/tfjs/index.ts';
import { everyLoss } from './all-losses.ts';
import { backends } from './backends.ts';

/** Two volumes of 6 x 6 x 6: a brighter block in noise, and the block as the reference. */
function volumes(): { images: tf.Tensor5D; truth: tf.Tensor5D } {
  return tf.tidy(() => {
    const block = tf.pad4d(tf.ones([2, 3, 3, 3]), [
      [0, 0],
      [1, 2],
      [2, 1],
      [1, 2],
    ]);
    const truth = tf.expandDims(block, 4) as tf.Tensor5D;
    const noise = tf.randomNormal([2, 6, 6, 6, 1], 0, 0.3, 'float32', 7);
    return { images: tf.add(truth, noise), truth };
  });
}

async function lossesOfTraining(
  loss: losses.LossFunction,
  output: { units: number; activation: 'sigmoid' | 'softmax' | 'linear' },
  truthOf: (truth: tf.Tensor5D) => tf.Tensor,
): Promise<number[]> {
  const { images, truth } = volumes();
  const target = truthOf(truth);
  const model = tf.sequential();
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 3 });
  model.add(
    tf.layers.conv3d({
      filters: output.units,
      kernelSize: 3,
      padding: 'same',
      activation: output.activation,
      inputShape: [6, 6, 6, 1],
      kernelInitializer,
    }),
  );
  model.compile({ optimizer: tf.train.adam(0.05), loss });
  const history = await model.fit(images, target, { epochs: 12, batchSize: 2, shuffle: false, verbose: 0 });
  model.dispose();
  tf.dispose([images, truth, target]);
  return history.history.loss as number[];
}

function expectLowered(values: readonly number[]): void {
  expect(values.every(Number.isFinite)).toBe(true);
  const [first = Number.NaN, last = Number.NaN] = [values[0], values.at(-1)];
  expect(last).toBeLessThan(first - 0.02 * Math.abs(first));
}

describe.each(backends)('model.fit on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(everyLoss)('lowers %s of probabilities', async (_, make) => {
    expectLowered(
      await lossesOfTraining(make({}), { units: 1, activation: 'sigmoid' }, (truth) => truth.clone()),
    );
  });

  test.each(everyLoss)('lowers %s of logits per image', async (_, make) => {
    const loss = make({ from: 'logit', perImage: true });
    expectLowered(await lossesOfTraining(loss, { units: 1, activation: 'linear' }, (truth) => truth.clone()));
  });

  test('lowers lovasz-hinge', async () => {
    const loss = losses.lovaszHinge({ perImage: true });
    expectLowered(await lossesOfTraining(loss, { units: 1, activation: 'linear' }, (truth) => truth.clone()));
  });

  test.each([
    ['cross-entropy', losses.crossEntropyLoss(), 'softmax'],
    ['cross-entropy of logits', losses.crossEntropyLoss({ from: 'logit' }), 'linear'],
    ['lovasz-softmax of classes', losses.lovaszSoftmax({ channels: 'exclusive' }), 'softmax'],
  ] as const)('lowers %s', async (_, loss, activation) => {
    const oneHot = (truth: tf.Tensor5D) => tf.tidy(() => tf.concat([tf.sub(1, truth), truth], 4));
    expectLowered(await lossesOfTraining(loss, { units: 2, activation }, oneHot));
  });
});
