import * as tf from '@tensorflow/tfjs';
import {
  checkOptions,
  type LossFunction,
  type LossOptions,
  oneOf,
  resolveNumber,
  resolveOptions,
  resolveSmooth,
  type SmoothOptions,
} from './options.ts';
import { diceOfRows } from './overlap.ts';
import { lossOfRows, rowMean } from './rows.ts';
import { clipClamp, conventionClamp, crossEntropies, focalTerm } from './terms.ts';

/** Options of {@link focalLoss}. */
export interface FocalOptions extends LossOptions {
  /**
   * `mean-bce`: on the mean cross-entropy (the PyTorch listing); `voxel`: on each voxel's (the Keras listing); `lin`: as `voxel`
   * with weight alpha on foreground and 1 - alpha on background (Lin et al. 2017).
   * @defaultValue `mean-bce` (`pytorch`) or `voxel` (`keras`)
   */
  readonly form?: 'mean-bce' | 'voxel' | 'lin';
  /** Weight, from 0 to 1. @defaultValue 0.8 */
  readonly alpha?: number;
  /** Exponent, at least 0. @defaultValue 2 */
  readonly gamma?: number;
}

/** Options of {@link comboLoss}. */
export interface ComboOptions extends SmoothOptions {
  /**
   * `code`: the authors' code, alpha on both terms; `paper`: alpha on foreground, 1 - alpha on background (Taghanaki et al. 2019);
   * `article`: the article's listing, which is the negative of `code` and so a score: training would make it worse.
   * @defaultValue `code`
   */
  readonly form?: 'code' | 'paper' | 'article';
  /** Weight within the cross-entropy, from 0 to 1. @defaultValue 0.5 */
  readonly alpha?: number;
  /** Share of the cross-entropy against Dice, from 0 to 1. @defaultValue 0.5 */
  readonly ratio?: number;
}

/** Binary cross-entropy, the mean over voxels. */
export function bceLoss(options: LossOptions = {}): LossFunction {
  checkOptions('bceLoss', options);
  const resolved = resolveOptions('bceLoss', options);
  const clamp = conventionClamp(resolved.convention);
  return lossOfRows('bceLoss', resolved, (rows) => rowMean(rows, crossEntropies(rows, clamp)));
}

/** Binary cross-entropy plus Dice loss. */
export function bceDiceLoss(options: SmoothOptions = {}): LossFunction {
  checkOptions('bceDiceLoss', options);
  const resolved = resolveOptions('bceDiceLoss', options);
  const smooth = resolveSmooth('bceDiceLoss', options);
  const clamp = conventionClamp(resolved.convention);
  return lossOfRows('bceDiceLoss', resolved, (rows) =>
    tf.add<tf.Tensor1D>(rowMean(rows, crossEntropies(rows, clamp)), diceOfRows(rows, smooth)),
  );
}

/** `α·(1 - exp(-b))^γ·b` of the mean cross-entropy or of each voxel's, see {@link FocalOptions.form}. */
export function focalLoss(options: FocalOptions = {}): LossFunction {
  checkOptions('focalLoss', options);
  const resolved = resolveOptions('focalLoss', options);
  const { form = resolved.convention === 'keras' ? 'voxel' : 'mean-bce' } = options;
  oneOf('focalLoss', 'form', form, ['mean-bce', 'voxel', 'lin']);
  const alpha = resolveNumber('focalLoss', 'alpha', options.alpha, 0.8, 0, 1);
  const gamma = resolveNumber('focalLoss', 'gamma', options.gamma, 2, 0, Infinity);
  const clamp = conventionClamp(resolved.convention);
  return lossOfRows('focalLoss', resolved, (rows) => {
    const b = crossEntropies(rows, clamp);
    if (form === 'mean-bce') return tf.mul(focalTerm(rowMean(rows, b), gamma), alpha);
    if (form === 'voxel') return tf.mul(rowMean(rows, focalTerm(b, gamma)), alpha);
    return rowMean(rows, tf.mul(focalTerm(b, gamma), sideWeights(rows.truth, alpha, 1 - alpha)));
  });
}

/** `r·W - (1 - r)·D`: a weighted cross-entropy W with q clipped at 1e-9, and the Dice coefficient D with smooth 1. */
export function comboLoss(options: ComboOptions = {}): LossFunction {
  checkOptions('comboLoss', options);
  const resolved = resolveOptions('comboLoss', options);
  const { form = 'code' } = options;
  oneOf('comboLoss', 'form', form, ['code', 'paper', 'article']);
  const alpha = resolveNumber('comboLoss', 'alpha', options.alpha, 0.5, 0, 1);
  const ratio = resolveNumber('comboLoss', 'ratio', options.ratio, 0.5, 0, 1);
  const smooth = resolveNumber('comboLoss', 'smooth', options.smooth, 1, 0, Infinity);
  const [foreground, background] = form === 'paper' ? [alpha, 1 - alpha] : [alpha, alpha * (1 - alpha)];
  const sign = form === 'article' ? -1 : 1;
  const clamp = clipClamp(1e-9);
  return lossOfRows('comboLoss', resolved, (rows) => {
    const weighted: tf.Tensor2D = tf.mul(
      crossEntropies(rows, clamp),
      sideWeights(rows.truth, foreground, background),
    );
    const dice = tf.sub(1, diceOfRows(rows, smooth));
    return tf.mul(tf.sub(tf.mul(rowMean(rows, weighted), ratio), tf.mul(dice, 1 - ratio)), sign);
  });
}

/** One weight on the foreground and one on the background. */
function sideWeights(truth: tf.Tensor2D, foreground: number, background: number): tf.Tensor2D {
  return tf.add(tf.mul(truth, foreground - background), background) as tf.Tensor2D;
}
