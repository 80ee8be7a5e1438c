/** Tallies as JSON: integers beyond 2^53 are decimal strings. Read back only through the schema. */
import * as z from 'zod';
import { labelSchema } from '../../base/label.ts';
import type { Tally } from './tally.ts';

export const count = z.number().int().nonnegative();
const bigInteger = z
  .string()
  .regex(/^-?\d+$/)
  .transform((text) => BigInt(text));
const termSum = z.object({ all: bigInteger, foreground: bigInteger });

export const tallySchema: z.ZodType<Tally> = z.object({
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
  crossEntropy: z.object({ voxels: count, sum: bigInteger }),
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
  // Absent in tallies of versions that did not look for it.
  leastScore: z.number().nullable().default(null),
}) as unknown as z.ZodType<Tally>;

/** A JSON replacer for objects that hold tallies. */
export function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
