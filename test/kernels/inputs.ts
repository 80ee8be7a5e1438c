import { probabilities, randomNumbers } from '../run/volumes.ts';

export interface Voxels {
  readonly scores: Float32Array;
  readonly mask: Uint8Array;
}

/** The smallest and largest, the halves and their neighbours, subnormals. */
const extremes = [
  0,
  1,
  0.5,
  1 - 2 ** -24,
  0.5 - 2 ** -25,
  0.5 + 2 ** -24,
  2 ** -149,
  2 ** -126,
  2 ** -126 - 2 ** -149,
  2 ** -24,
  2 ** -25,
  1e-7,
  1e-9,
  1 - 1e-7,
];

function bothSides(values: readonly number[]): Voxels {
  return {
    scores: Float32Array.from([...values, ...values]),
    mask: Uint8Array.from([...values.map(() => 0), ...values.map(() => 1)]),
  };
}

/** Odd lengths, so that the last voxels are no whole block of four. */
export const probabilityInputs: Record<string, Voxels> = {
  random: probabilities(3001, 5),
  'one voxel': { scores: Float32Array.of(0.3), mask: Uint8Array.of(1) },
  ties: {
    scores: Float32Array.from({ length: 2049 }, (_, i) => ((i * i) % 5) / 4),
    mask: Uint8Array.from({ length: 2049 }, (_, i) => ((i * 7) % 3 === 0 ? 1 : 0)),
  },
  extreme: bothSides(extremes),
};

const random = randomNumbers(99);
const logits = [0, 1, -1, 20, 88, 104, 700, 1e5, 3.4028234663852886e38, 2 ** -149, 2 ** -126, 1e-8];
export const logitInputs: Record<string, Voxels> = {
  random: {
    scores: Float32Array.from({ length: 3001 }, () => (random() - 0.5) * 60),
    mask: Uint8Array.from({ length: 3001 }, () => Math.round(random())),
  },
  ties: {
    scores: Float32Array.from({ length: 1027 }, (_, i) => ((i * i) % 7) - 3),
    mask: Uint8Array.from({ length: 1027 }, (_, i) => i % 2),
  },
  extreme: bothSides([...logits, ...logits.slice(1).map((x) => -x)]),
};
