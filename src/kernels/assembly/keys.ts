/**
 * Error keys. The error of a voxel, 1 - p or p (1 - x or 1 + x for logits), is a monotone function of its score, so
 * one 32-bit integer per voxel orders the errors of both sides of the label alike and loses nothing of the score:
 *
 * - probability: the error e (p on background, 1 - p on foreground) below 1/2 has as key the bits of float32 e;
 *   above it 0x7e000000 minus the bits of 1 - e. One of e and 1 - e is p itself and the other, if at most 1/2 and
 *   p at least 1/2, is exact in float32 (Sterbenz); so the key stands for the exact score.
 * - logit: the margin violation v (x on background, -x on foreground) has the key 0x80000000 + sign * bits of |v|.
 *
 * The high 16 bits of a key are its bucket, the low 16 bits its cell in the bucket.
 */

/** The keys of four voxels; `foreground` is all ones in the lanes of foreground voxels. */
// @ts-ignore: decorator
@inline
export function errorKeys(score: v128, foreground: v128, logit: bool): v128 {
  if (logit) {
    const magnitude = v128.and(score, i32x4.splat(0x7fffffff));
    const negative = v128.xor(i32x4.shr_s(score, 31), foreground);
    // -m is (m xor -1) - (-1).
    return i32x4.add(i32x4.splat(0x80000000), i32x4.sub(v128.xor(magnitude, negative), negative));
  }
  const bits = f32x4.pmin(score, f32x4.sub(f32x4.splat(1.0), score));
  const large = v128.xor(f32x4.ge(score, f32x4.splat(0.5)), foreground);
  return v128.bitselect(i32x4.sub(i32x4.splat(0x7e000000), bits), bits, large);
}

/** The error in [0, 1] that a probability's key stands for. */
// @ts-ignore: decorator
@inline
export function probabilityError(key: u32): f64 {
  const small = key <= 0x3f000000;
  const value = <f64>reinterpret<f32>(small ? key : 0x7e000000 - key);
  return small ? value : 1.0 - value;
}

/** The margin violation v (x on background, -x on foreground) that a logit's key stands for. */
// @ts-ignore: decorator
@inline
export function logitViolation(key: u32): f64 {
  return key >= 0x80000000
    ? <f64>reinterpret<f32>(key - 0x80000000)
    : -<f64>reinterpret<f32>(0x80000000 - key);
}

/**
 * The score that a key stands for: a probability in [0, 1] or a logit, the very float32 that was scored. The key of
 * the same score on the other side of the label is 0x7e000000 - key (2^32 - key for logits).
 */
// @ts-ignore: decorator
@inline
export function scoreOfKey(key: u32, foreground: bool, logit: bool): f32 {
  if (logit) {
    const violation = <f32>logitViolation(key);
    // 0 - v and not -v: a score of zero is +0, as the gate left it.
    return foreground ? <f32>0.0 - violation : violation;
  }
  // By the key of the other side: 1 - error would lose a small score.
  return <f32>probabilityError(foreground ? 0x7e000000 - key : key);
}

/** The background key at place t of step j of a walk (scores.ts). */
// @ts-ignore: decorator
@inline
export function keyAtPlace(step: i32, place: u32, logit: bool): u32 {
  return (logit ? 0 : 0x7e000000) - (<u32>step << 16) - place;
}
