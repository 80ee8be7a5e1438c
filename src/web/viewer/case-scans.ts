/** The scans of a folder for the cases of a run, in place of those that the run knows. */
import { addImages } from '../../cases/images.ts';
import { plainNames } from '../../cases/name-pattern.ts';
import type { ManifestCase } from '../../cases/types.ts';

/**
 * Paths by case id.
 * @throws UsageError for a folder that cannot be read.
 */
export function scansOf(cases: readonly ManifestCase[], folder: string): ReadonlyMap<string, string> {
  const bare = cases.map(({ image: _, ...entry }): ManifestCase => entry);
  const { cases: found } = addImages(bare, folder, plainNames, false);
  return new Map(found.flatMap(({ id, image }) => (image === undefined ? [] : [[id, image]])));
}
