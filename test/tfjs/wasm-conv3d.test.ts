import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { useBackend } from '../../src/tfjs/backend.ts';

/** Gradients of a 3D convolution on one backend, for made-up numbers. */
async function gradients(
  backend: 'wasm' | 'cpu',
  input: number[],
  filter: number[],
  stride: number,
  pad: 'same' | 'valid',
) {
  await useBackend(backend);
  return tf.tidy(() => {
    const wave = (shape: number[], step: number): tf.Tensor => {
      const size = shape.reduce((a, b) => a * b);
      return tf.tensor(
        Array.from({ length: size }, (_, i) => Math.sin(i * step)),
        shape,
      );
    };
    const convolve = (x: tf.Tensor, w: tf.Tensor) =>
      tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, stride, pad);
    const [x, w] = [wave(input, 1.7), wave(filter, 2.3)];
    const weights = wave(convolve(x, w).shape, 0.9);
    const slopes = tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(convolve(a, b), weights)))([x, w]);
    return slopes.map((slope) => Array.from(slope.dataSync()));
  });
}

test.each([
  [[1, 5, 5, 5, 1], [3, 3, 3, 1, 1], 1, 'same'],
  [[2, 5, 6, 4, 3], [3, 3, 3, 3, 2], 1, 'same'],
  [[1, 5, 6, 7, 2], [2, 3, 1, 2, 3], 1, 'valid'],
  [[1, 7, 6, 8, 2], [3, 3, 3, 2, 3], 2, 'same'],
  [[1, 8, 7, 6, 2], [3, 2, 3, 2, 1], 2, 'valid'],
] as const)(
  'gradients of a 3D convolution are right on wasm: %j by %j, stride %d, %s',
  async (input, filter, stride, pad) => {
    const expected = await gradients('cpu', [...input], [...filter], stride, pad);
    const got = await gradients('wasm', [...input], [...filter], stride, pad);
    for (const [k, slopes] of expected.entries()) {
      expect(got[k]).toHaveLength(slopes.length);
      // Sums of at most some thousand products of size 1.
      for (const [i, slope] of slopes.entries())
        expect(Math.abs((got[k]?.[i] ?? Number.NaN) - slope)).toBeLessThan(1e-4);
    }
  },
);
