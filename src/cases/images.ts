/** The scans that predictions were made of: display only, no value comes from them. */
import { UsageError } from '../base/errors.ts';
import { listVolumes } from './list-volumes.ts';
import { nameCases } from './name-cases.ts';
import type { NamePattern } from './name-pattern.ts';
import type { ManifestCase } from './types.ts';

/** The first of several scans of a case, as nnU-Net numbers them. */
const firstScan = '_0000';

/**
 * Gives each case the scan of its id in a folder: `a.nii.gz`, or `a_0000.nii.gz` of several scans. A case that has one
 * already, from a manifest, keeps it.
 */
export function addImages(
  cases: readonly ManifestCase[],
  folder: string,
  pattern: NamePattern,
  recursive: boolean,
): { readonly cases: ManifestCase[]; readonly warnings: string[] } {
  const list = listVolumes(folder, recursive || pattern.whole);
  const images = nameCases(
    list,
    { paths: new Map(), duplicates: [] },
    {
      predictions: pattern,
      references: pattern,
    },
  ).predictions;
  const [fault] = [...list.duplicates, ...images.duplicates];
  if (fault !== undefined) throw new UsageError('images', `--images: ${fault}`, { field: 'images' });
  const withImages = cases.map((entry): ManifestCase => {
    const id = entry.id.normalize('NFC');
    const image = entry.image ?? images.paths.get(id) ?? images.paths.get(`${id}${firstScan}`);
    return image === undefined ? entry : { ...entry, image };
  });
  const without = withImages.filter(({ image }) => image === undefined);
  if (without.length === 0) return { cases: withImages, warnings: [] };
  const found = cases.length - without.length;
  return {
    cases: withImages,
    warnings: [
      `${found} of ${cases.length} cases have an image in ${folder}, not ${without[0]!.id} (--image-suffix, --image-pattern and --recursive say how they are named)`,
    ],
  };
}
