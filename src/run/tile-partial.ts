/** The partial of a tile as it is stored: what it is of, what the gate found, and what each row took from it. */
import * as z from 'zod';
import type { Box } from '../base/box.ts';
import { BytesInMemory } from '../base/byte-source.ts';
import { PartialError } from '../base/errors.ts';
import { quantitiesOf, sumsRows } from '../measures/quantities.ts';
import type { CasePlace, Collector, Quantity, ReadPartial } from '../measures/quantity.ts';
import { encodeShard, ShardFile } from '../measures/sorted-errors/shard/file.ts';
import { gateSchema } from '../measures/tally/serialise.ts';
import { emptyGate, type GateTally, mergeGates, type Tally } from '../measures/tally/tally.ts';
import { type RowValues, tallyOf } from '../measures/tally/tally-of.ts';
import type { TileScores } from '../measures/tile/tile-scorer.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { openPartial } from './records.ts';
import type { Store } from './store.ts';

/** A stored file of shards and the identity (identity.ts) that each of them must carry. */
export interface ShardRef {
  readonly name: string;
  readonly of: string;
}

const identified = z.looseObject({ of: z.string() });

/**
 * The shards of the files, each open while it is at hand: a case may have more files than a process may have open.
 * @throws PartialError for a file that is missing, torn, corrupt or of something else
 */
export function* eachShard(store: Store, files: Iterable<ShardRef>): Generator<ShardFile> {
  for (const { name, of } of files) {
    const source = openPartial(store, name);
    try {
      for (const shard of ShardFile.each(source)) {
        if (identified.safeParse(shard.about).data?.of !== of) throw ofAnother(source);
        yield shard;
      }
    } finally {
      source.close();
    }
  }
}

/** Version 1 had a tally in place of the rows. */
const version = 2;

const aboutTile = z.object({
  version: z.literal(version),
  case: z.number().int(),
  tile: z.number().int(),
  box: z.object({ origin: z.array(z.number().int()), shape: z.array(z.number().int()) }),
  gate: gateSchema,
  /** The JSON of each row, by its id. */
  rows: z.record(z.string(), z.unknown()),
});

/** The tile's shard in pieces. `of`: the identity of its plan. */
export function encodeTile(
  of: string,
  caseIndex: number,
  tile: number,
  box: Box,
  scores: TileScores,
): Uint8Array[] {
  const partials = [...scores.partials];
  const rows = Object.fromEntries(partials.map(([id, { json }]) => [id, json ?? null]));
  return encodeShard(
    { of, version, case: caseIndex, tile, box, gate: scores.gate, rows },
    partials.flatMap(([, { sections = [] }]) => sections),
    partials.flatMap(([id, { blobs = [] }]) =>
      blobs.map((blob) => ({ ...blob, name: `${id}/${blob.name}` })),
    ),
  );
}

/** A tile as it is read back. */
export interface StoredTile {
  readonly gate: GateTally;
  /** What a row stored; undefined of a tile that must not be scored. */
  row(id: string): ReadPartial | undefined;
}

/** What a tile's partial says of itself. @throws PartialError when it is of another tile, plan or version */
export function checkedTile(file: ShardFile, caseIndex: number, tile: number, box: Box): StoredTile {
  const found = aboutTile.safeParse(file.about);
  if (!found.success) throw ofAnother(file);
  const about = found.data;
  if (about.case !== caseIndex || about.tile !== tile || !isOfBox(about.box, box)) throw ofAnother(file);
  return storedTile(file, about);
}

/** The tile at `box`; undefined where the shard is of another. */
export function tileAt(file: ShardFile, box: Box): StoredTile | undefined {
  const found = aboutTile.safeParse(file.about);
  if (!found.success) throw ofAnother(file);
  return isOfBox(found.data.box, box) ? storedTile(file, found.data) : undefined;
}

function isOfBox(stored: z.infer<typeof aboutTile>['box'], { origin, shape }: Box): boolean {
  return String(stored.origin) === String(origin) && String(stored.shape) === String(shape);
}

function storedTile(file: ShardFile, { gate, rows }: z.infer<typeof aboutTile>): StoredTile {
  return {
    gate,
    row(id) {
      if (!Object.hasOwn(rows, id)) return undefined;
      const prefix = `${id}/`;
      return {
        json: rows[id] ?? undefined,
        blobs: file.blobs.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
        blob: (name) => file.blob(prefix + name),
        file,
      };
    },
  };
}

/** The tally of a stored tile, from the rows that it is made of. */
export function tallyOfTile({ gate, row }: StoredTile, settings: RunSettings): Tally {
  const values = Object.fromEntries(
    sumsRows.map(({ id, partial }) => {
      const stored = row(id);
      return [id, stored && partial.parse(stored.json)];
    }),
  );
  return tallyOf(settings, gate, values);
}

/** What was collected of a case, by row. */
export interface CollectedCase {
  readonly gate: GateTally;
  readonly rows: readonly CollectedRow[];
}

export interface CollectedRow {
  readonly id: string;
  readonly collected: unknown;
  readonly jobs: readonly unknown[];
}

/** Puts the tiles of a case together, each row its own partials. */
export class TileCollector {
  readonly #collectors: readonly { readonly id: string; readonly collector: Collector<unknown> }[];
  #gate: GateTally = emptyGate;

  constructor(place: CasePlace, rows = quantitiesOf(place.settings)) {
    this.#collectors = rows.map((row) => ({
      id: row.id,
      collector: row.collect(place),
    }));
  }

  add(box: Box, tile: StoredTile, file: ShardFile): void {
    this.#gate = mergeGates(this.#gate, tile.gate);
    // Of tiles that must not be scored nothing was taken: the case fails.
    if (isFatal(tile.gate)) return;
    for (const { id, collector } of this.#collectors) {
      const partial = tile.row(id);
      if (!partial) throw ofAnother(file);
      collector.add(box, partial);
    }
  }

  /** Without a value of any row where voxels must not be scored. */
  done(): CollectedCase {
    if (isFatal(this.#gate)) return { gate: this.#gate, rows: [] };
    return {
      gate: this.#gate,
      rows: this.#collectors.map(({ id, collector }) => ({ id, ...collector.done() })),
    };
  }
}

/** What was collected of a case that was scored as one tile. */
export interface CollectedTile extends CollectedCase {
  /** Of the rows that have no job left. */
  readonly values: RowValues;
}

/** `TileCollector` for a case that is one tile and was stored nowhere. `of`: the identity of its plan. */
export function collectTile(of: string, place: CasePlace, box: Box, scores: TileScores): CollectedTile {
  const rows = quantitiesOf(place.settings);
  const source = new BytesInMemory(`case ${place.index}`, encodeTile(of, place.index, 0, box, scores));
  const shard = ShardFile.at(source);
  const collector = new TileCollector(
    place,
    rows.filter(({ id }) => !scores.finished.has(id)),
  );
  collector.add(box, checkedTile(shard, place.index, 0, box), shard);
  const { gate, rows: collected } = collector.done();
  const values: Record<string, unknown> = {};
  const finish = (row: Quantity, found: unknown, results: readonly unknown[]) => {
    values[row.id] = row.finish(found, results, { settings: place.settings, kept: place.kept(row.id) });
    return { id: row.id, collected: found, jobs: [] };
  };
  return {
    gate,
    rows: rows.flatMap((row): CollectedRow[] => {
      const finished = scores.finished.get(row.id);
      if (finished) return [finish(row, finished.collected, finished.results)];
      const left = collected.find(({ id }) => id === row.id);
      if (left === undefined || left.jobs.length > 0) return left ? [left] : [];
      return [finish(row, left.collected, [])];
    }),
    values,
  };
}

/** Whether the case must not be scored. */
export function isFatal({ faults }: GateTally): boolean {
  return faults.some(({ kind }) => kind !== 'moved');
}

/** An inflated copy is not what was inflated: nothing that was read of it counts. */
export function stagedChanged(file: string): PartialError {
  return new PartialError('staged-changed', `${file}: this inflated copy was changed`, {
    file,
  });
}

export function ofAnother({ path, name }: { readonly path: string; readonly name: string }): PartialError {
  return new PartialError('partial-of-another', `${path} is of other settings, files or tiles`, {
    file: path,
    record: name,
  });
}
