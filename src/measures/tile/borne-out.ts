/** Whether a case bears out what `auto` found of another: evidence that only all of its voxels can give. */
import { InputError } from '../../base/errors.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import type { Tally } from '../tally/tally.ts';

/** So many predicted labels, of which the reference knows less than a share, are no label map. */
const manyLabels = 16;
const leastKnownShare = 1 / 8;

/** The error of a case whose prediction cannot be what the run takes predictions for, if so. */
export function unlikeFound(
  caseId: string,
  file: string,
  tally: Tally,
  settings: RunSettings,
): InputError | undefined {
  if (!settings.scoresFound) return undefined;
  const unlike = (why: string) =>
    new InputError('scores-differ', `case ${caseId}: ${file}: ${why}`, { caseId, file, field: 'scores' });
  if (settings.scores === 'logit' && tally.leastScore !== null && tally.leastScore >= 0) {
    return unlike(
      `none of its values is below 0, the least is ${tally.leastScore}, so these are not the logits that auto found in another case; score it in a run of its own, or say --scores logit if they are`,
    );
  }
  if (settings.scores !== 'label') return undefined;
  const predicted = new Set(tally.confusion.map(([, prediction]) => prediction));
  const named = settings.classes.flatMap(({ labels }) => (labels === 'positive' ? [] : labels));
  const known = new Set([...tally.confusion.map(([reference]) => reference), ...named]);
  const share = [...predicted].filter((label) => known.has(label)).length / predicted.size;
  if (predicted.size <= manyLabels || share >= leastKnownShare) return undefined;
  return unlike(
    `it holds ${predicted.size} different whole numbers, hardly any of which its reference knows, so this is not a label map as auto found in another case; score it in a run of its own, or say --scores label if it is one`,
  );
}
