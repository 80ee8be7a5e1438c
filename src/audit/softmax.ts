/** The softmax of channels that compete, in float64 and rounded to float32, and what that rounding leaves open. */

/** Scores of a channel or a class. */
export interface Scores {
  readonly values: Float32Array;
  /**
   * Voxels whose float64 value lies so near the middle between two float32 that another correct computation may round it to
   * the other one: both, by voxel. Empty but for a softmax.
   */
  readonly unsure: ReadonlyMap<number, readonly [low: number, high: number]>;
}

const none: Scores['unsure'] = new Map();

/** Scores that are what is stored. */
export function surely(values: Float32Array): Scores {
  return { values, unsure: none };
}

/**
 * Two computations of exp(x_c - m) / Σ exp(x_k - m) in float64 agree in x - m; each exp is within 1 ulp, adding C of them rounds
 * C - 1 times and the quotient once: each is within (C + 4)·2^-53 of the exact value, so they differ by at most twice that, relatively.
 */
function softmaxSpread(channels: number): number {
  return (channels + 4) * 2 ** -52;
}

/** Softmax over channels of logits. */
export function softmax(logits: readonly Float32Array[]): Scores[] {
  const spread = softmaxSpread(logits.length);
  const voxels = logits[0]!.length;
  const values = logits.map(() => new Float32Array(voxels));
  const unsure = logits.map(() => new Map<number, [number, number]>());
  const powers = new Float64Array(logits.length);
  for (let i = 0; i < voxels; i++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const channel of logits) largest = Math.max(largest, channel[i]!);
    let sum = 0;
    for (let c = 0; c < logits.length; c++) {
      powers[c] = Math.exp(logits[c]![i]! - largest);
      sum += powers[c]!;
    }
    for (let c = 0; c < logits.length; c++) {
      const value = powers[c]! / sum;
      values[c]![i] = value;
      const low = Math.fround(value * (1 - spread));
      const high = Math.fround(value * (1 + spread));
      if (low !== high) unsure[c]!.set(i, [low, high]);
    }
  }
  return values.map((channel, c) => ({ values: channel, unsure: unsure[c]! }));
}

/** The sum of channels' probabilities, in float64 in the order given, at most 1, rounded to float32. */
export function sumOfChannels(channels: readonly Scores[]): Scores {
  const sum = (of: (channel: Scores) => number) =>
    Math.fround(
      Math.min(
        1,
        channels.reduce((total, channel) => total + of(channel), 0),
      ),
    );
  const unsure = new Map<number, readonly [number, number]>();
  for (const index of new Set(channels.flatMap((channel) => [...channel.unsure.keys()]))) {
    const end = (which: 0 | 1) =>
      sum((channel) => channel.unsure.get(index)?.[which] ?? channel.values[index]!);
    unsure.set(index, [end(0), end(1)]);
  }
  return { values: channels[0]!.values.map((_, i) => sum((channel) => channel.values[i]!)), unsure };
}
