/** Tallies as JSON: exact sums are texts, and so are labels above 2^53. Read back only through the schema. */
import * as z from 'zod';
import { jsonLabel, labelSchema } from '../../base/label.ts';
import { sumFromText, sumToText } from '../../base/statistics/sum-units.ts';
import type { Tally, TermSum } from './tally.ts';

/** 1 had its sums rounded to fixed units. */
const tallyVersion = 2;

export const count = z.number().int().nonnegative();
const exactSum = z.string().transform((text, context): bigint => {
  const sum = sumFromText(text);
  if (sum !== undefined) return sum;
  context.addIssue('not a sum');
  return z.NEVER;
});
const termSum = z.object({ all: exactSum, foreground: exactSum });

export const tallySchema: z.ZodType<Tally> = z
  .object({
    version: z.literal(tallyVersion),
    voxels: count,
    ignored: count,
    classes: z.array(
      z.object({
        foreground: count,
        hardTp: count,
        hardFp: count,
        error: termSum,
        terms: z.array(termSum),
      }),
    ),
    crossEntropy: z.object({ voxels: count, sum: exactSum }),
    confusion: z.array(z.tuple([labelSchema, labelSchema, count])),
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
  })
  .transform(({ version: _, ...tally }) => tally) as unknown as z.ZodType<Tally>;

/** A tally as JSON can hold it. */
export function encodeTally(tally: Tally): object {
  return {
    version: tallyVersion,
    ...tally,
    classes: tally.classes.map(({ error, terms, ...counts }) => ({
      ...counts,
      error: encodeSum(error),
      terms: terms.map(encodeSum),
    })),
    crossEntropy: { ...tally.crossEntropy, sum: sumToText(tally.crossEntropy.sum) },
    confusion: tally.confusion.map(([reference, prediction, voxels]) => [
      jsonLabel(reference),
      jsonLabel(prediction),
      voxels,
    ]),
  };
}

function encodeSum({ all, foreground }: TermSum) {
  return { all: sumToText(all), foreground: sumToText(foreground) };
}

/** A JSON replacer for objects that hold labels. */
export function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
