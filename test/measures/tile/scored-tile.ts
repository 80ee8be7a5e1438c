import { type BoxSums, boxSumsSchema } from '../../../src/measures/box-errors/box-sums.ts';
import { sumsRows } from '../../../src/measures/quantities.ts';
import type { SectionContent } from '../../../src/measures/sorted-errors/shard/file.ts';
import type { Tally } from '../../../src/measures/tally/tally.ts';
import { tallyOf } from '../../../src/measures/tally/tally-of.ts';
import type { TileScores } from '../../../src/measures/tile/tile-scorer.ts';
import type { RunSettings } from '../../../src/settings/run-settings.ts';

/** What the rows took from a tile, read back from what they would store. */
export function scoredTile(
  settings: RunSettings,
  { gate, partials }: TileScores,
): { tally: Tally; slabs: BoxSums | undefined; sections: readonly SectionContent[] } {
  const values = sumsRows.map(({ id, partial }) => {
    const stored = partials.get(id);
    return [id, stored && partial.parse(stored.json)];
  });
  const errors = partials.get('box-errors')?.json as { slabs?: unknown } | undefined;
  return {
    tally: tallyOf(settings, gate, Object.fromEntries(values)),
    slabs: errors?.slabs === undefined ? undefined : boxSumsSchema.parse(errors.slabs),
    sections: partials.get('sorted-errors')?.sections ?? [],
  };
}
