/**
 * What a run measures of voxels is a list of rows (quantities.ts). A row says whether a run needs it, what it takes from each
 * tile, how the partials of a case's tiles are put together, and which work is left then. The tile scorer, the stored
 * partials and the steps of the threads go over the rows and know none of them by name.
 *
 * A tile gives a partial; partials of a case are collected in any order, in bounded memory; what is left to do is cut into
 * jobs that run as steps on any thread; their results make the value of the case.
 */
import type * as z from 'zod';
import type { Box, Vec3 } from '../base/box.ts';
import type { ByteSource } from '../base/byte-source.ts';
import type { Kernels, Layout } from '../kernels/kernels.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { SectionContent, ShardBlob, ShardFile } from './sorted-errors/shard/file.ts';
import type { TileNeeds, TileRegions } from './tile/memory.ts';
import type { TileInput } from './tile/tile-input.ts';
import type { ClassView, TileView } from './tile/tile-view.ts';

/**
 * One row. `Job` and `Result` go between threads as messages, so they are plain data. There is no rim of voxels around a
 * tile: a quantity that looks at neighbours stores its masks as runs, and looks when the case is whole.
 */
export interface Quantity<Job = unknown, Result = unknown, Value = unknown> {
  /** Its name in stored partials and records; never changes. */
  readonly id: string;
  /** Whether a run under these settings measures it. */
  needs(settings: RunSettings): boolean;
  /**
   * Takes room in kernel memory for tiles of at most `needs.voxels` voxels. Called with a layout that only counts as well,
   * for the plan of memory: it must depend on its arguments alone.
   */
  layOut?(layout: Layout, needs: TileNeeds): unknown;
  /** What looks at the tiles of a case, one after the other, in one thread. `room`: what `layOut` gave. */
  meter(bench: Bench, room: unknown): TileMeter;
  /** What puts the partials of a case together. */
  collect(place: CasePlace): Collector<Job>;
  /** What does jobs of one case in one thread. It writes only whole files named by what they are of, so a job may be done again. */
  worker?(): Worker<Job, Result>;
  /** Whether its jobs write the shards of the case, where these are to stay. */
  readonly writesShards?: true;
  /** The value of the case, from what was collected and what the jobs gave, in their order. */
  finish(collected: unknown, results: readonly Result[], context: FinishContext): Value;
  /** Where its value is in the record of the case, by its `id`: how it is read back. Others go into places of their own. */
  readonly schema?: z.ZodType<Value>;
}

/** A thread's kernels and memory, laid out for the tiles of one case. */
export interface Bench {
  readonly kernels: Kernels;
  readonly layout: Layout;
  readonly settings: RunSettings;
  readonly input: TileInput;
  readonly regions: TileRegions;
}

/**
 * Takes from a tile what it needs, at the times when it is there, and gives the tile's partial. Of a tile that must not be
 * scored (a fatal fault) nothing is asked.
 */
export interface TileMeter {
  /**
   * All voxels of the tile are in kernel memory, those to be ignored among them: codes of the reference, scores of the
   * channels (logits as stored), and in `regions.mask` the bits of `maskBits`. Nothing of it may be changed.
   */
  whole?(tile: TileView): void;
  /** The voxels to be ignored are gone; scores and mask of one class are there, logits that compete turned to probabilities. */
  class?(view: ClassView): void;
  /**
   * The partial of the tile, after all classes; views of kernel memory may be in it, they are written before the next tile
   * is read.
   */
  partial(tile: TileView): StoredPartial;
  /**
   * For a case that is this one tile: finishes the row while its voxels are in kernel memory, in place of `class`, `partial`,
   * the collector and its jobs, and gives what these would have given. A row whose jobs read tiles must have it.
   * `writeShard`: stores the shard of a class; null where nobody needs it.
   */
  oneTile?(writeShard: (classIndex: number) => WriteShard | null): OneTileMeter;
}

export interface OneTileMeter {
  class(view: ClassView): void;
  /** What the collector would give, and the results of its jobs, which are done. */
  done(): { readonly collected: unknown; readonly results: readonly unknown[] };
}

/** A partial as it is stored: JSON for what is small, bytes by name for what is not, and sections of sorted keys. */
export interface StoredPartial {
  readonly json?: unknown;
  readonly blobs?: readonly ShardBlob[];
  readonly sections?: readonly SectionContent[];
}

/** A partial as it is read back. */
export interface ReadPartial {
  /** Undefined where the row stored none. */
  readonly json: unknown;
  /** Names of its blobs, in the order stored. */
  readonly blobs: readonly string[];
  /** The bytes of a blob, checked. @throws PartialError naming the file */
  blob(name: string): Uint8Array;
  /** For the sections. Open until the next partial is read. */
  readonly file: ShardFile;
}

/** A case whose partials are collected. */
export interface CasePlace {
  readonly index: number;
  readonly settings: RunSettings;
  /** `[x, y, z]` of the volume and of a tile. */
  readonly shape: Vec3;
  readonly tileShape: Vec3;
  readonly spacingMm: Vec3;
  readonly voxelMm3: number;
  /** Row-major 4 x 4 matrix from voxels of the reference to mm. */
  readonly affine: readonly number[];
  /** What may be taken to put the case together. */
  readonly memoryBytes: number;
  /** The kernels of the thread, whose memory may be laid out anew. */
  kernels(): Kernels;
  /** What a row keeps of the case. */
  kept(id: string): KeptFiles;
}

export interface Collector<Job> {
  /** Adds the partial of the tile at `box`, in any order. @throws PartialError where it is not what it should be */
  add(box: Box, partial: ReadPartial): void;
  /** What was collected, as plain data, and the jobs that are left. */
  done(): { readonly collected: unknown; readonly jobs: readonly Job[] };
}

/** Files that a row keeps of a case in the store of the run, for the questions of later; `name` is of letters, digits and `-`. */
export interface KeptFiles {
  /** Identity of the case, which each file must carry: what is left of other settings or files is never taken for its own. */
  readonly of: string;
  put(name: string, pieces: Iterable<Uint8Array>): void;
  /** To be closed after use. @throws PartialError when it is missing */
  open(name: string): ByteSource;
}

/** Where the value of a case is made. */
export interface FinishContext {
  readonly settings: RunSettings;
  readonly kept: KeptFiles;
}

/**
 * Does jobs of a case, one after the other. What several of them read it may hold, as part of the memory that a job may take: it is
 * gone when its thread does anything else.
 */
export interface Worker<Job = unknown, Result = unknown> {
  work(job: Job, context: JobContext): Result;
}

/** Where a job runs. */
export interface JobContext {
  readonly kernels: Kernels;
  /** What a job may take. */
  readonly memoryBytes: number;
  readonly settings: RunSettings;
  /** The tiles of the case with its partials, each open until the next is asked for. There are none of a case of one tile. */
  shards(): Iterable<ShardFile>;
  readonly kept: KeptFiles;
  /** Stores the merged shard of this job; null where nobody needs it. */
  readonly writeShard: WriteShard | null;
}

/** Stores a shard about something. */
export type WriteShard = (about: object, sections: readonly SectionContent[]) => void;
