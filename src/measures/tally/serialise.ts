/** Tallies as JSON: exact sums are texts, and so are labels above 2^53. Read back only through the schema. */
import * as z from 'zod';
import { jsonLabel, labelSchema } from '../../base/label.ts';
import { sumFromText, sumToText } from '../../base/statistics/sum-units.ts';
import type { ClassOverlap, GateTally, Tally, TermSum } from './tally.ts';

/** 1 had its sums rounded to fixed units. */
const tallyVersion = 2;

export const count = z.number().int().nonnegative();
const exactSum = z.string().transform((text, context): bigint => {
  const sum = sumFromText(text);
  if (sum !== undefined) return sum;
  context.addIssue('not a sum');
  return z.NEVER;
});
export const termSumSchema: z.ZodType<TermSum> = z.object({ all: exactSum, foreground: exactSum });
const overlapShape = { foreground: count, hardTp: count, hardFp: count, error: termSumSchema };
export const overlapSchema: z.ZodType<ClassOverlap> = z.object(overlapShape);
export const crossEntropySchema: z.ZodType<Tally['crossEntropy']> = z.object({
  voxels: count,
  sum: exactSum,
});
export const confusionSchema: z.ZodType<Tally['confusion']> = z.array(
  z.tuple([labelSchema, labelSchema, count]),
);

const gateShape = {
  voxels: count,
  ignored: count,
  faults: z.array(
    z.object({
      kind: z.enum([
        'not-finite',
        'out-of-range',
        'moved',
        'not-a-label',
        'unknown-label',
        'logit-too-large',
        'sum-not-one',
      ]),
      channel: z.number().int(),
      count,
      firstIndex: count,
      firstValue: z.string(),
    }),
  ),
  leastScore: z.number().nullable(),
};
export const gateSchema: z.ZodType<GateTally> = z.object(gateShape);

export const tallySchema: z.ZodType<Tally> = z
  .object({
    version: z.literal(tallyVersion),
    ...gateShape,
    classes: z.array(z.object({ ...overlapShape, terms: z.array(termSumSchema) })),
    crossEntropy: crossEntropySchema,
    confusion: confusionSchema,
  })
  .transform(({ version: _, ...tally }) => tally);

/** A tally as JSON can hold it. */
export function encodeTally(tally: Tally): object {
  return {
    version: tallyVersion,
    ...tally,
    classes: tally.classes.map(({ terms, ...own }) => ({
      ...encodeOverlap(own),
      terms: terms.map(encodeSum),
    })),
    crossEntropy: encodeCrossEntropy(tally.crossEntropy),
    confusion: encodeConfusion(tally.confusion),
  };
}

export function encodeOverlap({ error, ...counts }: ClassOverlap) {
  return { ...counts, error: encodeSum(error) };
}

export function encodeCrossEntropy({ voxels, sum }: Tally['crossEntropy']) {
  return { voxels, sum: sumToText(sum) };
}

export function encodeConfusion(confusion: Tally['confusion']) {
  return confusion.map(([reference, prediction, n]) => [jsonLabel(reference), jsonLabel(prediction), n]);
}

export function encodeSum({ all, foreground }: TermSum) {
  return { all: sumToText(all), foreground: sumToText(foreground) };
}

/** A JSON replacer for objects that hold labels. */
export function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
