import { exactUnits, exp, log, power } from './math.ts';

/** Twin of `sumTerms` (src/kernels/assembly/sums.ts), a voxel at a time and in BigInt. */
export interface Sums {
  readonly counts: [foreground: number, hardTp: number, hardFp: number];
  /** [all, foreground] of the error, then of each term. */
  readonly sums: [bigint, bigint][];
}

interface Voxel {
  readonly error: number;
  /** The negative log of the score of the truth. */
  readonly negLog: number;
}

function ofProbability(p: number, foreground: boolean): Voxel {
  const q = foreground ? p : 1 - p;
  const error = foreground ? 1 - p : p;
  return { error, negLog: error - (1 - q) - log(q) };
}

function ofLogit(x: number, foreground: boolean): Voxel {
  const u = foreground ? x : -x;
  const e = exp(-Math.abs(x));
  const sum = 1 + e;
  return {
    error: (u >= 0 ? e : 1) / sum,
    negLog: Math.max(-u, 0) + (log(sum) + (e - (sum - 1))),
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
    const { error, negLog } = logit ? ofLogit(score, foreground) : ofProbability(score, foreground);
    add(0, exactUnits(error), foreground);
    rows.forEach((row, r) => {
      const [gamma, mostError] = [row[0]!, row[3]!];
      const [leastError, leastLog, mostLog] = [1, 4, 6].map((at) => row[foreground ? at : at + 1]!);
      const b = Math.min(Math.max(negLog, leastLog!), mostLog!);
      const e = Math.min(Math.max(error, leastError!), mostError);
      add(1 + r, exactUnits(gamma === 0 ? b : power(e, gamma) * b), foreground);
    });
  });
  return { counts, sums };
}
