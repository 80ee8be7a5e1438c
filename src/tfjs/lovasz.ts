import * as tf from '@tensorflow/tfjs';
import {
  type ClassChoice,
  checkOptions,
  type LossFunction,
  type LossOptions,
  resolveOptions,
} from './options.ts';
import { lossOfRows, type Rows } from './rows.ts';
import { sortedIncrements } from './sorted-increments.ts';

/** Options of {@link lovaszHinge}: `yPred` holds logits of independent channels, and no convention matters. */
export type LovaszHingeOptions = Omit<LossOptions, 'from' | 'channels' | 'convention'>;

/** Options of {@link lovaszSoftmax}. */
export interface LovaszSoftmaxOptions extends Omit<LossOptions, 'convention'> {
  /** @defaultValue `present` */
  readonly classes?: ClassChoice;
}

/** Lovász hinge on logits: the Lovász extension of the Jaccard loss of the errors `1 - x·(2t - 1)` (Berman et al. 2018). */
export function lovaszHinge(options: LovaszHingeOptions = {}): LossFunction {
  checkOptions('lovaszHinge', options);
  const resolved = resolveOptions('lovaszHinge', { ...options, from: 'logit' });
  return lossOfRows('lovaszHinge', resolved, (rows) => {
    const sides = tf.sub(tf.mul(rows.truth, 2), 1);
    return lovaszExtension(tf.sub(1, tf.mul(rows.logits(), sides)), rows);
  });
}

/** Lovász-softmax: the Lovász extension of the Jaccard loss of the errors `|t - p|` of each class (Berman et al. 2018). */
export function lovaszSoftmax(options: LovaszSoftmaxOptions = {}): LossFunction {
  checkOptions('lovaszSoftmax', options);
  const resolved = resolveOptions('lovaszSoftmax', { ...options, classes: options.classes ?? 'present' });
  return lossOfRows('lovaszSoftmax', resolved, (rows) =>
    lovaszExtension(tf.abs(tf.sub(rows.truth, rows.probabilities())), rows),
  );
}

/**
 * `Σ max(e, 0)·ΔJ` of each row over the errors in descending order. tfjs has no gradient of sorting; the gradient of the extension is
 * ΔJ of the voxel's place where e > 0, and 0 elsewhere. The errors are read back and sorted here: `tf.topk` of all elements does
 * the same behind the scenes on every backend, and gathering and scattering by its indices takes several times as long.
 */
function lovaszExtension(errors: tf.Tensor2D, rows: Rows): tf.Tensor1D {
  const extension = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [given, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc];
    const [rowCount, n] = given.shape;
    const [e, truth, kept] = [given.dataSync(), rows.truth.dataSync(), rows.kept?.dataSync()];
    const values = new Float32Array(rowCount);
    const steps = new Float32Array(rowCount * n);
    for (let row = 0; row < rowCount; row++) {
      const [from, to] = [row * n, (row + 1) * n];
      const counted = kept?.subarray(from, to);
      values[row] = sortedIncrements(
        e.subarray(from, to),
        truth.subarray(from, to),
        counted,
        steps.subarray(from, to),
      );
    }
    save([tf.tensor2d(steps, [rowCount, n])]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
      tf.mul(tf.reshape(dy, [-1, 1]), saved[0] as tf.Tensor2D);
    return { value: tf.tensor1d(values), gradFunc };
  });
  return extension(errors) as tf.Tensor1D;
}
