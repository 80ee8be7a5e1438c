import * as tf from '@tensorflow/tfjs';
import { checkOptions, type LossFunction, type LossOptions, resolveOptions } from './options.ts';
import { checkShapes } from './rows.ts';
import { blockSum } from './sums.ts';
import { conventionClamp, probabilityTerms } from './terms.ts';

/** Options of {@link crossEntropyLoss}: the channels are exclusive, and every class counts. */
export interface CrossEntropyOptions extends Omit<LossOptions, 'channels' | 'classes'> {
  /** @defaultValue 255 */
  readonly ignoreLabel?: number;
}

/**
 * Multi-class cross-entropy: the mean of `-log p_label` over the voxels, from probabilities (clamped by the convention) or from
 * logits by log-softmax. `yTrue` holds labels or is one-hot; a label that has no channel adds 0.
 */
export function crossEntropyLoss(options: CrossEntropyOptions = {}): LossFunction {
  checkOptions('crossEntropyLoss', options);
  const name = 'crossEntropyLoss';
  const { ignoreLabel = 255 } = options;
  const resolved = resolveOptions(name, { ...options, channels: 'exclusive' });
  const clamp = conventionClamp(resolved.convention);
  return (yTrue, yPred) =>
    tf.tidy(() => {
      const { channels, groups, voxels, fromLabels } = checkShapes(name, resolved, yTrue, yPred);
      const truth = tf.reshape(tf.cast(yTrue, 'float32'), [groups, voxels, fromLabels ? 1 : channels]);
      const counted = tf.cast(tf.notEqual(tf.slice(truth, [0, 0, 0], [-1, -1, 1]), ignoreLabel), 'float32');
      const ids = tf.reshape(tf.range(0, channels), [1, 1, channels]);
      const oneHot = tf.mul(fromLabels ? tf.cast(tf.equal(truth, ids), 'float32') : truth, counted);
      const scores: tf.Tensor3D = tf.reshape(yPred, [groups, voxels, channels]);
      const flatCounted: tf.Tensor2D = tf.reshape(counted, [groups, voxels]);
      let terms: tf.Tensor2D;
      if (resolved.from === 'logit') {
        const logOfLabel: tf.Tensor2D = tf.sum(tf.mul(tf.logSoftmax(scores), oneHot), 2);
        terms = tf.minimum(tf.neg(logOfLabel), clamp.high);
      } else {
        // Where a voxel does not count, p is 1 and its term is taken out below.
        const outside = tf.sub(1, tf.sum(oneHot, 2));
        const p = tf.add(tf.sum(tf.mul(scores, oneHot), 2), outside) as tf.Tensor2D;
        terms = probabilityTerms(p, tf.onesLike(p), clamp);
      }
      terms = tf.mul(terms, flatCounted);
      const counts = blockSum(flatCounted);
      const means = tf.div(blockSum(terms), tf.maximum(counts, 1));
      const images = tf.sum(tf.minimum(counts, 1));
      return tf.reshape<tf.Rank.R0>(tf.div(tf.sum(means), tf.maximum(images, 1)), []);
    });
}
