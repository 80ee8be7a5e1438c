/** The plan of a case: from headers and settings alone, how its volumes are read and cut. */
import * as z from 'zod';
import type { Vec3 } from '../../base/box.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { InputError } from '../../base/errors.ts';
import { isFileOrder, tileGrid } from '../../base/tile-grid.ts';
import { voxelVec3Schema } from '../../base/vec3-schema.ts';
import type { ManifestCase } from '../../cases/types.ts';
import { tileBytes } from '../../measures/tile/tile-bytes.ts';
import { scaled } from '../../settings/case-evidence.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import { readHeader } from '../../volumes/formats.ts';
import { type AxisMapping, axisMappingSchema, isIdentity } from '../../volumes/grids/axis-mapping.ts';
import { checkGeometry } from '../../volumes/grids/check.ts';
import { inputStamps, stampInputs } from '../../volumes/input-stamps.ts';
import { dataBytes } from '../../volumes/length.ts';
import { isSameFile } from '../../volumes/same-file.ts';
import { datatypeBytes, type VolumeHeader, volumeHeaderSchema } from '../../volumes/types.ts';
import { caseIdentity, planIdentity } from '../identity.ts';
import { bundleCount, type Cut, tilesPerBundle } from './bundles.ts';
import { chooseTileShape } from './tile-shape.ts';

/** As it is stored; `shape`, `tileShape` and `bundleTiles` are its `Cut`. */
export const casePlanSchema = z.object({
  index: z.int().min(0),
  /** Identity of the plan, that its tiles carry, and of what is computed, that its outcome carries (identity.ts). */
  id: z.string(),
  of: z.string(),
  /** Number of the start of the run that planned it; 0 where runs are not numbered. */
  start: z.int().min(0),
  /**
   * `tiles`: any tile can be read by any thread. `stream`: gzip, read once from its start, tiles in file order.
   * `stage`: gzip that is inflated to raw files in the run's folder first, then as `tiles`.
   */
  mode: z.enum(['tiles', 'stream', 'stage']),
  shape: voxelVec3Schema,
  tileShape: voxelVec3Schema,
  bundleTiles: z.int().min(1),
  /** What a thread may take for a tile; null for any. */
  threadBytes: z.number().positive().nullable().default(null),
  /** One file, or one per channel. */
  predictions: z.array(volumeHeaderSchema),
  reference: volumeHeaderSchema,
  /** How the prediction's axes lie on the reference's, where they differ. */
  mapping: axisMappingSchema.nullable(),
  /** The files as they were before anything was read. */
  inputs: inputStamps,
  /** The inflated copies as they were made. */
  staged: inputStamps,
});
export type CasePlan = DeepReadonly<z.infer<typeof casePlanSchema>>;

/**
 * Reads the headers of a case and plans it for threads that may each take `threadBytes` (any, for those who score nothing).
 * @throws InputError for a missing or unusable file, grids that differ, or tiles that memory cannot hold.
 */
export async function planCase(
  entry: ManifestCase,
  index: number,
  settings: RunSettings,
  threadBytes = Number.POSITIVE_INFINITY,
): Promise<CasePlan> {
  const place = { caseId: entry.id, file: entry.reference };
  if (entry.missing === 'prediction' || entry.predictions.length === 0) {
    throw new InputError(
      'prediction-missing',
      `case ${entry.id}: ${entry.reference} has no prediction`,
      place,
    );
  }
  const same = settings.allowIdentical
    ? undefined
    : entry.predictions.find((file) => isSameFile(file, entry.reference));
  if (same !== undefined) {
    throw new InputError(
      'identical-files',
      `case ${entry.id}: prediction and reference are the same file (${same}); check both paths, or say --allow-identical`,
      { caseId: entry.id, file: same },
    );
  }
  const named = stampInputs([...entry.predictions, entry.reference]);
  const reference = await readHeader(entry.reference);
  if (reference.channels !== 1) {
    throw new InputError(
      'reference-channels',
      `case ${entry.id}: ${entry.reference} holds ${reference.channels} volumes in one file; a reference is one label map. If each volume is the mask of a label (one-hot), write them as one 3-D volume that holds label k where volume k is 1; if masks overlap, score each against its own channel in a run of its own`,
      place,
    );
  }
  const predictions: VolumeHeader[] = [];
  for (const file of entry.predictions) predictions.push(scaled(await readHeader(file), settings.scale));
  checkChannels(entry, predictions, settings);
  const mapping = checkGrids(entry, predictions, reference, settings);
  const needs = (voxels: number) =>
    tileBytes(
      settings,
      { predictions: channelHeaders(predictions), reference, shape: reference.shape },
      voxels,
    );
  const tileShape = chooseTileShape(entry, reference.shape, settings, needs, threadBytes);
  // A stream brings a bundle at once, within the share of the memory that a tile may have.
  const bundleVoxels = Math.min(settings.bundleVoxels, threadBytes / voxelBytes({ predictions, reference }));
  const inputs = [...named, ...stampInputs(imagesOfPairs([...predictions, reference]))];
  const cut = {
    shape: reference.shape,
    tileShape,
    bundleTiles: tilesPerBundle(tileGrid(reference.shape, tileShape), bundleVoxels),
  };
  checkFiles(entry, cut);
  const of = caseIdentity(settings, entry.id, inputs);
  return {
    index,
    id: planIdentity(of, settings, cut),
    of,
    start: 0,
    mode: chooseMode(predictions, reference, mapping, tileShape, settings),
    predictions,
    reference,
    mapping,
    ...cut,
    threadBytes: Number.isFinite(threadBytes) ? threadBytes : null,
    inputs,
    staged: [],
  };
}

/** The `.img` files of `.hdr/.img` pairs. */
function imagesOfPairs(headers: readonly VolumeHeader[]): string[] {
  return headers.flatMap(({ path, dataPath }) => (dataPath === path ? [] : [dataPath]));
}

/** One encoding a channel: a file with several channels is listed once for each. */
export function channelHeaders(predictions: readonly VolumeHeader[]): VolumeHeader[] {
  return predictions.flatMap((header) => Array.from({ length: header.channels }, () => header));
}

/** Stored bytes of a case, inflated. */
export function caseBytes(plan: Pick<CasePlan, 'predictions' | 'reference'>): number {
  return [...plan.predictions, plan.reference].reduce((sum, header) => sum + dataBytes(header), 0);
}

/** Stored bytes of a voxel over all channels and the reference. */
export function voxelBytes(plan: Pick<CasePlan, 'predictions' | 'reference'>): number {
  return channelHeaders(plan.predictions).reduce(
    (sum, { datatype }) => sum + datatypeBytes[datatype],
    datatypeBytes[plan.reference.datatype],
  );
}

/** Files of a case's tiles at most, and what each costs in bytes of disk and milliseconds. */
const maxTileFiles = 20_000;
const fileBytes = 4096;
const fileMs = 1;

/** @throws InputError for a cut into so many files that the file system, and not the voxels, would take the time */
function checkFiles({ id }: ManifestCase, cut: Cut): void {
  const files = bundleCount(cut);
  if (files <= maxTileFiles) return;
  const tiles = tileGrid(cut.shape, cut.tileShape).length;
  throw new InputError(
    'too-many-files',
    `case ${id}: ${tiles} tiles of ${cut.tileShape.join(' x ')} voxels in bundles of ${cut.bundleTiles} would be ${files} files, at least ${Math.ceil((files * fileBytes) / 2 ** 20)} MiB of disk and ${Math.ceil((files * fileMs) / 1000)} s for the files alone; at most ${maxTileFiles} are made: give a larger --tile or --tile-bundle`,
    { caseId: id, field: 'tile' },
  );
}

function checkChannels(
  entry: ManifestCase,
  predictions: readonly VolumeHeader[],
  settings: RunSettings,
): void {
  const channels = channelHeaders(predictions).length;
  if (channels === settings.channelCount) return;
  const [first] = entry.predictions;
  throw new InputError(
    'channel-count',
    `case ${entry.id}: ${first} gives ${channels} channels where this run has ${settings.channelCount}; score cases of another kind in a run of their own`,
    { caseId: entry.id, file: first! },
  );
}

function checkGrids(
  entry: ManifestCase,
  predictions: readonly VolumeHeader[],
  reference: VolumeHeader,
  settings: RunSettings,
): AxisMapping | null {
  const mappings = predictions.map((prediction) =>
    checkGeometry(prediction, reference, {
      toleranceMm: settings.geometryToleranceMm,
      reorient: settings.reorient,
      caseId: entry.id,
    }),
  );
  const [mapping] = mappings;
  if (mappings.some((other) => JSON.stringify(other) !== JSON.stringify(mapping))) {
    throw new InputError('geometry-mismatch', `case ${entry.id}: the channel files lie on different grids`, {
      caseId: entry.id,
    });
  }
  return isIdentity(mapping!) ? null : mapping!;
}

function chooseMode(
  predictions: readonly VolumeHeader[],
  reference: VolumeHeader,
  mapping: AxisMapping | null,
  tileShape: Vec3,
  settings: RunSettings,
): CasePlan['mode'] {
  const files = [...predictions, reference];
  if (!files.some((header) => header.compressed)) return 'tiles';
  const inOrder =
    mapping === null &&
    predictions.every((header) => header.channels === 1) &&
    isFileOrder(tileGrid(reference.shape, tileShape));
  const large = caseBytes({ predictions, reference }) > settings.stageAboveBytes;
  return inOrder && !large ? 'stream' : 'stage';
}
