import * as tf from '@tensorflow/tfjs';
import type { Convention } from './options.ts';
import type { Rows } from './rows.ts';

/**
 * Per-voxel terms with gradients that are finite everywhere. `b = -log q` is the cross-entropy of a voxel, q the score of its
 * truth. A derivative that goes through `log` and a clamp apart would be 0 · ∞ at q = 0, so each term has its own.
 */

/** Range of a voxel's cross-entropy, and what the gradient does beyond it. */
export interface TermClamp {
  readonly low: number;
  readonly high: number;
  /** `pass`: the unclamped derivative, as PyTorch's binary_cross_entropy has it; `stop`: 0, as Keras' clip has it. */
  readonly beyond: 'pass' | 'stop';
}

/** Clamp by which q is clipped to [c, 1 - c] before the log. */
export function clipClamp(c: number): TermClamp {
  return { low: -Math.log1p(-c), high: -Math.log(c), beyond: 'stop' };
}

/** The convention's clamp: -log q at most 100 (`pytorch`), or q clipped to [1e-7, 1 - 1e-7] (`keras`). */
export function conventionClamp(convention: Convention): TermClamp {
  return convention === 'keras' ? clipClamp(1e-7) : { low: 0, high: 100, beyond: 'pass' };
}

/** PyTorch's floor of p·(1 - p) in the derivative (p - t) / (p·(1 - p)), which bounds it at 1e12. */
const spreadFloor = 1e-12;

/** Cross-entropy of each voxel, clamped, of the shape of `rows.truth`. */
export function crossEntropies(rows: Rows, clamp: TermClamp): tf.Tensor2D {
  return rows.fromLogits
    ? logitTerms(rows.logits(), rows.truth, clamp)
    : probabilityTerms(rows.probabilities(), rows.truth, clamp);
}

/**
 * log(1 + x), accurate for small x, which `tf.log1p` is not on the wasm backend (it gives 0 below 6e-8). W. Kahan's form: the rounding of
 * w = 1 + x is the same in log w and in w - 1, which is exact, so it leaves the quotient.
 */
export function log1p(x: tf.Tensor2D): tf.Tensor2D {
  const w = tf.add(x, 1);
  const rounded = tf.sub(w, 1);
  const lost = tf.equal(rounded, 0);
  const quotient = tf.div(x, tf.where(lost, tf.onesLike(rounded), rounded));
  return tf.where(lost, x, tf.mul(tf.log(w), quotient)) as tf.Tensor2D;
}

/** -log p on foreground and -log(1 - p) on background; 1 - p itself would lose a small p. */
export function rawFromProbabilities(p: tf.Tensor2D, truth: tf.Tensor2D): tf.Tensor2D {
  const logs = tf.where(tf.greater(truth, 0.5), tf.log(p), log1p(tf.neg<tf.Tensor2D>(p)));
  return tf.neg(logs as tf.Tensor2D);
}

/** `log(1 + exp z)` with z = x on background and -x on foreground, as `max(z, 0) + log1p(exp(-|z|))`. */
export function rawFromLogits(x: tf.Tensor2D, truth: tf.Tensor2D): tf.Tensor2D {
  const z: tf.Tensor2D = tf.mul(x, tf.sub(1, tf.mul(truth, 2)));
  const farther = tf.exp(tf.neg(tf.abs(z)));
  return tf.add<tf.Tensor2D>(tf.relu(z), log1p(farther));
}

/** {@link crossEntropies} of probabilities and a reference of 0 and 1. */
export function probabilityTerms(p: tf.Tensor2D, truth: tf.Tensor2D, clamp: TermClamp): tf.Tensor2D {
  return withDerivative(p, [truth], (scores) => ({
    value: tf.clipByValue(rawFromProbabilities(scores, truth), clamp.low, clamp.high),
    derivative: (saved, t) => {
      const spread = tf.maximum(tf.mul(saved, tf.sub(1, saved)), spreadFloor);
      const slope = tf.div(tf.sub(saved, t), spread) as tf.Tensor2D;
      return clamp.beyond === 'pass' ? slope : tf.mul(slope, within(rawFromProbabilities(saved, t), clamp));
    },
  }));
}

/** {@link crossEntropies} of binary logits and a reference of 0 and 1. */
export function logitTerms(x: tf.Tensor2D, truth: tf.Tensor2D, clamp: TermClamp): tf.Tensor2D {
  return withDerivative(x, [truth], (scores) => ({
    value: tf.clipByValue(rawFromLogits(scores, truth), clamp.low, clamp.high),
    derivative: (saved, t) => {
      const sign = tf.sub(1, tf.mul(t, 2));
      const slope = tf.mul(sign, tf.sigmoid(tf.mul(saved, sign))) as tf.Tensor2D;
      return clamp.beyond === 'pass' ? slope : tf.mul(slope, within(rawFromLogits(saved, t), clamp));
    },
  }));
}

/** (1 - exp(-b))^gamma · b: the focal term of cross-entropies b ≥ 0 of any shape, gamma ≥ 0. */
export function focalTerm<T extends tf.Tensor>(b: T, gamma: number): T {
  return withDerivative(b, [], (scores) => ({
    value: tf.mul(tf.pow(missOf(scores), gamma), scores),
    derivative: (saved) => {
      // d/db = m^γ · (1 + γ·(b/m)·exp(-b)), m = 1 - exp(-b); b/m tends to 1 and m^γ to 0 as b does, for any γ > 0.
      const miss = missOf(saved);
      const ratio = tf.div(saved, tf.maximum(miss, 1e-30));
      const growth = tf.add(1, tf.mul(gamma, tf.mul(ratio, tf.exp(tf.neg(saved)))));
      return tf.mul(tf.pow(miss, gamma), growth) as T;
    },
  }));
}

/** 1 - exp(-b), exact for small b. */
function missOf<T extends tf.Tensor>(b: T): T {
  return tf.neg(tf.expm1(tf.neg(b)));
}

function within(raw: tf.Tensor2D, clamp: TermClamp): tf.Tensor2D {
  return tf.cast(tf.logicalAnd(tf.greaterEqual(raw, clamp.low), tf.lessEqual(raw, clamp.high)), 'float32');
}

/**
 * An elementwise function of `x` with a derivative of its own. What the derivative needs besides `x` is passed through `constants`:
 * a tensor that a closure held would be disposed before the backward pass.
 */
function withDerivative<T extends tf.Tensor>(
  x: T,
  constants: readonly tf.Tensor[],
  term: (x: T) => { value: tf.Tensor; derivative: (x: T, ...constants: tf.Tensor2D[]) => tf.Tensor },
): T {
  const op = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, save] = inputs as [T, tf.GradSaveFunc];
    save([input, ...constants]);
    const { value, derivative } = term(input);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [savedX, ...rest] = saved as [T, ...tf.Tensor2D[]];
      return tf.mul(dy, derivative(savedX, ...rest));
    };
    return { value, gradFunc };
  });
  return op(x) as T;
}
