/** Voxels and errors of each class: what Dice, Jaccard and Tversky losses and the hard metrics are made of. */
import * as z from 'zod';
import type { RunSettings } from '../../settings/run-settings.ts';
import { sumsRow } from '../sums-row.ts';
import { encodeOverlap, overlapSchema } from '../tally/serialise.ts';
import { addOverlap, type ClassOverlap, emptyOverlap } from '../tally/tally.ts';

export const overlap = sumsRow<readonly ClassOverlap[]>({
  id: 'overlap',
  needs: hasScores,
  meter() {
    const classes: ClassOverlap[] = [];
    return {
      class: ({ index, sums }) => {
        classes[index] = sums.overlap;
      },
      partial: () => ({ json: classes.map(encodeOverlap) }),
    };
  },
  empty: ({ classes }) => classes.map(() => emptyOverlap),
  add: (a, b) => a.map((sums, index) => addOverlap(sums, b[index]!)),
  partial: z.array(overlapSchema),
});

/** Label maps have counts alone: those of the pairs of labels. */
export function hasScores(settings: RunSettings): boolean {
  return settings.scores !== 'label';
}
