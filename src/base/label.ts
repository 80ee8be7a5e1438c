/**
 * A label: an integer from 0 to 2^64 - 1. It is a number as far as numbers are exact and a bigint above, so that
 * neighbours are never merged; two equal labels are always of the same type, and `===`, sets and maps work.
 */
import * as z from 'zod';

export type Label = number | bigint;

/** The largest label that files can hold: that of uint64. */
export const largestLabel = 2n ** 64n - 1n;

export function labelOf(value: bigint): Label {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** From the two halves of an unsigned 64-bit integer. */
export function labelOfWords(low: number, high: number): Label {
  return high < 2 ** 21 ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
}

/** Ascending, numbers and bigints together. */
export function compareLabels(a: Label, b: Label): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** As JSON can hold it: above 2^53 - 1 as decimal digits in a string, for most readers of JSON round such numbers. */
export function jsonLabel(label: Label): number | string {
  return typeof label === 'bigint' ? label.toString() : label;
}

/** Reads what `jsonLabel` wrote. */
export const labelSchema: z.ZodType<Label> = z.union([
  z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  z
    .string()
    .regex(/^\d{16,20}$/)
    .transform((text) => BigInt(text))
    .refine((value) => value > BigInt(Number.MAX_SAFE_INTEGER) && value <= largestLabel),
]);
