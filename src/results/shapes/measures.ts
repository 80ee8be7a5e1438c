/** The measures of shapes by name: what has means, columns, and can be compared. */
import { percentileDefinitions } from '../../measures/boundary/values.ts';
import type { ShapeSettings } from '../../settings/shape-settings.ts';
import type { BorderResult, BoundaryResult, LesionsResult, ShapeMeasure } from './document.ts';

/** A class's shapes as results have them. */
export interface ShapesOfClass {
  readonly boundary?: BoundaryResult | undefined;
  readonly lesions?: LesionsResult | undefined;
}

/** Whose definition of a percentile each is. */
const definitions: Readonly<Record<string, string>> = {
  directed: "larger of the two lists' percentiles, linear between ranks (MONAI, Metrics Reloaded)",
  pooled: 'percentile of both lists together, linear between ranks (MedPy, panoptica)',
  index: 'larger of the two elements of rank int((n - 1) percentile) (grand-challenge tools)',
  area: 'larger of the two first distances at which the area reaches the percentile (surface-distance, BraTS)',
};

interface Row extends ShapeMeasure {
  value(shapes: ShapesOfClass): number | null | undefined;
}

/** All measures that a run with these settings has, over all its classes. */
export function shapeMeasures(settings: ShapeSettings): ShapeMeasure[] {
  return rowsOf(settings).map(({ name, better, unit, definition }) => ({ name, better, unit, definition }));
}

/** The value of each measure of a class; null where undefined, absent where the class has none. */
export function shapeValues(settings: ShapeSettings, shapes: ShapesOfClass): Map<string, number | null> {
  const values = new Map<string, number | null>();
  for (const row of rowsOf(settings)) {
    const value = row.value(shapes);
    if (value !== undefined) values.set(row.name, value);
  }
  return values;
}

/** Every tolerance that some class has, ascending. */
export function allTolerancesMm({ tolerancesMm }: Pick<ShapeSettings, 'tolerancesMm'>): number[] {
  const lists = Array.isArray(tolerancesMm)
    ? tolerancesMm
    : Object.values(tolerancesMm as Record<string, number[]>).flat();
  return [...new Set(lists as number[])].sort((a, b) => a - b);
}

function rowsOf(settings: ShapeSettings): Row[] {
  return [
    ...(settings.boundary ? borderRows(settings) : []),
    ...(settings.lesions ? lesionRows(settings) : []),
  ];
}

function borderRows(settings: ShapeSettings): Row[] {
  return (['voxel', 'surfel'] as const).flatMap((border): Row[] => {
    const of = (
      name: string,
      unit: Row['unit'],
      definition: string,
      value: (result: BorderResult) => number | null | undefined,
    ): Row => ({
      name: `${border}.${name}`,
      better: unit === 'mm' ? 'lower' : 'higher',
      unit,
      definition,
      value: ({ boundary }) =>
        boundary === undefined ? undefined : 'voxel' in boundary ? value(boundary[border]) : null,
    });
    return [
      of('hd', 'mm', 'largest distance of both lists', ({ hd }) => hd),
      ...settings.percentiles.flatMap((percentile) =>
        Object.keys(percentileDefinitions[border]).map((name) =>
          of(
            `hd${percentile}.${name}`,
            'mm',
            definitions[name]!,
            (result) => result[`hd${percentile}`]?.[name],
          ),
        ),
      ),
      of('assd', 'mm', 'mean distance over both lists together', ({ assd }) => assd),
      of('masd', 'mm', 'mean of the two mean distances', ({ masd }) => masd),
      ...allTolerancesMm(settings).map((tolerance) =>
        of(
          `nsd.${tolerance}`,
          'fraction',
          `share of both borders within ${tolerance} mm of the other`,
          ({ nsd }) => nsd[String(tolerance)]?.nsd,
        ),
      ),
    ];
  });
}

function lesionRows(settings: ShapeSettings): Row[] {
  const of = (
    name: string,
    definition: string,
    value: (result: LesionsResult) => number | null | undefined,
    unit: Row['unit'] = 'fraction',
  ): Row => ({
    name: `lesions.${name}`,
    better: unit === 'mm' ? 'lower' : 'higher',
    unit,
    definition,
    value: ({ lesions }) => (lesions === undefined ? undefined : value(lesions)),
  });
  const of26 = `components by ${settings.connectivity}-connectivity`;
  return [
    of(
      'sensitivity',
      `share of the reference's ${of26} that touch the prediction`,
      ({ detection }) => detection.sensitivity,
    ),
    of(
      'precision',
      `share of the prediction's ${of26} that touch the reference`,
      ({ detection }) => detection.precision,
    ),
    of('f1', 'harmonic mean of sensitivity and precision', ({ detection }) => detection.f1),
    of(
      'rq',
      `recognition quality of pairs with an IoU above ${settings.matchIou}`,
      ({ panoptic }) => panoptic.rq,
    ),
    of('sq', 'mean IoU of the pairs', ({ panoptic }) => panoptic.sq),
    of('pq', 'panoptic quality: rq times sq', ({ panoptic }) => panoptic.pq),
    ...(settings.lesionPreset
      ? [
          of('brats.dice', `lesion-wise Dice of ${settings.lesionPreset}`, ({ brats }) => brats?.dice),
          of('brats.hd95', `lesion-wise HD95 of ${settings.lesionPreset}`, ({ brats }) => brats?.hd95, 'mm'),
        ]
      : []),
  ];
}
