import { type Vec3, voxelCount } from '../base/box.ts';
import { UsageError } from '../base/errors.ts';
import type { ScoreKind } from '../base/scored.ts';
import { tileGrid } from '../base/tile-grid.ts';
import { tileBytes } from '../measures/tile/tile-bytes.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { Config } from '../settings/schema.ts';
import { readWhole } from '../volumes/check-whole.ts';
import { readHeader } from '../volumes/formats.ts';
import { dataBytes } from '../volumes/length.ts';
import type { VolumeHeader } from '../volumes/types.ts';
import { channelHeaders } from './plan/case-plan.ts';
import { planMemory } from './plan/memory.ts';
import { automaticTile } from './plan/tile-shape.ts';

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
    const { threads, threadBytes } = planMemory(config);
    const { settings, notes, unreadable } = await resolveSettings(anyClasses, [one]);
    // Names the damage.
    if (unreadable) await readWhole(header);
    return {
      ...known,
      scores: settings.scores,
      note: notes.join('; '),
      tiles: { ...projectTiles(header, settings, threadBytes), threads },
    };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { ...known, note: error.message };
  }
}

/** The tile asked for, or the largest automatic one that a thread's memory holds. */
function projectTiles(
  header: VolumeHeader,
  settings: RunSettings,
  allowedBytes: number,
): Omit<TileProjection, 'threads'> {
  const reference = { datatype: 'uint8', littleEndian: true, slope: 1, intercept: 0 } as const;
  const input = { predictions: channelHeaders([header]), reference, shape: header.shape };
  const bytesOf = (voxels: number) => tileBytes(settings, input, voxels);
  const { shape } = header;
  const automatic = () => automaticTile(shape, settings, bytesOf, allowedBytes).tileShape;
  const { tileShape, length } = tileGrid(shape, settings.tileShape ?? automatic());
  return { shape: tileShape, count: length, threadBytes: bytesOf(voxelCount(tileShape)), allowedBytes };
}
