/** What a comparison of two runs tells. docs/comparison.schema.json is made from here. */
import * as z from 'zod';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

export const comparisonVersion = 2;

const count = z.int().min(0);
const value = z.number().nullable();
const interval = z
  .strictObject({ low: z.number(), high: z.number() })
  .nullable()
  .describe('Of the difference.');

const means = z
  .strictObject({
    count: count.describe('Cases where both values are defined; means and the difference are over these.'),
    undefined: count.describe('Matched cases where one of them is not.'),
    a: value,
    b: value,
    difference: value,
    interval,
    wilcoxon: z
      .strictObject({
        count: count.describe('Differences that are not 0; zeros are left out, as Wilcoxon did.'),
        zeros: count,
        positiveRanks: z.number().describe('Rank sums; equal sizes share their mean rank.'),
        negativeRanks: z.number(),
        method: z.enum(['exact', 'normal']),
        pValue: z.number(),
      })
      .nullable()
      .describe('The two-sided signed-rank test; null where every difference is 0.'),
  })
  .meta({ id: 'means' });

const pooled = z.strictObject({ a: value, b: value, difference: value, interval }).meta({ id: 'pooled' });

export const comparisonSchema = z
  .strictObject({
    version: z.literal(comparisonVersion).describe('Version of this layout.'),
    a: z.string().describe('The folder of a run, as given.'),
    b: z.string(),
    seed: count,
    resamples: count,
    level: z.number().describe('Share of the draws that an interval holds.'),
    method: z.literal('percentile bootstrap over cases'),
    cases: z.array(z.string()).describe('Ids of the cases that both runs scored, in the order of a.'),
    leftOut: z.strictObject({
      casesOfA: z.array(z.string()),
      casesOfB: z.array(z.string()),
      unscored: z.array(z.string()).describe('In both runs and without a score in one of them.'),
      classes: z
        .array(z.string())
        .describe('Classes, and below losses, that only one run has, or with other labels or parameters.'),
      losses: z.array(z.string()),
    }),
    differences: z
      .array(z.string())
      .describe('Settings in which the runs differ, in words; a comparison goes on with them.'),
    measures: z.array(
      z.strictObject({
        class: z.string().nullable().describe('Null for a value over the classes.'),
        kind: z.enum(['metric', 'loss', 'shape']).describe('shape: of borders and lesions.'),
        measure: z
          .string()
          .describe('The name of a metric, the id of a loss, or such as voxel.hd95.directed.'),
        means: means.nullable().describe('Null for Dice by mm³, which only a pool has.'),
        pooled: pooled.describe(
          'Over the voxels of the matched cases; sorted losses, borders and lesions have no interval.',
        ),
      }),
    ),
  })
  .meta({
    title: 'Comparison of two runs',
    description: 'What compare --out and --json write. Differences are b - a; null is an undefined value.',
  });

export type Comparison = DeepReadonly<z.infer<typeof comparisonSchema>>;
export type ComparedMeasure = Comparison['measures'][number];
export type ComparedMean = NonNullable<ComparedMeasure['means']>;
export type ComparedPool = ComparedMeasure['pooled'];
