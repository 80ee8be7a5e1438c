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

/** As networks that are sure of themselves give them: of all sizes down to the least, some on the wrong side. */
function confident(count: number, shareOfForeground: number, seed: number): Voxels {
  const next = randomNumbers(seed);
  const mask = Uint8Array.from({ length: count }, () => (next() < shareOfForeground ? 1 : 0));
  const scores = Float32Array.from(mask, (side) => {
    const small = next() * 2 ** -(150 * next());
    return side === 1 && next() < 0.9 ? 1 - small : small;
  });
  return { scores, mask };
}

/** Where 1 - p is rounded: halves and neighbours of multiples of 2^-53. */
const roundedAway = [1, 1.5, 2.5, 3.5, 5 / 4, 7 / 4, 1 / 2, 3 / 4, 1 / 2 + 2 ** -20, 1025.5].map(
  (units) => units * 2 ** -53,
);

/** Odd lengths, so that the last voxels are no whole block of four. */
export const probabilityInputs: Record<string, Voxels> = {
  random: probabilities(3001, 5),
  'one voxel': { scores: Float32Array.of(0.3), mask: Uint8Array.of(1) },
  ties: {
    scores: Float32Array.from({ length: 2049 }, (_, i) => ((i * i) % 5) / 4),
    mask: Uint8Array.from({ length: 2049 }, (_, i) => ((i * 7) % 3 === 0 ? 1 : 0)),
  },
  extreme: bothSides(extremes),
  'rounded away': bothSides(roundedAway),
  'background alone': {
    scores: probabilities(3003, 6).scores.map((p) => p ** 8),
    mask: new Uint8Array(3003),
  },
  'background behind a block with foreground': {
    scores: probabilities(2049, 7).scores,
    mask: Uint8Array.from({ length: 2049 }, (_, i) => (i < 1024 ? i % 2 : 0)),
  },
  'confident, background': confident(2051, 0, 1),
  'confident, both': confident(2051, 0.3, 2),
  'confident, foreground': confident(2051, 1, 3),
  'ones on both sides': {
    scores: new Float32Array(3072).fill(1),
    mask: Uint8Array.from({ length: 3072 }, (_, i) => Number(i >= 1024 && (i >= 2048 || i % 3 === 0))),
  },
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
