/**
 * What `results.json` holds. It depends on the inputs and the settings only: no time, path of the machine or order of
 * work enters it. `null` is a value that is undefined. The types and docs/results.schema.json are both made from here.
 */
import * as z from 'zod';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import { type HardMetricName, hardMetricNames, hardMetricsSchema } from '../losses/metrics/hard.ts';
import { emptyCases, pooledShapeFields, shapeFields, shapesAsked } from './shapes/document.ts';

export const resultsVersion = 2;

const count = z.int().min(0);
const name = z.string().min(1);
const vec3 = z.tuple([z.number(), z.number(), z.number()]).meta({ id: 'vec3', description: '[x, y, z]' });
const byName = <Value extends z.ZodType>(value: Value, meaning: string) =>
  z.record(z.string(), value).describe(meaning);

const label = z.union([z.int().min(0), z.string().regex(/^\d{16,20}$/)]).meta({
  id: 'label',
  description: 'A label; above 2^53 - 1 its decimal digits, since most readers of JSON would round it.',
});

const lossValues = byName(z.number().nullable(), 'By the id of the loss.').meta({ id: 'lossValues' });

const metricDescription = z.strictObject({
  name: z.enum(hardMetricNames as readonly [HardMetricName, ...HardMetricName[]]),
  better: z
    .enum(['higher', 'zero', 'none'])
    .describe('Which end is better; zero: the nearer to 0 the better.'),
  unit: z.enum(['fraction', 'ml']),
});

const lossDescription = z.strictObject({
  id: name.describe(
    'Name, name:form where there are forms, then the parameters that differ from the defaults of the convention.',
  ),
  name,
  form: name.exactOptional(),
  scope: z
    .enum(['class', 'multiclass'])
    .describe('A value for each class, or one over the competing classes.'),
  better: z.enum(['higher', 'lower']).describe('Some sources print a score where others print a loss.'),
  unit: z.enum(['percent', 'none']).describe('percent: from 0 to 100.'),
  column: name.describe('Its name in cases.csv, tables and reports: ends in _loss, or in _percent.'),
  params: byName(
    z.union([z.number(), z.string(), z.array(z.string())]),
    'Every parameter, defaults included.',
  ),
});

const classFields = {
  voxels: count.describe('Voxels without the ignored ones.'),
  foreground: count.describe('Foreground voxels of the reference.'),
  metrics: hardMetricsSchema,
  losses: lossValues,
  soft: z.strictObject({ tp: z.number(), fp: z.number(), fn: z.number() }).meta({
    id: 'softSums',
    description: 'Sums over voxels: tp = Σ p·t, fp = Σ p·(1 - t), fn = Σ t·(1 - p).',
  }),
};
const classResult = z.strictObject({ ...classFields, ...shapeFields }).meta({ id: 'classResult' });
const pooledClassResult = z
  .strictObject({
    ...classFields,
    ...pooledShapeFields,
    metrics: z
      .strictObject({
        ...hardMetricsSchema.shape,
        diceByMm3: hardMetricsSchema.shape.dice.describe(
          'Twice the common volume over the volumes of both sides, in mm³ summed over cases (the aggregated Dice of HNTS-MRG).',
        ),
      })
      .describe(
        'dice is pooled by voxels: each voxel of the pool weighs the same, whatever its size. Volumes and their difference are sums over cases.',
      ),
  })
  .meta({ id: 'pooledClassResult' });

const confusion = z
  .strictObject({
    labels: z.array(label),
    matrix: z
      .array(z.array(count))
      .describe('matrix[i][j]: voxels with reference labels[i] and prediction labels[j].')
      .exactOptional(),
    pairs: z
      .array(z.tuple([count, count, z.int().min(1)]))
      .describe('[i, j, voxels]: voxels with reference labels[i] and prediction labels[j].')
      .exactOptional(),
  })
  .refine(({ matrix, pairs }) => (matrix === undefined) !== (pairs === undefined), 'needs matrix or pairs')
  .meta({
    id: 'confusion',
    description:
      'Voxels by label of the reference and of the prediction: a matrix, or of more than 256 labels the pairs that occur.',
    minProperties: 2,
    maxProperties: 2,
  });

/** What a case and the pool have in common. */
const multiclassFields = {
  losses: lossValues.describe('The multi-class losses, by id.'),
  meanOver: byName(
    z.array(z.string()),
    'For each multi-class loss that is a mean over classes, by id: the names of the classes that it holds.',
  ),
  confusion: confusion.exactOptional(),
};

const scoredCase = z
  .strictObject({
    id: z.string(),
    group: z.string().exactOptional(),
    status: z.literal('ok'),
    shape: vec3,
    spacingMm: vec3,
    classes: byName(classResult, 'By class name.'),
    ...multiclassFields,
  })
  .meta({ id: 'scoredCase' });

const unscoredCase = z
  .strictObject({
    id: z.string(),
    group: z.string().exactOptional(),
    status: z.enum(['failed', 'incomplete']),
    error: z.strictObject({
      code: z.string(),
      message: z.string(),
      file: z.string().exactOptional(),
      field: z.string().exactOptional(),
      voxel: vec3.exactOptional(),
    }),
  })
  .meta({ id: 'unscoredCase' });

const pooled = z.strictObject({
  cases: z.int().min(1).describe('Number of cases that it rests on.'),
  classes: byName(pooledClassResult, 'By class name.'),
  ...multiclassFields,
});

const statistic = z.number().nullable();
const summary = z
  .strictObject({
    count: count.describe(
      'Cases with a defined value. count + undefined + failed is the number of all cases.',
    ),
    mean: statistic,
    median: statistic,
    sd: statistic,
    q1: statistic,
    q3: statistic,
    min: statistic,
    max: statistic,
    undefined: count.describe('Scored cases where the value is undefined.'),
    failed: count.describe('Cases without a score, failed or incomplete.'),
  })
  .meta({
    id: 'summary',
    description: 'Statistics over cases. sd has the divisor n - 1; quartiles are linear between neighbours.',
  });

const classesMean = z
  .strictObject({
    mean: statistic,
    classes: z.array(z.string()).describe('The classes that it holds: those whose own mean is defined.'),
  })
  .meta({ id: 'classesMean', description: 'Mean over classes of their means over cases.' });

const ofMetrics = <Value extends z.ZodType>(value: Value) =>
  z.strictObject(
    Object.fromEntries(hardMetricNames.map((metric) => [metric, value])) as Record<HardMetricName, Value>,
  );
const overClasses = z.strictObject({
  metrics: ofMetrics(classesMean),
  losses: byName(classesMean, 'By the id of the loss.'),
  shapes: byName(classesMean, 'Measures of borders and lesions, by name.').exactOptional(),
});

const means = z.strictObject({
  classes: byName(
    z.strictObject({
      metrics: ofMetrics(summary),
      losses: byName(summary, 'By the id of the loss.'),
      shapes: byName(summary, 'Measures of borders and lesions, by name.').exactOptional(),
      emptyCases: emptyCases.exactOptional(),
    }),
    'By class name.',
  ),
  losses: byName(summary, 'The multi-class losses, by id.'),
  overClasses: overClasses.describe('Over all classes.'),
  foreground: overClasses.describe('Over all classes but the background, which is the label 0 alone.'),
});

export const resultsSchema = z
  .strictObject({
    version: z.literal(resultsVersion).describe('Version of this layout.'),
    scores: z.enum(['probability', 'logit', 'label']).describe('What the predictions hold.'),
    channels: z.enum(['exclusive', 'independent']).describe('Whether the classes compete for a voxel.'),
    convention: z
      .enum(['pytorch', 'keras'])
      .describe('Whose defaults of smoothing and clipping the losses follow.'),
    decision: z
      .string()
      .regex(
        /^(label|largest channel|(largest channel; regions by )?probability > [0-9.e-]+|logit > 0|sigmoid\(logit\) > [0-9.e-]+)$/,
      )
      .describe(
        'How a voxel is given to a class for the metrics. The confusion matrix goes by the largest channel.',
      ),
    beta: z.number().positive().describe('The β of the metric fbeta.'),
    classes: z.array(
      z.strictObject({
        name: z.string(),
        labels: z.array(label).describe('The labels of the reference that are its foreground.'),
      }),
    ),
    metrics: z.array(metricDescription).describe('The metrics that have means, in order.'),
    losses: z.array(lossDescription),
    shapes: shapesAsked.describe('What was asked of borders and lesions.').exactOptional(),
    warnings: z
      .array(z.string())
      .describe(
        'What may not be as it was meant, though the values are right, such as predictions that are empty or equal to their references. What was said of how files were paired is in run.json. Runs of before this field have none.',
      )
      .exactOptional(),
    cases: z.array(z.union([scoredCase, unscoredCase])).describe('In the order of the manifest.'),
    pooled: pooled
      .nullable()
      .describe('The voxels of all scored cases as one volume; null when none was scored.'),
    means,
  })
  .meta({
    title: 'Results of a run',
    description: 'results.json. It depends on the inputs and the settings only. null is an undefined value.',
  });

export type ResultsDocument = DeepReadonly<z.infer<typeof resultsSchema>>;
export type LossDescription = ResultsDocument['losses'][number];
export type ClassResult = DeepReadonly<z.infer<typeof classResult>>;
export type PooledResult = NonNullable<ResultsDocument['pooled']>;
export type PooledClassResult = DeepReadonly<z.infer<typeof pooledClassResult>>;
export type ScoredCaseResult = DeepReadonly<z.infer<typeof scoredCase>>;
export type CaseResult = ResultsDocument['cases'][number];
/** What a case and the pool have in common. */
export type ScoreResult = Pick<ScoredCaseResult, 'classes' | 'losses' | 'meanOver' | 'confusion'>;
export type CaseSummary = DeepReadonly<z.infer<typeof summary>>;
export type ClassesMean = DeepReadonly<z.infer<typeof classesMean>>;
export type Means = ResultsDocument['means'];
export type DocumentLabel = DeepReadonly<z.infer<typeof label>>;
export type ConfusionDocument = DeepReadonly<z.infer<typeof confusion>>;
