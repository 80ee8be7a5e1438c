import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { useBackend } from '../../src/tfjs/backend.ts';
import * as losses from '../../src/tfjs/index.ts';
import { everyLoss } from './all-losses.ts';
import { backends } from './backends.ts';

function valueAndSlopes(
  loss: losses.LossFunction,
  truth: number[],
  scores: number[],
): { value: number; slopes: number[] } {
  return tf.tidy(() => {
    const shape = [1, truth.length, 1, 1];
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => loss(tf.tensor(truth, shape), x))(
      tf.tensor(scores, shape),
    );
    return { value: value.dataSync()[0] ?? Number.NaN, slopes: Array.from(grad.dataSync()) };
  });
}

const inputs: readonly (readonly [string, number[], number[]])[] = [
  ['certain and right', [1, 1, 0, 0], [1, 1, 0, 0]],
  ['certain and wrong', [1, 1, 0, 0], [0, 0, 1, 1]],
  ['no foreground', [0, 0, 0, 0], [0.5, 0.25, 0, 1]],
  ['nothing scored, nothing to find', [0, 0, 0, 0], [0, 0, 0, 0]],
  ['only foreground', [1, 1, 1, 1], [0.5, 0.25, 0, 1]],
  ['subnormal and next to 1', [1, 0, 1, 0], [1e-40, 1e-40, 1 - 2 ** -24, 1 - 2 ** -24]],
  ['one voxel', [1], [0.5]],
  ['all left out', [255, 255], [0, 1]],
  ['some left out', [255, 1, 0], [1, 0, 1]],
];

describe.each(backends)('degenerate inputs on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  for (const convention of ['pytorch', 'keras'] as const) {
    for (const smooth of [undefined, 0]) {
      const more = { convention, ignoreLabel: 255, ...(smooth === undefined ? {} : { smooth }) };
      test.each(everyLoss)(`%s is finite, ${convention}, smooth ${smooth ?? 'by default'}`, (_, make) => {
        for (const [name, truth, scores] of inputs) {
          const { value, slopes } = valueAndSlopes(make(more), truth, scores);
          expect(Number.isFinite(value), `value, ${name}: ${value}`).toBe(true);
          expect(slopes.every(Number.isFinite), `gradient, ${name}: ${slopes}`).toBe(true);
        }
        const logits = [0, 5, -5, 120, -120, 1e4, -1e4, 3e38, -3e38];
        for (const truth of [0, 1]) {
          const { value, slopes } = valueAndSlopes(
            make({ ...more, from: 'logit' }),
            logits.map(() => truth),
            logits,
          );
          expect(Number.isFinite(value), `value from logits: ${value}`).toBe(true);
          expect(slopes.every(Number.isFinite), `gradient from logits: ${slopes}`).toBe(true);
        }
      });
    }
  }

  test('a voxel that is certain and wrong costs the clamp, and still has a slope in the pytorch convention', () => {
    expect(valueAndSlopes(losses.bceLoss(), [1, 0], [0, 1]).value).toBe(100);
    expect(valueAndSlopes(losses.bceLoss(), [1, 0], [0, 1]).slopes).toEqual(
      [-0.5e12, 0.5e12].map(Math.fround),
    );
    const keras = valueAndSlopes(losses.bceLoss({ convention: 'keras' }), [1, 0], [0, 1]);
    expect(keras.value).toBeCloseTo(-Math.log(1e-7), 5);
    expect(keras.slopes.map(Math.abs)).toEqual([0, 0]);
    expect(valueAndSlopes(losses.bceLoss({ from: 'logit' }), [1, 0], [-500, 500]).slopes).toEqual([
      -0.5, 0.5,
    ]);
  });

  test('voxels that are left out have no part in value and gradient', () => {
    for (const [name, make] of everyLoss) {
      const whole = valueAndSlopes(
        make({ ignoreLabel: 255 }),
        [1, 255, 0, 255, 0],
        [0.75, 0.5, 0.25, 1, 0.625],
      );
      const rest = valueAndSlopes(make({}), [1, 0, 0], [0.75, 0.25, 0.625]);
      expect(whole.value, name).toBeCloseTo(rest.value, 6);
      const [a, left, b, out, c] = whole.slopes;
      expect(
        [left, out].map((slope) => Math.abs(slope ?? 1)),
        name,
      ).toEqual([0, 0]);
      for (const [i, slope] of [a, b, c].entries())
        expect(slope, name).toBeCloseTo(rest.slopes[i] ?? Number.NaN, 5);
    }
  });

  test('nothing left gives 0, and one image without voxels does not pull the mean', () => {
    for (const [name, make] of everyLoss) {
      expect(valueAndSlopes(make({ ignoreLabel: 255 }), [255, 255], [0.5, 0.25]).value, name).toBeCloseTo(
        0,
        9,
      );
      const both = tf.tidy(() => {
        const yTrue = tf.tensor4d([1, 0, 255, 255], [2, 2, 1, 1]);
        const yPred = tf.tensor4d([0.75, 0.5, 0.5, 0.5], [2, 2, 1, 1]);
        return make({ ignoreLabel: 255, perImage: true })(yTrue, yPred).dataSync()[0];
      });
      expect(both, name).toBeCloseTo(valueAndSlopes(make({}), [1, 0], [0.75, 0.5]).value, 6);
    }
  });

  test('no tensors are left behind', () => {
    const yTrue = tf.tensor4d([1, 0, 1, 0], [1, 4, 1, 1]);
    const yPred = tf.tensor4d([0.75, 0.5, 0.25, 0.125], [1, 4, 1, 1]);
    const before = tf.memory().numTensors;
    for (const [, make] of everyLoss) make({})(yTrue, yPred).dispose();
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([yTrue, yPred]);
  });
});

describe('mistakes are named', () => {
  const pred = (...shape: number[]) => tf.zeros(shape);

  test.each([
    [() => losses.diceLoss({ smooth: -1 }), /diceLoss: smooth is -1, but must be a number of at least 0/],
    [() => losses.tverskyLoss({ alpha: Number.NaN }), /tverskyLoss: alpha is NaN/],
    [
      () => losses.focalLoss({ form: 'lim' as 'lin' }),
      /focalLoss: form is lim, but must be mean-bce or voxel or lin/,
    ],
    [() => losses.comboLoss({ ratio: 2 }), /comboLoss: ratio is 2, but must be a number from 0 to 1/],
    [
      () => losses.bceLoss({ convention: 'torch' as 'keras' }),
      /convention is torch, but must be pytorch or keras/,
    ],
    [() => losses.bceLoss({ classes: [] }), /classes is \[\]/],
    [() => losses.bceLoss({ classes: [1.5] }), /classes is \[1.5\]/],
    [
      () => losses.bceLoss()(pred(1, 4, 4, 1), pred(1, 4, 5, 1)),
      /yTrue has shape \[1,4,4,1\] and yPred \[1,4,5,1\]/,
    ],
    [() => losses.bceLoss()(pred(1, 4, 4), pred(1, 4, 4, 3)), /set channels to 'exclusive'/],
    [() => losses.bceLoss({ classes: [3] })(pred(1, 4, 3), pred(1, 4, 3)), /classes \[3\] must be below/],
    [
      () => losses.crossEntropyLoss()(pred(1, 4, 4, 1), pred(1, 4, 4, 1)),
      /exclusive channels must be at least 2/,
    ],
    [() => losses.bceLoss()(pred(4, 1), pred(4, 1)), /yPred must be \[batch, ...space, channels\]/],
    [() => losses.bceLoss()(pred(0, 4, 1), pred(0, 4, 1)), /there are no voxels/],
  ])('%#', (make, message) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });
});
