import * as tf from '@tensorflow/tfjs';

/**
 * Sums of float32 tensors that are right on every backend. On the wasm backend `tf.sum` adds into one float32, which sticks
 * at 2^24 when ones are added; so no accumulator here takes more terms than float32 can add with a small error.
 */

/** Terms that one float32 accumulator takes: the fewer, the smaller the error; 64 is also the fastest on wasm. */
const blockTerms = 64;

/** Half the distance from 1 to the next float32: the largest relative error of one rounding. */
export const unitRoundoff = 2 ** -24;

/** Row sums of `[rows, n]` as `[rows]`, in blocks, in blocks of blocks, and so on. Differentiable. */
export function blockSum(x: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    let sums = x;
    while (sums.shape[1] > blockTerms) sums = tf.sum(inBlocks(sums, blockTerms), 2);
    return tf.sum(sums, 1);
  });
}

/** `[rows, n]` as `[rows, blocks, block]`, filled up with zeros. */
function inBlocks(x: tf.Tensor2D, block: number): tf.Tensor3D {
  const [rows, n] = x.shape;
  const blocks = Math.ceil(n / block);
  const missing = blocks * block - n;
  const padded =
    missing === 0
      ? x
      : tf.pad2d(x, [
          [0, 0],
          [0, missing],
        ]);
  return tf.reshape(padded, [rows, blocks, block]);
}

/**
 * Largest relative error of {@link blockSum} over `n` terms of one sign. Adding b terms in any order rounds at most b - 1
 * times on the way of any term (Higham, Accuracy and Stability of Numerical Algorithms, 4.2), each by at most
 * `unitRoundoff` u; with L levels, gamma(k) = k·u / (1 - k·u), k the sum of b - 1 over the levels. Terms of both signs: times Σ|x| / |Σx|.
 */
export function blockSumBound(n: number): number {
  let roundings = 0;
  let left = n;
  while (left > blockTerms) {
    roundings += blockTerms - 1;
    left = Math.ceil(left / blockTerms);
  }
  roundings += Math.max(0, left - 1);
  return (roundings * unitRoundoff) / (1 - roundings * unitRoundoff);
}

/** Parts of 12 bits that {@link exactSum} takes off a term before it adds what is left as it is. */
const exactParts = 3;

/** 2^12 parts of at most 2^12 units add up to at most 2^24 units. */
const exactBlock = 4096;

/**
 * Sum of a float32 tensor of terms of at least 0, to {@link exactSumBound}, on any backend. Each term is cut into parts that
 * are multiples of q_k = S·2^(-12k), S a power of two above all terms; a part holds at most 2^12 q_k, so 2^12 parts add up
 * to at most 2^24 q_k: every partial sum is a float32, whatever the order. Block sums are read back and added in float64.
 */
export async function exactSum(terms: tf.Tensor): Promise<number> {
  const maximum = tf.max(terms);
  const largest = (await maximum.data())[0] ?? 0;
  maximum.dispose();
  // Subnormal terms, which some backends take for 0, are within the bound.
  if (largest < 2 ** -126) return 0;
  // Scaled to below 1, so that no q_k leaves the range of float32; scaling by a power of two is exact, but for subnormals.
  const scale = 2 ** (Math.floor(Math.log2(largest)) + 1);
  const sums = tf.tidy(() => {
    let rest: tf.Tensor2D = tf.div(tf.reshape(terms, [1, -1]), scale);
    const parts: tf.Tensor[] = [];
    for (let k = 1; k <= exactParts; k++) {
      const part: tf.Tensor2D = tf.div(tf.floor(tf.mul(rest, 2 ** (12 * k))), 2 ** (12 * k));
      parts.push(tf.sum(inBlocks(part, exactBlock), 2));
      rest = tf.sub(rest, part);
    }
    parts.push(tf.sum(inBlocks(rest, exactBlock), 2));
    return tf.concat(parts, 0);
  });
  const blocks = Float32Array.from(await sums.data());
  sums.dispose();
  return blocks.reduce((total, block) => total + block, 0) * scale;
}

/**
 * Largest absolute error of {@link exactSum} over `n` terms of at most `largest`: the last parts, each below 2^-36 of the scale
 * (at most 2·largest), are added in blocks with a relative error below 2^12·u; the float64 additions are far below.
 */
export function exactSumBound(n: number, largest: number): number {
  const lastParts = n * 2 * largest * 2 ** (-12 * exactParts) * exactBlock * unitRoundoff;
  const float64Additions = n * largest * (n / exactBlock + 4) * 2 ** -53;
  // Flushed or rounded subnormals: at most one smallest normal number a voxel.
  return lastParts + float64Additions + n * 2 ** -126;
}
