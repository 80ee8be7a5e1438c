/** What the folders of a run say of a mistake, before a file is read. */
import { basename, resolve } from 'node:path';

const asReferences =
  /(^|[^a-z])(labels?|labelst[rs]|masks?|gt|ground.?truths?|refs?|references?|manual|truth)([^a-z]|$)/i;
const asPredictions =
  /(^|[^a-z])(preds?|predictions?|predicted|outputs?|infer(ence|red)?|results?)([^a-z]|$)/i;

/** Warnings; none where nothing is suspicious. `areNamesTold`: suffixes or patterns tell the two sides apart. */
export function suspicionsOf(predictions: string, references: string, areNamesTold = false): string[] {
  const [ours, theirs] = [resolve(predictions), resolve(references)];
  if (ours === theirs) {
    return areNamesTold
      ? []
      : [
          `--predictions and --references are the same folder (${predictions}); if it holds both, tell them apart by --prediction-suffix and --reference-suffix`,
        ];
  }
  const looksSwapped =
    asReferences.test(basename(ours)) &&
    !asPredictions.test(basename(ours)) &&
    asPredictions.test(basename(theirs)) &&
    !asReferences.test(basename(theirs));
  return looksSwapped
    ? [
        `--predictions ${predictions} and --references ${references} look swapped, by their names; precision and recall would be exchanged`,
      ]
    : [];
}
