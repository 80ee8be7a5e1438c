/** How results.json tells of borders and lesions. `null` is an undefined value. */
import * as z from 'zod';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { BorderValues, EmptyMask } from '../../measures/boundary/values.ts';
import {
  connectivity,
  emptyDistance,
  matchIou,
  percentileList,
  preset,
  tolerances,
} from '../../settings/shape-settings.ts';

const count = z.int().min(0);
const distance = z.number().min(0).nullable();
const share = z.number().min(0).max(1).nullable();
const byName = <Value extends z.ZodType>(value: Value, meaning: string) =>
  z.record(z.string(), value).describe(meaning);

/** A percentile of the distances, each definition by its name. */
type Percentile = Readonly<Record<string, number | null>>;

export interface SurfaceDiceResult {
  readonly nsd: number | null;
  readonly referenceWithin: number | null;
  readonly predictionWithin: number | null;
  readonly nearlyWithin?: number;
}

interface BorderFields extends Omit<BorderValues, 'percentiles' | 'nsd' | 'undefined'> {
  readonly nsd: Readonly<Record<string, SurfaceDiceResult>>;
  readonly [percentile: `hd${number}`]: Percentile;
}

export interface BorderResult extends BorderFields {
  readonly undefined?: EmptyMask;
}

export interface PooledBorderResult extends BorderFields {
  readonly undefinedCases: { readonly oneEmpty: number; readonly bothEmpty: number };
}

const borderFields = {
  elementsReference: count.describe('Elements of the border of the reference.'),
  elementsPrediction: count,
  sizeReference: z
    .number()
    .min(0)
    .describe('Sum of the weights of its elements: 1 per voxel, mm² of a surfel.'),
  sizePrediction: z.number().min(0),
  hd: distance.describe('Hausdorff distance in mm: the largest distance of all elements.'),
  meanReferenceToPrediction: distance,
  meanPredictionToReference: distance,
  masd: distance.describe('Mean of the two means.'),
  assd: distance.describe('Mean over the elements of both.'),
  nsd: byName(
    z
      .strictObject({
        nsd: share,
        referenceWithin: share,
        predictionWithin: share,
        nearlyWithin: z
          .number()
          .min(0)
          .max(1)
          .describe('Share that is beyond the tolerance by less than a millionth: a rounding of the affine.')
          .exactOptional(),
      })
      .meta({ id: 'surfaceDice', description: 'Shares of the weight that lies within the tolerance.' }),
    'By the tolerance in mm.',
  ),
};
const percentile = byName(distance, 'hd95 and the like: a percentile in mm, each definition by its name.');

const border = z
  .object({
    ...borderFields,
    undefined: z
      .enum(['reference empty', 'prediction empty', 'both empty'])
      .describe('Why distances are undefined, or what shapes.emptyDistance stands for.')
      .exactOptional(),
  })
  .catchall(percentile)
  .meta({ id: 'border' }) as unknown as z.ZodType<BorderResult>;

const pooledBorder = z
  .object({
    ...borderFields,
    undefinedCases: z
      .strictObject({ oneEmpty: count, bothEmpty: count })
      .describe('Cases without distances of their own, by which masks are empty.'),
  })
  .catchall(percentile)
  .meta({ id: 'pooledBorder' }) as unknown as z.ZodType<PooledBorderResult>;

const lesions = z
  .strictObject({
    connectivity,
    components: z.strictObject({ reference: count, prediction: count }),
    detection: z.strictObject({
      truePositives: count.describe('Components of the reference that touch the prediction.'),
      falseNegatives: count,
      falsePositives: count.describe('Components of the prediction that touch no reference.'),
      truePredictions: count.describe('Components of the prediction that touch the reference.'),
      sensitivity: share,
      precision: share,
      f1: share,
    }),
    panoptic: z.strictObject({ tp: count, fp: count, fn: count, rq: share, sq: share, pq: share }),
    brats: z
      .strictObject({
        lesions: count.describe('Lesions of the reference that are large enough to count.'),
        found: count,
        falsePositives: count,
        dice: share,
        hd95: distance,
      })
      .describe('By the rules of shapes.lesionPreset.')
      .exactOptional(),
  })
  .meta({ id: 'lesions' });

const boundary = z.union([
  z.strictObject({ voxel: border, surfel: border }),
  z.strictObject({ undefined: z.string().describe('Why there are no distances.') }),
]);

/** What a class has besides; absent where it was not asked for. */
export const shapeFields = {
  boundary: boundary
    .describe('Distances between borders: of voxels, and of surfels (corners of the voxel grid).')
    .exactOptional(),
  lesions: lesions.exactOptional(),
};
export const pooledShapeFields = {
  boundary: z
    .strictObject({ voxel: pooledBorder, surfel: pooledBorder })
    .describe('Over the elements of all cases as one list.')
    .exactOptional(),
  lesions: lesions.exactOptional(),
};

const shapeMeasure = z.strictObject({
  name: z.string().describe('Such as voxel.hd95.directed, surfel.nsd.1 or lesions.sensitivity.'),
  better: z.enum(['higher', 'lower']),
  unit: z.enum(['mm', 'fraction']),
  definition: z.string(),
});

/** What was asked of shapes. */
export const shapesAsked = z.strictObject({
  percentiles: percentileList,
  nsdTolerancesMm: tolerances,
  emptyDistance: emptyDistance.describe('What stands for a distance where exactly one mask is empty.'),
  connectivity,
  matchIou,
  lesionPreset: preset.nullable(),
  measures: z.array(shapeMeasure).describe('The measures that have means, in order.'),
});

export type BoundaryResult = z.infer<typeof boundary>;
export type LesionsResult = z.infer<typeof lesions>;
export type ShapeMeasure = z.infer<typeof shapeMeasure>;
export type ShapesAsked = DeepReadonly<z.infer<typeof shapesAsked>>;

/** Cases with an empty mask, of a class. */
export const emptyCases = z
  .strictObject({ reference: count, prediction: count, both: count })
  .describe('Scored cases in which only the reference, only the prediction, or both are empty.');
