/** The cross-entropy of competing channels. */
import { predictsLabels } from '../../settings/run-settings.ts';
import { hasScores } from '../overlap/row.ts';
import { sumsRow } from '../sums-row.ts';
import { crossEntropySchema, encodeCrossEntropy } from '../tally/serialise.ts';
import { addCrossEntropy, type Tally } from '../tally/tally.ts';

export const crossEntropy = sumsRow<Tally['crossEntropy']>({
  id: 'cross-entropy',
  needs: (settings) => hasScores(settings) && predictsLabels(settings),
  meter: () => ({ partial: (tile) => ({ json: encodeCrossEntropy(tile.crossEntropy()) }) }),
  empty: () => ({ voxels: 0, sum: 0n }),
  add: addCrossEntropy,
  partial: crossEntropySchema,
});
