/** Every lesion of a run: found and missed ones of the reference, and those of the prediction that match or are invented. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import { byAxis, type Vec3 } from '../../base/box.ts';
import { csvRecord } from '../../base/csv.ts';
import type { BratsLesion } from '../../measures/lesions/brats.ts';
import { atConnectivity, type Components, type LesionTable } from '../../measures/lesions/components.ts';
import type { CaseShapes } from '../../measures/shapes/case-shapes.ts';
import type { ShapeSettings } from '../../settings/shape-settings.ts';

export type LesionStatus = 'found' | 'missed' | 'matched' | 'invented';

export interface Lesion {
  readonly case: string;
  readonly class: string;
  readonly mask: 'reference' | 'prediction';
  /** By first voxel, from 1 on. */
  readonly number: number;
  readonly status: LesionStatus;
  readonly voxels: number;
  readonly ml: number;
  /** Centre of mass in mm, by the affine of the reference. */
  readonly centreMm: Vec3;
  /** The voxel nearest to it, `[x, y, z]` from 0 on. */
  readonly centreVoxel: Vec3;
  /** Lowest and highest voxel along each axis. */
  readonly low: Vec3;
  readonly high: Vec3;
  /** Components of the other mask that it touches, by number. */
  readonly partners: readonly number[];
  /** With all its partners as one. */
  readonly iou: number;
  readonly dice: number;
  /** By the rules of the BraTS preset, of the lesion that the component belongs to; null without one. */
  readonly brats: { readonly lesion: number; readonly dice: number; readonly hd95Mm: number | null } | null;
}

/** The lesions of a case, by class, mask and number. */
export function lesionsOf(caseId: string, shapes: CaseShapes, settings: ShapeSettings): Lesion[] {
  return shapes.classes.flatMap(({ name, components, brats }) => {
    if (components === null) return [];
    const table = atConnectivity(components, settings.connectivity);
    // The rules of BraTS go by corners; with another connectivity their numbers are of other components.
    const rules = settings.lesionPreset && settings.connectivity === 26 ? (brats?.lesions ?? []) : [];
    const of = (mask: Lesion['mask']) => ofMask(table, mask, shapes, rules);
    return (['reference', 'prediction'] as const).flatMap((mask) =>
      of(mask).map((lesion): Lesion => ({ case: caseId, class: name, mask, ...lesion })),
    );
  });
}

function ofMask(
  { reference, prediction, overlap, shape }: LesionTable,
  mask: Lesion['mask'],
  { affine, voxelMm3 }: CaseShapes,
  rules: readonly BratsLesion[],
): Omit<Lesion, 'case' | 'class' | 'mask'>[] {
  const own = mask === 'reference' ? reference : prediction;
  const other = mask === 'reference' ? prediction : reference;
  const partners: number[][] = Array.from({ length: own.count }, () => []);
  const common = new Float64Array(own.count);
  for (let i = 0; i < overlap.voxels.length; i++) {
    const [a, b] = [overlap.reference[i]!, overlap.prediction[i]!];
    const [number, partner] = mask === 'reference' ? [a, b] : [b, a];
    partners[number - 1]!.push(partner);
    common[number - 1]! += overlap.voxels[i]!;
  }
  const ruled = new Map(
    rules.flatMap((rule, lesion) =>
      rule[mask].map((number) => [number, { rule, lesion: lesion + 1 }] as const),
    ),
  );
  return Array.from({ length: own.count }, (_, i) => {
    const voxels = own.voxels[i]!;
    const others = partners[i]!.reduce((sum, number) => sum + other.voxels[number - 1]!, 0);
    const both = common[i]!;
    const touched = partners[i]!.length > 0;
    const found = ruled.get(i + 1);
    return {
      number: i + 1,
      status: mask === 'reference' ? (touched ? 'found' : 'missed') : touched ? 'matched' : 'invented',
      voxels,
      ml: (voxels * voxelMm3) / 1000,
      ...placeOf(own, i, affine, shape),
      partners: partners[i]!.sort((a, b) => a - b),
      iou: both / (voxels + others - both),
      dice: (2 * both) / (voxels + others),
      brats: found ? { lesion: found.lesion, dice: found.rule.dice, hd95Mm: found.rule.hd95 } : null,
    };
  });
}

function placeOf(components: Components, i: number, affine: readonly number[], shape: Vec3) {
  const centre = byAxis((axis) => components.sums[3 * i + axis]! / components.voxels[i]!);
  const at = (offset: number) => byAxis((axis) => components.boxes[6 * i + 2 * axis + offset]!);
  return {
    centreMm: byAxis(
      (row) =>
        affine[4 * row]! * centre[0] +
        affine[4 * row + 1]! * centre[1] +
        affine[4 * row + 2]! * centre[2] +
        affine[4 * row + 3]!,
    ),
    centreVoxel: byAxis((axis) => Math.min(shape[axis] - 1, Math.round(centre[axis]))),
    low: at(0),
    high: at(1),
  };
}

const columns: readonly {
  readonly name: string;
  readonly type: 'STRING' | 'DOUBLE';
  value(lesion: Lesion): string | number | null;
}[] = [
  { name: 'case', type: 'STRING', value: (lesion) => lesion.case },
  { name: 'class', type: 'STRING', value: (lesion) => lesion.class },
  { name: 'mask', type: 'STRING', value: ({ mask }) => mask },
  { name: 'number', type: 'DOUBLE', value: ({ number }) => number },
  { name: 'status', type: 'STRING', value: ({ status }) => status },
  { name: 'voxels', type: 'DOUBLE', value: ({ voxels }) => voxels },
  { name: 'ml', type: 'DOUBLE', value: ({ ml }) => ml },
  ...(['x', 'y', 'z'] as const).flatMap((axis, i) => [
    { name: `centre_${axis}_mm`, type: 'DOUBLE' as const, value: ({ centreMm }: Lesion) => centreMm[i]! },
  ]),
  ...(['x', 'y', 'z'] as const).flatMap((axis, i) => [
    { name: `voxel_${axis}`, type: 'DOUBLE' as const, value: ({ centreVoxel }: Lesion) => centreVoxel[i]! },
  ]),
  ...(['x', 'y', 'z'] as const).flatMap((axis, i) => [
    { name: `low_${axis}`, type: 'DOUBLE' as const, value: ({ low }: Lesion) => low[i]! },
    { name: `high_${axis}`, type: 'DOUBLE' as const, value: ({ high }: Lesion) => high[i]! },
  ]),
  { name: 'partners', type: 'STRING', value: ({ partners }) => partners.join(' ') },
  { name: 'iou', type: 'DOUBLE', value: ({ iou }) => iou },
  { name: 'dice', type: 'DOUBLE', value: ({ dice }) => dice },
  { name: 'brats_lesion', type: 'DOUBLE', value: ({ brats }) => brats?.lesion ?? null },
  { name: 'brats_dice', type: 'DOUBLE', value: ({ brats }) => brats?.dice ?? null },
  { name: 'brats_hd95_mm', type: 'DOUBLE', value: ({ brats }) => brats?.hd95Mm ?? null },
];

/** The text of `lesions.csv`, a record a piece: a row for each lesion. */
export function* lesionsCsv(lesions: Iterable<Lesion>): Generator<string> {
  yield csvRecord(columns.map(({ name }) => name));
  for (const lesion of lesions) yield csvRecord(columns.map(({ value }) => value(lesion)));
}

/** The bytes of `lesions.parquet`: the same columns. */
export function lesionsParquet(lesions: Iterable<Lesion>): Uint8Array {
  const rows = [...lesions];
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, type, value }) => ({
      name,
      data: rows.map(value),
      type,
      nullable: true,
    })),
  });
  return new Uint8Array(buffer);
}
