/** Values of shapes as results tell them. */
import type { PooledBorderValues } from '../../measures/boundary/border-pool.ts';
import type { BorderValues } from '../../measures/boundary/values.ts';
import type { ClassShapeValues, PooledShapeValues } from '../../measures/shapes/class-values.ts';
import type { ShapeSettings } from '../../settings/shape-settings.ts';
import type {
  BorderResult,
  BoundaryResult,
  LesionsResult,
  PooledBorderResult,
  ShapesAsked,
} from './document.ts';
import { shapeMeasures } from './measures.ts';

/** What a run has measured of shapes; cases by their place in the results. */
export interface RunShapes {
  readonly settings: ShapeSettings;
  readonly cases: ReadonlyMap<number, Readonly<Record<string, ClassShapeValues>>>;
  /** By class name. */
  readonly pooled: Readonly<Record<string, PooledShapeValues>>;
}

export function shapesAsked(settings: ShapeSettings): ShapesAsked {
  const { percentiles, tolerancesMm, emptyDistance, connectivity, matchIou, lesionPreset } = settings;
  return {
    percentiles,
    nsdTolerancesMm: tolerancesMm,
    emptyDistance,
    connectivity,
    matchIou,
    lesionPreset,
    measures: shapeMeasures(settings),
  };
}

export function classShapes(values: ClassShapeValues | undefined): {
  boundary?: BoundaryResult;
  lesions?: LesionsResult;
} {
  const boundary = values?.boundary;
  return {
    ...(boundary && {
      boundary:
        'undefined' in boundary && typeof boundary.undefined === 'string'
          ? { undefined: boundary.undefined }
          : both(boundary as Readonly<Record<'voxel' | 'surfel', BorderValues>>),
    }),
    ...(values?.lesions && { lesions: values.lesions as LesionsResult }),
  };
}

export function pooledShapes(values: PooledShapeValues | undefined): {
  boundary?: { voxel: PooledBorderResult; surfel: PooledBorderResult };
  lesions?: LesionsResult;
} {
  return {
    ...(values?.boundary && {
      boundary: { voxel: spread(values.boundary.voxel), surfel: spread(values.boundary.surfel) },
    }),
    ...(values?.lesions && { lesions: values.lesions as LesionsResult }),
  };
}

function both({ voxel, surfel }: Readonly<Record<'voxel' | 'surfel', BorderValues>>): {
  voxel: BorderResult;
  surfel: BorderResult;
} {
  return { voxel: spread(voxel), surfel: spread(surfel) };
}

/** Percentiles stand beside the other values: `hd95.directed`. */
function spread(values: PooledBorderValues): PooledBorderResult;
function spread(values: BorderValues): BorderResult;
function spread(values: BorderValues | PooledBorderValues): BorderResult | PooledBorderResult {
  const { elementsReference, elementsPrediction, sizeReference, sizePrediction, hd, percentiles, ...rest } =
    values;
  return {
    elementsReference,
    elementsPrediction,
    sizeReference,
    sizePrediction,
    hd,
    ...percentiles,
    ...rest,
  } as BorderResult | PooledBorderResult;
}
