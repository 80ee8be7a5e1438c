/** The measures of shapes in cases.csv: a few, each named with its definition. */
import type { ResultsDocument } from '../document.ts';
import type { ShapesOfClass } from './measures.ts';

export interface ShapeColumn {
  readonly name: string;
  value(shapes: ShapesOfClass): number | null;
}

/** HD of each percentile (directed of voxels, by area of surfels), NSD of surfels, ASSD of voxels, lesions. */
export function shapeColumns({ shapes: asked }: ResultsDocument): ShapeColumn[] {
  if (asked === undefined) return [];
  const columns: ShapeColumn[] = [];
  if (asked.measures.some(isBoundary)) {
    for (const percentile of asked.percentiles) {
      columns.push(
        {
          name: `hd${percentile}_directed_mm`,
          value: ({ boundary }) =>
            boundary && 'voxel' in boundary ? (boundary.voxel[`hd${percentile}`]?.directed ?? null) : null,
        },
        {
          name: `hd${percentile}_area_mm`,
          value: ({ boundary }) =>
            boundary && 'voxel' in boundary ? (boundary.surfel[`hd${percentile}`]?.area ?? null) : null,
        },
      );
    }
    for (const { name } of asked.measures.filter(({ name }) => name.startsWith('surfel.nsd.'))) {
      const tolerance = name.slice('surfel.nsd.'.length);
      columns.push({
        name: `nsd_surfel_${tolerance}mm`,
        value: ({ boundary }) =>
          boundary && 'voxel' in boundary ? (boundary.surfel.nsd[tolerance]?.nsd ?? null) : null,
      });
    }
    columns.push({
      name: 'assd_voxel_mm',
      value: ({ boundary }) => (boundary && 'voxel' in boundary ? boundary.voxel.assd : null),
    });
  }
  if (asked.measures.some(({ name }) => name.startsWith('lesions.'))) {
    const suffix = `c${asked.connectivity}`;
    columns.push(
      {
        name: `lesion_sensitivity_${suffix}`,
        value: ({ lesions }) => lesions?.detection.sensitivity ?? null,
      },
      { name: `lesion_precision_${suffix}`, value: ({ lesions }) => lesions?.detection.precision ?? null },
    );
    if (asked.lesionPreset) {
      const preset = asked.lesionPreset.replace('-', '_');
      columns.push(
        { name: `lesion_dice_${preset}`, value: ({ lesions }) => lesions?.brats?.dice ?? null },
        { name: `lesion_hd95_${preset}_mm`, value: ({ lesions }) => lesions?.brats?.hd95 ?? null },
      );
    }
  }
  return columns;
}

function isBoundary({ name }: { readonly name: string }): boolean {
  return !name.startsWith('lesions.');
}
