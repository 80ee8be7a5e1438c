/** Thresholds on float32 scores. */

/** The largest float32 at most `value`: for a float32 score s, s > value exactly if s > this. */
export function largestFloat32AtMost(value: number): number {
  const rounded = Math.fround(value);
  if (rounded <= value) return rounded;
  const bits = new Int32Array(Float32Array.of(rounded).buffer);
  // One step towards minus infinity; zero is never rounded up from a non-negative value.
  bits[0]! += rounded > 0 ? -1 : 1;
  return new Float32Array(bits.buffer)[0]!;
}

/** What a score must lie above to be foreground at a probability threshold in [0, 1); a float32. */
export function hardThreshold(threshold: number, logit: boolean): number {
  return largestFloat32AtMost(logit ? logitOf(threshold) : threshold);
}

/** The logit x with sigmoid(x) = `probability`; -Infinity for 0. */
export function logitOf(probability: number): number {
  return Math.log(probability / (1 - probability));
}
