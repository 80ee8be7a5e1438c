/** What a tile's partial says of itself, beside its keys. */
import * as z from 'zod';
import type { Box } from '../base/box.ts';
import { PartialError } from '../base/errors.ts';
import { type BoxSums, boxSumsSchema, boxWidth } from '../measures/box-errors/box-sums.ts';
import type { ShardFile } from '../measures/sorted-errors/shard/file.ts';
import { tallySchema } from '../measures/tally/serialise.ts';
import type { Tally } from '../measures/tally/tally.ts';

export const aboutTile = z.object({
  case: z.number().int(),
  tile: z.number().int(),
  box: z.object({ origin: z.array(z.number().int()), shape: z.array(z.number().int()) }),
  tally: z.unknown(),
  /** Errors by slab; absent where there is one, or too many labels for that. */
  slabs: boxSumsSchema.optional(),
});

const scoredTile = aboutTile.extend({ tally: tallySchema });

/** What a tile's partial says of itself. @throws PartialError when it is of another tile or plan */
export function checkedTile(
  file: ShardFile,
  caseIndex: number,
  tile: number,
  box: Box,
  slabs: readonly Box[],
): { tally: Tally; slabs: BoxSums | undefined } {
  const found = scoredTile.safeParse(file.about);
  if (!found.success) throw ofAnother(file.path);
  const about = found.data;
  if (
    about.case !== caseIndex ||
    about.tile !== tile ||
    String(about.box.origin) !== String(box.origin) ||
    String(about.box.shape) !== String(box.shape)
  ) {
    throw ofAnother(file.path);
  }
  const { tally, slabs: sums } = about;
  if (sums && sums.values.length !== slabs.length * boxWidth(sums.keys.length)) throw ofAnother(file.path);
  return { tally, slabs: sums };
}

export function ofAnother(file: string): PartialError {
  return new PartialError('partial-of-another', `${file} is of another tile or plan; it is made again`, {
    file,
  });
}
