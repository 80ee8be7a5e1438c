import type { Vec3 } from '../../src/base/box.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';

/** Numbers in [0, 1) that are the same in every run of the tests (xorshift32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Scores with ties, exact 0 and 1 and the last float32 below 1 among them, and a mask that they resemble. */
export function probabilities(voxels: number, seed: number): { scores: Float32Array; mask: Uint8Array } {
  const random = randomNumbers(seed);
  const scores = new Float32Array(voxels);
  const mask = new Uint8Array(voxels);
  const special = [0, 1, 0.5, 1 - 2 ** -24, 2 ** -149, 0.25];
  for (let i = 0; i < voxels; i++) {
    mask[i] = random() < 0.3 ? 1 : 0;
    const noise = random();
    scores[i] = mask[i] ? 1 - noise ** 3 : noise ** 3;
    if (random() < 0.2) scores[i] = special[Math.floor(random() * special.length)]!;
  }
  return { scores, mask };
}

export interface PairOptions {
  readonly shape: Vec3;
  readonly seed: number;
  readonly gzip?: boolean;
  /** Changes what is stored. */
  readonly edit?: (scores: Float32Array, mask: Uint8Array) => void;
}

/** Writes a prediction and its reference. */
export async function writePair(
  prediction: string,
  reference: string,
  { shape, seed, gzip = false, edit }: PairOptions,
): Promise<void> {
  const { scores, mask } = probabilities(shape[0] * shape[1] * shape[2], seed);
  edit?.(scores, mask);
  await writeNifti(prediction, { shape, datatype: 'float32', data: scores, gzip });
  await writeNifti(reference, { shape, datatype: 'uint8', data: mask, gzip });
}
