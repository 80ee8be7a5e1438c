import { exp, log, power, roundEven } from './math.ts';

/** Twin of `sumTerms` (src/kernels/assembly/sums.ts), a voxel at a time and in BigInt. */
export interface Sums {
  readonly counts: [foreground: number, hardTp: number, hardFp: number];
  /** [all, foreground] of the error, then of each term. */
  readonly sums: [bigint, bigint][];
}

interface Voxel {
  readonly error: number;
  /** The score of the truth and its negative log. */
  readonly q: number;
  readonly negLog: number;
}

function ofProbability(p: number, foreground: boolean): Voxel {
  const q = foreground ? p : 1 - p;
  return { error: foreground ? 1 - p : p, q, negLog: -log(q) };
}

function ofLogit(x: number, foreground: boolean): Voxel {
  const u = foreground ? x : -x;
  const e = exp(-Math.abs(x));
  const sum = 1 + e;
  const [large, small] = [1 / sum, e / sum];
  const agrees = u >= 0;
  return {
    error: agrees ? small : large,
    q: agrees ? large : small,
    negLog: Math.max(-u, 0) + log(sum),
  };
}

export function sumTerms(
  scores: Float32Array,
  mask: Uint8Array,
  logit: boolean,
  threshold: number,
  /** Rows as `termRow` gives them. */
  rows: readonly (readonly number[])[],
): Sums {
  const counts: Sums['counts'] = [0, 0, 0];
  const sums = Array.from({ length: 1 + rows.length }, (): [bigint, bigint] => [0n, 0n]);
  const add = (at: number, value: bigint, foreground: boolean) => {
    sums[at]![0] += value;
    if (foreground) sums[at]![1] += value;
  };
  scores.forEach((score, i) => {
    const foreground = mask[i] === 1;
    if (foreground) counts[0]++;
    if (score > threshold) counts[foreground ? 1 : 2]++;
    const { error, q, negLog } = logit ? ofLogit(score, foreground) : ofProbability(score, foreground);
    add(0, roundEven(error * 2 ** 50), foreground);
    rows.forEach(([gamma, leastForeground, leastBackground, leastLog, mostForeground, mostBackground], r) => {
      const clamped = Math.min(Math.max(negLog, leastLog!), foreground ? mostForeground! : mostBackground!);
      let term = clamped;
      if (gamma !== 0) {
        const least = foreground ? leastForeground! : leastBackground!;
        term = power(1 - Math.min(Math.max(q, least), 1 - leastForeground!), gamma!) * clamped;
      }
      add(1 + r, roundEven(term * 2 ** 44), foreground);
    });
  });
  return { counts, sums };
}
