/**
 * Probabilities below the smallest normal float32, which some backends take for 0: -log of them is then the clamp's 100 and not 87 to 103. The
 * tensors get 0 in their place, where all backends agree, and the difference is added in float64.
 */
export interface Flushed {
  readonly scores: Float32Array;
  /** Places of those that were replaced. */
  readonly places: readonly number[];
}

const smallestNormal = 2 ** -126;

export function flushSubnormals(scores: Float32Array): Flushed {
  const places: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! > 0 && scores[i]! < smallestNormal) places.push(i);
  }
  if (places.length === 0) return { scores, places };
  const copy = scores.slice();
  for (const i of places) copy[i] = 0;
  return { scores: copy, places };
}
