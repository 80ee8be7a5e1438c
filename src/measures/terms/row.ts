/** Sums of the terms of each class, cross-entropies and focal terms, in the order of the settings. */
import * as z from 'zod';
import { hasScores } from '../overlap/row.ts';
import { sumsRow } from '../sums-row.ts';
import { encodeSum, termSumSchema } from '../tally/serialise.ts';
import { addSums, noSum, type TermSum } from '../tally/tally.ts';

export const terms = sumsRow<readonly (readonly TermSum[])[]>({
  id: 'terms',
  needs: hasScores,
  meter() {
    const classes: (readonly TermSum[])[] = [];
    return {
      class: ({ index, sums }) => {
        classes[index] = sums.terms;
      },
      partial: () => ({ json: classes.map((own) => own.map(encodeSum)) }),
    };
  },
  empty: ({ classes, terms }) => classes.map(() => terms.map(() => noSum)),
  add: (a, b) => a.map((own, index) => own.map((sum, term) => addSums(sum, b[index]![term]!))),
  partial: z.array(z.array(termSumSchema)),
});
