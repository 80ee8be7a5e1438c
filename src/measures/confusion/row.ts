/** Voxels of each pair of reference and predicted label. */
import { predictsLabels } from '../../settings/run-settings.ts';
import { sumsRow } from '../sums-row.ts';
import { confusionSchema, encodeConfusion } from '../tally/serialise.ts';
import { mergeConfusion, type Tally } from '../tally/tally.ts';
import { checkPairs } from './confusion-counter.ts';

export const confusion = sumsRow<Tally['confusion']>({
  id: 'confusion',
  needs: predictsLabels,
  meter: () => ({ partial: (tile) => ({ json: encodeConfusion(tile.pairs().confusion) }) }),
  empty: () => [],
  add: mergeConfusion,
  partial: confusionSchema,
  check: (pairs) => checkPairs(pairs.length),
});
