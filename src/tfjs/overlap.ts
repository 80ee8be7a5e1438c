import * as tf from '@tensorflow/tfjs';
import {
  checkOptions,
  type LossFunction,
  resolveNumber,
  resolveOptions,
  resolveSmooth,
  type SmoothOptions,
} from './options.ts';
import { lossOfRows, type Rows, rowSum } from './rows.ts';
import { blockSum } from './sums.ts';

/** Options of {@link tverskyLoss}. */
export interface TverskyOptions extends SmoothOptions {
  /** Weight of the false positives, at least 0. @defaultValue 0.5 */
  readonly alpha?: number;
  /** Weight of the false negatives, at least 0. @defaultValue 0.5 */
  readonly beta?: number;
}

/** Options of {@link focalTverskyLoss}. */
export interface FocalTverskyOptions extends TverskyOptions {
  /** Exponent, above 0; 0.75 in the authors' code (Abraham and Khan 2019). @defaultValue 2 */
  readonly gamma?: number;
}

/** `1 - (2·Σpt + s) / (Σp + Σt + s)`. */
export function diceLoss(options: SmoothOptions = {}): LossFunction {
  checkOptions('diceLoss', options);
  const smooth = resolveSmooth('diceLoss', options);
  return lossOfRows('diceLoss', resolveOptions('diceLoss', options), (rows) => diceOfRows(rows, smooth));
}

/** Dice loss of each row, also a part of other losses. */
export function diceOfRows(rows: Rows, smooth: number): tf.Tensor1D {
  const { overlap, scores, truth } = overlapSums(rows);
  return oneMinusRatio(tf.add(tf.mul(overlap, 2), smooth), tf.add(tf.add(scores, truth), smooth));
}

/** `1 - (Σpt + s) / (Σp + Σt - Σpt + s)`, the soft intersection over union. */
export function jaccardLoss(options: SmoothOptions = {}): LossFunction {
  checkOptions('jaccardLoss', options);
  const smooth = resolveSmooth('jaccardLoss', options);
  return lossOfRows('jaccardLoss', resolveOptions('jaccardLoss', options), (rows) => {
    const { overlap, scores, truth } = overlapSums(rows);
    return oneMinusRatio(tf.add(overlap, smooth), tf.add(tf.sub(tf.add(scores, truth), overlap), smooth));
  });
}

/** `1 - (TP + s) / (TP + α·FP + β·FN + s)` (Salehi et al. 2017). */
export function tverskyLoss(options: TverskyOptions = {}): LossFunction {
  checkOptions('tverskyLoss', options);
  return lossOfRows(
    'tverskyLoss',
    resolveOptions('tverskyLoss', options),
    tverskyOfRows('tverskyLoss', options),
  );
}

/** The Tversky loss of each class, raised to `gamma` (Abraham and Khan 2019). */
export function focalTverskyLoss(options: FocalTverskyOptions = {}): LossFunction {
  checkOptions('focalTverskyLoss', options);
  const gamma = resolveNumber('focalTverskyLoss', 'gamma', options.gamma, 2, 0, Infinity);
  const tversky = tverskyOfRows('focalTverskyLoss', options);
  return lossOfRows('focalTverskyLoss', resolveOptions('focalTverskyLoss', options), (rows) =>
    // Rounding can leave a loss of 0 a little below it, and for gamma < 1 the slope at 0 is infinite.
    tf.pow(tf.maximum(tversky(rows), smallestBase), gamma),
  );
}

/** Below float32's resolution of a loss near 0: there the value is 0 to rounding and the gradient is stopped. */
const smallestBase = 2 ** -24;

function tverskyOfRows(loss: string, options: TverskyOptions): (rows: Rows) => tf.Tensor1D {
  const alpha = resolveNumber(loss, 'alpha', options.alpha, 0.5, 0, Infinity);
  const beta = resolveNumber(loss, 'beta', options.beta, 0.5, 0, Infinity);
  const smooth = resolveSmooth(loss, options);
  return (rows) => {
    const { overlap, scores, truth } = overlapSums(rows);
    const wrong = tf.add(tf.mul(tf.sub(scores, overlap), alpha), tf.mul(tf.sub(truth, overlap), beta));
    return oneMinusRatio(tf.add(overlap, smooth), tf.add(tf.add(overlap, wrong), smooth));
  };
}

interface OverlapSums {
  /** Σ p·t, Σ p and Σ t of each row. */
  readonly overlap: tf.Tensor1D;
  readonly scores: tf.Tensor1D;
  readonly truth: tf.Tensor1D;
}

function overlapSums(rows: Rows): OverlapSums {
  const p = rows.probabilities();
  return { overlap: blockSum(tf.mul(p, rows.truth)), scores: rowSum(rows, p), truth: blockSum(rows.truth) };
}

/** `1 - part / whole`; 0 with no gradient where `whole` is 0, which smooth = 0 allows when there is nothing to find. */
function oneMinusRatio(part: tf.Tensor, whole: tf.Tensor): tf.Tensor1D {
  const op = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [p, w, save] = inputs as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const defined = tf.cast(tf.greater(w, 0), 'float32');
    // 1 where it is not defined, so that nothing is divided by 0.
    const divisor = tf.add(w, tf.sub(1, defined));
    const ratio = tf.div(p, divisor);
    save([ratio, divisor, defined]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [savedRatio, savedDivisor, savedDefined] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const slope = tf.div(tf.mul(dy, savedDefined), savedDivisor);
      return [tf.neg(slope), tf.mul(slope, savedRatio)];
    };
    return { value: tf.mul(tf.sub(1, ratio), defined), gradFunc };
  });
  return op(part, whole) as tf.Tensor1D;
}
