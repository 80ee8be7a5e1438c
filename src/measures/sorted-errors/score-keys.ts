/**
 * Scores as the keys of background voxels (kernels, keys.ts): 32-bit integers that order scores as they are. A
 * foreground key k has the score of the background key `reflection - k`.
 */

/** 2^16 times this is what a key and that of the same score on the other side add up to. */
export function reflectionBucket(logit: boolean): number {
  return logit ? 65536 : 0x7e00;
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

function bitsOf(value: number): number {
  float[0] = value;
  return word[0]!;
}

function floatOf(bits: number): number {
  word[0] = bits;
  return float[0]!;
}

/** The score, a float32, that a background key stands for. */
export function scoreOfKey(key: number, logit: boolean): number {
  if (logit) return key >= 2 ** 31 ? floatOf(key - 2 ** 31) : -floatOf(2 ** 31 - key);
  return key <= 0x3f000000 ? floatOf(key) : 1 - floatOf(0x7e000000 - key);
}

/** The background key of a score, rounded to float32 first: a probability in [0, 1], or any finite logit. */
export function keyOfScore(score: number, logit: boolean): number {
  const value = Math.fround(score);
  if (logit) return value < 0 ? 2 ** 31 - bitsOf(-value) : 2 ** 31 + bitsOf(value);
  return value < 0.5 ? bitsOf(value) : 0x7e000000 - bitsOf(1 - value);
}
