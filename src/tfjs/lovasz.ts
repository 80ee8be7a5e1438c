import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { type ClassChoice, type LossFunction, type LossOptions, resolveOptions } from './options.ts';
import { lossOfRows, type Rows } from './rows.ts';
import { blockSum } from './sums.ts';

/** Options of {@link lovaszHinge}: `yPred` holds logits of independent channels, and no convention matters. */
export type LovaszHingeOptions = Omit<LossOptions, 'from' | 'channels' | 'convention'>;

/** Options of {@link lovaszSoftmax}. */
export interface LovaszSoftmaxOptions extends Omit<LossOptions, 'convention'> {
  /** @defaultValue `present` */
  readonly classes?: ClassChoice;
}

/** Lovász hinge on logits: the Lovász extension of the Jaccard loss of the errors `1 - x·(2t - 1)` (Berman et al. 2018). */
export function lovaszHinge(options: LovaszHingeOptions = {}): LossFunction {
  const resolved = resolveOptions('lovaszHinge', { ...options, from: 'logit' });
  return lossOfRows('lovaszHinge', resolved, (rows) => {
    const sides = tf.sub(tf.mul(rows.truth, 2), 1);
    return lovaszExtension(tf.sub(1, tf.mul(rows.logits(), sides)), rows);
  });
}

/** Lovász-softmax: the Lovász extension of the Jaccard loss of the errors `|t - p|` of each class (Berman et al. 2018). */
export function lovaszSoftmax(options: LovaszSoftmaxOptions = {}): LossFunction {
  const resolved = resolveOptions('lovaszSoftmax', { ...options, classes: options.classes ?? 'present' });
  return lossOfRows('lovaszSoftmax', resolved, (rows) =>
    lovaszExtension(tf.abs(tf.sub(rows.truth, rows.probabilities())), rows),
  );
}

/** Where a voxel that is left out goes in the descending order: behind all others. */
const behindAll = -3e38;

/**
 * `Σ max(e, 0)·ΔJ` of each row over the errors in descending order. tfjs has no gradient of sorting; the gradient of the extension is
 * ΔJ of the voxel's place where e > 0, and 0 elsewhere. Equal errors share their group's increments in the order of the sort.
 */
function lovaszExtension(errors: tf.Tensor2D, rows: Rows): tf.Tensor1D {
  if (errors.shape[1] > 2 ** 31 - 1)
    throw new UsageError('loss-shape', 'Lovász losses sort at most 2^31 - 1 voxels at once');
  const extension = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [given, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc];
    const { sorted, steps, order } = sortedSteps(given, rows.truth, rows.kept);
    const active = tf.mul(steps, tf.step(sorted)) as tf.Tensor2D;
    save([active, order]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [savedSteps, savedOrder] = saved as [tf.Tensor2D, tf.Tensor2D];
      return tf.mul(tf.reshape(dy, [-1, 1]), unsort(savedSteps, savedOrder));
    };
    return { value: blockSum(tf.mul(tf.relu(sorted), active)), gradFunc };
  });
  return extension(errors) as tf.Tensor1D;
}

/** Errors of `[rows, n]` in descending order, the increments ΔJ of the Jaccard loss in that order, and where each came from. */
export function sortedSteps(
  errors: tf.Tensor2D,
  truth: tf.Tensor2D,
  kept: tf.Tensor2D | undefined,
): { sorted: tf.Tensor2D; steps: tf.Tensor2D; order: tf.Tensor2D } {
  const [rowCount, n] = errors.shape;
  const keyed =
    kept === undefined ? errors : tf.where(tf.greater(kept, 0), errors, tf.fill(errors.shape, behindAll));
  const { values: sorted, indices: order } = tf.topk(keyed, n);
  // Counts in int32: float32 would stick at 2^24.
  const hits = tf.cast(
    tf.reshape(tf.gather(tf.reshape(truth, [-1]), flatten(order)), [rowCount, n]),
    'int32',
  );
  const found = tf.cumsum(hits, 1);
  const foreground = tf.slice(found, [0, n - 1], [rowCount, 1]);
  const passed = tf.sub(tf.expandDims(tf.range(1, n + 1, 1, 'int32'), 0), found);
  const union = tf.cast(tf.add(foreground, passed), 'float32');
  const missed = tf.cast(tf.sub(foreground, found), 'float32');
  // J_k - J_(k-1) in closed form, since subtracting float32 values of J would leave nothing at millions of voxels:
  // 1/(T+B) for a foreground voxel, (T-F)/((T+B)(T+B-1)) for a background voxel; with T = 0 the first takes all.
  const onForeground = tf.reciprocal(union);
  const before = tf.sub(union, 1);
  const onBackground = tf.where(
    tf.greater(before, 0),
    tf.mul(tf.div(missed, tf.maximum(before, 1)), onForeground),
    tf.onesLike(union),
  );
  const steps = tf.where(tf.greater(hits, 0), onForeground, onBackground);
  return { sorted: sorted as tf.Tensor2D, steps: steps as tf.Tensor2D, order: order as tf.Tensor2D };
}

/** Puts values of `[rows, n]` back to the places that `order` names. */
function unsort(values: tf.Tensor2D, order: tf.Tensor2D): tf.Tensor2D {
  const places = tf.expandDims(flatten(order), 1);
  return tf.reshape(tf.scatterND(places, tf.reshape(values, [-1]), [values.size]), values.shape);
}

/** Places within rows as places within the flat tensor. */
function flatten(order: tf.Tensor): tf.Tensor1D {
  const [rowCount = 1, n = 1] = order.shape;
  if (rowCount === 1) return tf.reshape(order, [-1]);
  const starts = tf.reshape(tf.range(0, rowCount * n, n, 'int32'), [rowCount, 1]);
  return tf.reshape(tf.add(order, starts), [-1]);
}
