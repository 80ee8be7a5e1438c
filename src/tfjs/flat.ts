import * as tf from '@tensorflow/tfjs';
import { exactSum, exactSumBound, unitRoundoff } from './sums.ts';
import { rawFromLogits, rawFromProbabilities } from './terms.ts';

/**
 * The sums of one class over a flat array of voxels, computed by tensors on whatever backend is selected: a second implementation
 * of what the kernels tally. Each value comes with the largest difference that float32 explains, see {@link termRoundings}.
 */

/** One class's voxels. Voxels of the ignore label must have been taken out. */
export interface FlatVoxels {
  /** Probabilities or logits. */
  readonly scores: Float32Array;
  /** 1 on foreground, 0 on background; of the length of `scores`. */
  readonly truth: Uint8Array;
  readonly from: 'probability' | 'logit';
}

/** A term `(1 - q)^gamma · -log q` as the tally has it: `clip` c > 0 clips q to [c, 1 - c], `clip` 0 clamps -log q at 100. */
export interface FlatTerm {
  readonly gamma: number;
  readonly clip: number;
}

/** A value, and the largest absolute error that float32 explains. */
export interface Bounded {
  readonly value: number;
  readonly bound: number;
}

export interface FlatSums {
  readonly voxels: number;
  readonly foreground: number;
  /** Σ p·t, Σ p·(1 - t) and Σ t·(1 - p). */
  readonly tp: Bounded;
  readonly fp: Bounded;
  readonly fn: Bounded;
  /** Sum of each term that was asked for, by side of the label. */
  readonly terms: readonly { readonly foreground: Bounded; readonly background: Bounded }[];
}

/**
 * Roundings u = 2^-24 by which a term may differ from its exact value, relative to it. Assumed of a backend: `log`, `exp`, `expm1`,
 * `sigmoid` and `pow` are within 4 ulp, that is 8 u (C's float functions and XNNPACK's are within 1 to 2 ulp, Eigen's within 4), and
 * + - * / round once, u. A test holds every backend to it. Then:
 * - p: 8 u from logits by `sigmoid`, exact from probabilities.
 * - log(1 + x) by Kahan's form: 8 u of log, a quotient, a product, and less than u since log(w)/(w - 1) is taken at a rounded w: 11 u.
 * - b = -log q: 11 u from probabilities (of log p or log(1 - p), both of exact arguments). From logits `max(z,0) + log(1 + exp(-|z|))`:
 *   exp's 8 u pass the log with condition at most 1, its 11 u, and one addition: 20 u.
 * - m = 1 - exp(-b): b's error with condition b·exp(-b)/m of at most 1, and 8 u of expm1.
 * - m^γ·b: γ times m's error, 8 u of pow, b's error and one product.
 */
export function termRoundings(from: 'probability' | 'logit', gamma: number): number {
  const b = from === 'logit' ? 20 : 11;
  return gamma === 0 ? b : gamma * (b + 8) + 8 + b + 1;
}

/** Numbers below the smallest normal float32, which some backends take for 0. */
const smallestNormal = 2 ** -126;

/** All sums of `voxels`, in one pass a quantity; tensors of some ten times the voxels' bytes live at once. */
export async function flatSums(voxels: FlatVoxels, terms: readonly FlatTerm[]): Promise<FlatSums> {
  const n = voxels.scores.length;
  let foreground = 0;
  for (let i = 0; i < n; i++) foreground += voxels.truth[i]!;
  const scores = tf.tensor2d(voxels.scores, [1, n]);
  const truth = tf.tensor2d(new Float32Array(voxels.truth), [1, n]);
  const fromLogits = voxels.from === 'logit';
  try {
    const probability = fromLogits ? 8 * unitRoundoff : 0;
    const sumOf = (make: () => tf.Tensor, roundings: number, largest: number) =>
      boundedSum(make, roundings, n, largest);
    const p = () => (fromLogits ? tf.sigmoid(scores) : scores);
    const tp = await sumOf(() => tf.mul(p(), truth), probability, 1);
    const fp = await sumOf(() => tf.mul(p(), tf.sub(1, truth)), probability, 1);
    // From logits 1 - p is sigmoid(-x): rounding p near 1 would leave nothing of it. From probabilities T - TP is the nearest.
    const fn = fromLogits
      ? await sumOf(() => tf.mul(tf.sigmoid(tf.neg(scores)), truth), probability, 1)
      : { value: foreground - tp.value, bound: tp.bound };

    // A subnormal probability may be taken for 0: its term is then off by up to the way from 87.3 to the clamp.
    const subnormals = fromLogits ? 0 : countSubnormals(voxels.scores);
    const sums: { foreground: Bounded; background: Bounded }[] = [];
    for (const { gamma, clip } of terms) {
      const [low, high] = clip === 0 ? [0, 100] : [-Math.log1p(-clip), -Math.log(clip)];
      const relative = termRoundings(voxels.from, gamma) * unitRoundoff;
      const flushed = subnormals * Math.max(0, high + Math.log(smallestNormal) + 1);
      const term = () => {
        const raw = fromLogits ? rawFromLogits(scores, truth) : rawFromProbabilities(scores, truth);
        const b = tf.clipByValue(raw, low, high);
        return gamma === 0 ? b : tf.mul(tf.pow(tf.neg(tf.expm1(tf.neg(b))), gamma), b);
      };
      const onForeground = await sumOf(() => tf.mul(term(), truth), relative, high);
      const onBackground = await sumOf(() => tf.mul(term(), tf.sub(1, truth)), relative, high);
      sums.push({
        foreground: { ...onForeground, bound: onForeground.bound + flushed },
        background: onBackground,
      });
    }
    return { voxels: n, foreground, tp, fp, fn, terms: sums };
  } finally {
    scores.dispose();
    truth.dispose();
  }
}

/**
 * The Lovász hinge (logits) or the class's Lovász-softmax value (probability, or sigmoid of logits) of these voxels alone. The extension is
 * 1-Lipschitz in the largest error's change, since the increments are at least 0 and add up to at most 1: a rounded error `e` adds at
 * most its own rounding, also where it changes the order. The increments take 5 roundings, the product one.
 */
export async function flatLovasz(voxels: FlatVoxels, loss: 'hinge' | 'softmax'): Promise<Bounded> {
  const n = voxels.scores.length;
  const { products, largest } = tf.tidy(() => {
    const scores = tf.tensor2d(voxels.scores, [1, n]);
    const truth = tf.tensor2d(new Float32Array(voxels.truth), [1, n]);
    const sides = tf.sub(tf.mul(truth, 2), 1);
    // On foreground 1 - p is sigmoid(-x); both are one sigmoid of the signed logit.
    const errors =
      loss === 'hinge'
        ? tf.sub(1, tf.mul(scores, sides))
        : voxels.from === 'logit'
          ? tf.sigmoid(tf.neg(tf.mul(scores, sides)))
          : tf.abs(tf.sub(truth, scores));
    const { sorted, steps } = sortedSteps(errors as tf.Tensor2D, truth);
    return { products: tf.mul(tf.relu(sorted), steps), largest: tf.relu(tf.slice(sorted, [0, 0], [1, 1])) };
  });
  const value = await exactSum(products);
  const largestError = (await largest.data())[0] ?? 0;
  products.dispose();
  largest.dispose();
  const errorRoundings = loss === 'softmax' && voxels.from === 'logit' ? 8 : 1;
  const relative = 6 * unitRoundoff * value;
  const bound = errorRoundings * unitRoundoff * largestError + relative + exactSumBound(n, largestError);
  return { value, bound };
}

/**
 * Errors of `[1, n]` in descending order by `topk`, and the increments ΔJ of the Jaccard loss in that order: by tensors alone, so that
 * the training losses and the kernels are checked by something else than themselves.
 */
function sortedSteps(errors: tf.Tensor2D, truth: tf.Tensor2D): { sorted: tf.Tensor2D; steps: tf.Tensor2D } {
  const n = errors.shape[1];
  const { values: sorted, indices: order } = tf.topk(errors, n);
  // Counts in int32: float32 would stick at 2^24.
  const hits = tf.cast(tf.gather(tf.reshape(truth, [-1]), tf.reshape(order, [-1])), 'int32');
  const found = tf.cumsum(hits, 0);
  const foreground = tf.slice(found, n - 1, 1);
  const passed = tf.sub(tf.range(1, n + 1, 1, 'int32'), found);
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
  const steps: tf.Tensor2D = tf.reshape(tf.where(tf.greater(hits, 0), onForeground, onBackground), [1, n]);
  return { sorted: sorted as tf.Tensor2D, steps };
}

async function boundedSum(
  make: () => tf.Tensor,
  relative: number,
  n: number,
  largest: number,
): Promise<Bounded> {
  const terms = tf.tidy(make);
  const value = await exactSum(terms);
  terms.dispose();
  return { value, bound: relative * value + exactSumBound(n, largest) };
}

function countSubnormals(scores: Float32Array): number {
  let count = 0;
  for (let i = 0; i < scores.length; i++) {
    const size = Math.abs(scores[i]!);
    if (size > 0 && size < smallestNormal) count++;
  }
  return count;
}
