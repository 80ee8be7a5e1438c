/** The rows: what runs measure of voxels. Their order is that of their partials; nothing rests on it. */
import type { RunSettings } from '../settings/run-settings.ts';
import { boxErrors } from './box-errors/row.ts';
import { confusion } from './confusion/row.ts';
import { crossEntropy } from './cross-entropy/row.ts';
import { overlap } from './overlap/row.ts';
import type { Quantity } from './quantity.ts';
import { shapes } from './shapes/row.ts';
import { sortedErrors } from './sorted-errors/row.ts';
import { terms } from './terms/row.ts';

/** Rows whose values make a tally. */
export const sumsRows = [overlap, terms, crossEntropy, confusion] as const;

export const quantities: readonly Quantity[] = [
  ...sumsRows,
  boxErrors,
  sortedErrors,
  shapes,
] as readonly Quantity<never, never>[] as readonly Quantity[];

/** Those that a run under these settings measures. */
export function quantitiesOf(settings: RunSettings): readonly Quantity[] {
  return quantities.filter((quantity) => quantity.needs(settings));
}

export function quantityOf(id: string): Quantity {
  return quantities.find((quantity) => quantity.id === id)!;
}
