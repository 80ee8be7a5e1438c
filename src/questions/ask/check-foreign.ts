/**
 * Whether what a run's folder says of a case agrees with itself: the folder may come from another site. Checksums tell
 * damage; these checks tell a record that was made up, before anything is allocated or computed by its numbers.
 */
import * as z from 'zod';
import { voxelCount } from '../../base/box.ts';
import { PartialError, UsageError } from '../../base/errors.ts';
import { bucketCount } from '../../measures/sorted-errors/shard/directory.ts';
import type { CaseOutcomeRecord, ScoredOutcome } from '../../run/case-outcome.ts';
import type { Store } from '../../run/store.ts';
import { eachShard, type ShardRef } from '../../run/tile-partial.ts';
import type { RunSettings } from '../../settings/run-settings.ts';

/** What a record says that cannot be; undefined for one that agrees with itself and with the settings. */
export function contradiction(
  settings: RunSettings,
  index: number,
  outcome: CaseOutcomeRecord,
): string | undefined {
  if (outcome.index !== index) return `it is the record of case number ${outcome.index}`;
  if (outcome.status !== 'ok') return undefined;
  const { shape, tally, lovasz, shards } = outcome;
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 1)) return 'its shape is none';
  if (tally.voxels + tally.ignored !== voxelCount(shape)) {
    return `it counts ${tally.voxels + tally.ignored} voxels in a volume of ${voxelCount(shape)}`;
  }
  // Label maps with no classes named have their counts in pairs of labels alone.
  const classes = settings.scores === 'label' ? tally.classes.length : settings.classes.length;
  if (tally.classes.length !== classes) return `it has ${tally.classes.length} classes of ${classes}`;
  for (const { foreground, hardTp, hardFp, terms } of tally.classes) {
    if (foreground > tally.voxels || hardTp > foreground || hardFp > tally.voxels - foreground) {
      return 'its counts are larger than the case';
    }
    if (terms.length !== settings.terms.length)
      return `it has ${terms.length} terms of ${settings.terms.length}`;
  }
  if (lovasz.length !== 0 && lovasz.length !== classes) return 'its sorted losses are of other classes';
  // Each shard holds at least one bucket of one class.
  if (!(shards >= 0 && shards <= bucketCount * classes)) return `it claims ${shards} shards`;
  return undefined;
}

/** Whose shards they are, for messages. */
export interface ShardOwner {
  readonly outDir: string;
  readonly caseId: string;
}

const aboutRange = z.object({
  range: z.object({ class: z.int().min(0), first: z.int().min(0), end: z.int().max(bucketCount) }),
});

/**
 * Checks that the shards of a case are of its classes, of ranges that do not overlap, and hold exactly the voxels of each
 * side that its tally counts. @throws UsageError that names the case
 */
export function checkShards(
  owner: ShardOwner,
  { tally }: ScoredOutcome,
  store: Store,
  files: readonly ShardRef[],
): void {
  const keys = tally.classes.map(() => [0, 0]);
  /** Where the last range of each class begins: ranges come by descending bucket. */
  const below = tally.classes.map(() => bucketCount);
  for (const file of files) {
    const path = store.pathOf(file.name);
    const found = sectionsOf(owner, store, file);
    const { class: classIndex, first, end } = found.range;
    if (first >= end || end > (below[classIndex] ?? -1)) {
      throw made(owner, `${path} is of another class or range than its name says`);
    }
    below[classIndex] = first;
    for (const section of found.sections) {
      if (section.class !== classIndex) throw made(owner, `${path} holds keys of another class`);
      keys[classIndex]![section.side]! += section.keys;
    }
  }
  for (const [at, [background, foreground]] of keys.entries()) {
    const known = tally.classes[at]!;
    if (foreground === known.foreground && background === tally.voxels - known.foreground) continue;
    throw made(
      owner,
      `its shards hold ${background! + foreground!} voxels of class ${at}, ${foreground} of them foreground, where its tally has ${tally.voxels} and ${known.foreground}`,
    );
  }
}

function sectionsOf(owner: ShardOwner, store: Store, file: ShardRef) {
  const path = store.pathOf(file.name);
  try {
    // One shard a file.
    for (const { about, sections } of eachShard(store, [file])) {
      return { range: aboutRange.parse(about).range, sections };
    }
    throw made(owner, `${path} holds no shard`);
  } catch (error) {
    if (error instanceof PartialError) throw made(owner, error.message);
    if (error instanceof z.ZodError) throw made(owner, `${path} does not say of what it is`);
    throw error;
  }
}

function made({ outDir, caseId }: ShardOwner, what: string): UsageError {
  return new UsageError(
    'shards-differ',
    `${outDir}: case ${caseId}: ${what}; take the folder from its site again, or score the run again with --overwrite`,
    { caseId, file: outDir },
  );
}
