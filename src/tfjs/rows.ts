import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../base/errors.ts';
import type { LossFunction, ResolvedOptions } from './options.ts';
import { blockSum } from './sums.ts';

/** A batch as rows of voxels: one row for each class of each group, a group being an image or the whole batch. */
export interface Rows {
  /** Reference, 0 or 1, `[groups * classes, voxels]`; 0 where left out. */
  readonly truth: tf.Tensor2D;
  /** 1 where a voxel counts and 0 where it is left out; undefined when all count. */
  readonly kept: tf.Tensor2D | undefined;
  /** Voxels that count, `[groups * classes]`. */
  readonly voxels: tf.Tensor1D;
  /** Whether the scores came as logits. */
  readonly fromLogits: boolean;
  /** Probability of the foreground, of the shape of `truth`. */
  probabilities(): tf.Tensor2D;
  /** Binary logits: for exclusive channels the log-odds of the class against the rest. Only when `fromLogits`. */
  logits(): tf.Tensor2D;
}

/** Row means of `[rows, voxels]` over the voxels that count; 0 for a row with none. */
export function rowMean(rows: Rows, x: tf.Tensor2D): tf.Tensor1D {
  return tf.div(rowSum(rows, x), tf.maximum(rows.voxels, 1));
}

/** Row sums of `[rows, voxels]` over the voxels that count. */
export function rowSum(rows: Rows, x: tf.Tensor2D): tf.Tensor1D {
  return blockSum(rows.kept === undefined ? x : tf.mul(x, rows.kept));
}

/**
 * Makes a loss of a value for each row: the mean over the classes of a group, then over the groups. Rows with no voxel left, and
 * classes that are not present when `classes` says so, have no part in it; with nothing left the loss is 0.
 */
export function lossOfRows(
  loss: string,
  options: ResolvedOptions,
  value: (rows: Rows) => tf.Tensor1D,
): LossFunction {
  return (yTrue, yPred) =>
    tf.tidy(() => {
      const { rows, groups } = toRows(loss, options, yTrue, yPred);
      const counts = options.classes === 'present' ? blockSum(rows.truth) : rows.voxels;
      const weights = tf.reshape(tf.cast(tf.greater(counts, 0), 'float32'), [groups, -1]);
      const values = tf.reshape(value(rows), [groups, -1]);
      const classCounts = tf.sum(weights, 1);
      const means = tf.div(tf.sum(tf.mul(values, weights), 1), tf.maximum(classCounts, 1));
      const images = tf.sum(tf.minimum(classCounts, 1));
      return tf.reshape<tf.Rank.R0>(tf.div(tf.sum(means), tf.maximum(images, 1)), []);
    });
}

function toRows(
  loss: string,
  options: ResolvedOptions,
  yTrue: tf.Tensor,
  yPred: tf.Tensor,
): { rows: Rows; groups: number } {
  const shape = checkShapes(loss, options, yTrue, yPred);
  const { channels, groups, voxels, fromLabels } = shape;
  const ids = typeof options.classes === 'string' ? undefined : [...options.classes];
  const classCount = ids?.length ?? channels;

  /** `[batch, ...space, channels]` to `[groups * classes, voxels]`. */
  const byClass = (x: tf.Tensor): tf.Tensor2D => {
    const flat: tf.Tensor3D = tf.reshape(x, [groups, voxels, channels]);
    if (channels === 1) return tf.reshape(flat, [groups, voxels]);
    // Slices rather than tf.gather, whose gradient the wasm backend does not have.
    const chosen =
      ids === undefined
        ? tf.transpose(flat, [0, 2, 1])
        : tf.stack(
            ids.map((id) => tf.reshape(tf.slice(flat, [0, 0, id], [-1, -1, 1]), [groups, voxels])),
            1,
          );
    return tf.reshape(chosen, [groups * classCount, voxels]);
  };
  const keptOf = (x: tf.Tensor): tf.Tensor | undefined =>
    options.ignoreLabel === undefined ? undefined : tf.cast(tf.notEqual(x, options.ignoreLabel), 'float32');

  let truth: tf.Tensor2D;
  let kept: tf.Tensor2D | undefined;
  if (fromLabels) {
    const labels = tf.reshape(tf.cast(yTrue, 'float32'), [groups, 1, voxels]);
    const classIds = tf.tensor3d(ids ?? Array.from({ length: channels }, (_, id) => id), [1, classCount, 1]);
    const counted = keptOf(labels);
    const hits = tf.cast(tf.equal(labels, classIds), 'float32');
    truth = tf.reshape(counted === undefined ? hits : tf.mul(hits, counted), [groups * classCount, voxels]);
    if (counted !== undefined)
      kept = tf.reshape(tf.tile(counted, [1, classCount, 1]), [groups * classCount, voxels]);
  } else {
    const given = byClass(tf.cast(yTrue, 'float32'));
    kept = keptOf(given) as tf.Tensor2D | undefined;
    truth = kept === undefined ? given : tf.mul(given, kept);
  }

  const fromLogits = options.from === 'logit';
  const exclusive = options.channels === 'exclusive';
  const probabilities = (): tf.Tensor2D => {
    if (!fromLogits) return byClass(yPred);
    return exclusive ? byClass(tf.softmax(yPred)) : tf.sigmoid(byClass(yPred));
  };
  const logits = (): tf.Tensor2D => byClass(exclusive ? oneAgainstRest(yPred) : yPred);
  const counts = kept === undefined ? tf.fill([groups * classCount], voxels) : blockSum(kept);
  return { rows: { truth, kept, voxels: counts as tf.Tensor1D, fromLogits, probabilities, logits }, groups };
}

/** Log-odds of each channel of exclusive logits: x_c - log Σ_(k ≠ c) exp x_k, exact also where a softmax would round to 0 or 1. */
function oneAgainstRest(x: tf.Tensor): tf.Tensor {
  const channels = tf.unstack(x, x.rank - 1);
  const odds = channels.map((own, c) => {
    const rest = tf.stack(
      channels.filter((_, k) => k !== c),
      x.rank - 1,
    );
    return tf.sub(own, tf.logSumExp(rest, x.rank - 1));
  });
  return tf.stack(odds, x.rank - 1);
}

interface BatchShape {
  readonly channels: number;
  readonly groups: number;
  /** Voxels of a group. */
  readonly voxels: number;
  readonly fromLabels: boolean;
}

/** @throws UsageError with both shapes when they do not belong together. */
export function checkShapes(
  loss: string,
  options: ResolvedOptions,
  yTrue: tf.Tensor,
  yPred: tf.Tensor,
): BatchShape {
  const shapes = `yTrue has shape [${yTrue.shape}] and yPred [${yPred.shape}]`;
  const refuse = (why: string): never => {
    throw new UsageError('loss-shape', `${loss}: ${shapes}; ${why}`);
  };
  if (yPred.rank < 3) refuse('yPred must be [batch, ...space, channels]');
  const space = yPred.shape.slice(0, -1);
  const channels = yPred.shape[yPred.rank - 1] ?? 0;
  const batch = yPred.shape[0] ?? 0;
  const sameSpace = space.every((size, axis) => yTrue.shape[axis] === size);
  const whole = sameSpace && yTrue.rank === yPred.rank && yTrue.shape[yPred.rank - 1] === channels;
  const oneLabel =
    yTrue.rank === space.length || (yTrue.rank === yPred.rank && yTrue.shape[space.length] === 1);
  const fromLabels = !whole && sameSpace && oneLabel && options.channels === 'exclusive' && channels > 1;
  // A single channel may leave out its axis of length 1.
  const binary = !whole && sameSpace && oneLabel && channels === 1;
  if (options.channels === 'exclusive' && channels < 2) refuse('exclusive channels must be at least 2');
  if (!whole && !fromLabels && !binary) {
    refuse(
      options.channels === 'exclusive'
        ? 'yTrue must be labels [batch, ...space] or [batch, ...space, 1], or one-hot in the shape of yPred'
        : "yTrue must have the shape of yPred; for a map of labels set channels to 'exclusive'",
    );
  }
  if (typeof options.classes !== 'string' && options.classes.some((id) => id >= channels)) {
    refuse(`classes [${options.classes.join(', ')}] must be below the number of channels`);
  }
  const voxels = yPred.size / Math.max(channels, 1);
  const groups = options.perImage ? batch : 1;
  if (voxels === 0) refuse('there are no voxels');
  return { channels, groups, voxels: voxels / groups, fromLabels };
}
