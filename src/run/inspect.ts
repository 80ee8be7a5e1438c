import type { Config } from '../config/schema.ts';
import { UsageError } from '../errors.ts';
import { readHeader } from '../nifti/header.ts';
import { encodings } from '../plan/case-plan.ts';
import { automaticTileShape, tileGrid } from '../plan/tile-grid.ts';
import type { ScoreKind } from '../results/scored.ts';
import { tileBytes } from '../score/memory.ts';
import { tileNeeds } from '../score/tile-input.ts';
import { dataBytes } from '../volume/length.ts';
import type { VolumeHeader } from '../volume/types.ts';
import { type Vec3, voxelCount } from '../voxel/box.ts';
import { resolveSettings } from './resolve-settings.ts';
import type { RunSettings } from './settings.ts';

/** What a volume is, and what scoring it as a prediction would take. */
export interface InspectReport {
  readonly header: VolumeHeader;
  /** Bytes of all voxels, inflated. */
  readonly dataBytes: number;
  /** `undefined` when it cannot be told or scored; `note` says why. */
  readonly scores?: ScoreKind;
  readonly note: string;
  readonly tiles?: TileProjection;
}

export interface TileProjection {
  /** `[x, y, z]` of a whole tile. */
  readonly shape: Vec3;
  readonly count: number;
  /** Kernel memory of one thread for such a tile, against a uint8 reference, and what it may have. */
  readonly threadBytes: number;
  readonly allowedBytes: number;
  readonly threads: number;
}

/** A smaller tile saves nothing: the tables of a thread take more. */
const leastTileVoxels = 4096;

/**
 * Reads the header of a volume and as many voxels as `auto` needs to tell the kind of scores.
 * @throws InputError for a file that cannot be scored, MachineError when storage fails.
 */
export async function inspectFile(path: string, config: Config): Promise<InspectReport> {
  const header = await readHeader(path);
  const known = { header, dataBytes: dataBytes(header) };
  try {
    const anyClasses = { ...config, classes: null };
    const one = { id: path, predictions: [path], reference: path };
    const { settings, threads, notes } = await resolveSettings(anyClasses, [one]);
    return {
      ...known,
      scores: settings.scores,
      note: notes.join('; '),
      tiles: { ...projectTiles(header, settings), threads },
    };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { ...known, note: error.message };
  }
}

/** The tile asked for, or the largest automatic one that a thread's memory holds. */
function projectTiles(header: VolumeHeader, settings: RunSettings): Omit<TileProjection, 'threads'> {
  const allowedBytes = settings.threadMemoryBytes;
  const reference = { datatype: 'uint8', littleEndian: true, slope: 1, intercept: 0 } as const;
  const input = { predictions: encodings([header]), reference, shape: header.shape };
  const bytesOf = (shape: Vec3) => tileBytes(tileNeeds(settings, input, voxelCount(shape)));
  let voxels = settings.tileVoxels;
  const shapeNow = () => settings.tileShape ?? automaticTileShape(header.shape, voxels);
  while (settings.tileShape === null && voxels > leastTileVoxels && bytesOf(shapeNow()) > allowedBytes) {
    voxels = Math.floor(voxels / 2);
  }
  const grid = tileGrid(header.shape, shapeNow());
  return { shape: grid.tileShape, count: grid.length, threadBytes: bytesOf(grid.tileShape), allowedBytes };
}
