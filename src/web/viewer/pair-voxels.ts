/** The sets of prediction and reference of each voxel as one number. */
import type { CaseView } from './case-view.ts';

export type Pairs = Pick<CaseView, 'pairs' | 'ignoredPair' | 'voxels'>;

/** More pairs than this say nothing to anybody who looks at them. */
export const mostPairs = 4096;

/** Undefined where more than `mostPairs` meet. */
export function pairVoxels(
  prediction: Uint16Array,
  reference: Uint16Array,
  isIgnored: Uint8Array,
): Pairs | undefined {
  const pairs: [number, number][] = [[0, 0]];
  const numbers = new Map<number, number>([[0, 0]]);
  let ignoredPair: number | null = null;
  const voxels = new Uint16Array(prediction.length);
  let [lastKey, lastPair] = [0, 0];
  for (let at = 0; at < voxels.length; at++) {
    if (isIgnored[at] === 1) {
      if (ignoredPair === null) {
        ignoredPair = pairs.length;
        pairs.push([0, 0]);
      }
      voxels[at] = ignoredPair;
      continue;
    }
    const key = prediction[at]! * 65_536 + reference[at]!;
    if (key !== lastKey) {
      let pair = numbers.get(key);
      if (pair === undefined) {
        pair = pairs.length;
        if (pair === mostPairs) return undefined;
        numbers.set(key, pair);
        pairs.push([prediction[at]!, reference[at]!]);
      }
      [lastKey, lastPair] = [key, pair];
    }
    voxels[at] = lastPair;
  }
  return { pairs, ignoredPair, voxels: pairs.length <= 256 ? Uint8Array.from(voxels) : voxels };
}
