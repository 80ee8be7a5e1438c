/** The regions of a thread's kernel memory while it scores tiles, as far as rows share them. */
import { bitmapBytes, type Layout } from '../../kernels/kernels.ts';
import { bucketCount } from '../sorted-errors/shard/directory.ts';
import { termRowLength } from '../terms/term-row.ts';
import { passBytes } from './class-pass.ts';
import { dictionaryBytes } from './label-codes.ts';

export interface TileNeeds {
  /** Voxels of the largest tile. */
  readonly voxels: number;
  readonly predictionBytes: number;
  /** Whether all channels are converted where they stand (4 bytes a stored voxel). */
  readonly inPlace: boolean;
  readonly referenceBytes: number;
  readonly channels: number;
  readonly classes: number;
  /** Terms that are summed of each voxel. */
  readonly terms: number;
  /** Whether channels compete or the prediction is a label map: voxels have a predicted label. */
  readonly labels: boolean;
  /** Whether some class sums several channels. */
  readonly sums: boolean;
  /** Whether files may hold labels that are not codes themselves. */
  readonly largeLabels: boolean;
}

/** Addresses of the regions in kernel memory. */
export interface TileRegions {
  /** Stored bytes of each channel; the same as `scores` where they are converted in place. */
  readonly predictions: readonly number[];
  readonly scores: readonly number[];
  readonly reference: number;
  readonly codes: number;
  readonly mask: number;
  readonly labels: number;
  readonly sum: number;
  /** Scratch of the kernels, zero between their calls. */
  readonly cells: number;
  readonly bitmap: number;
  readonly scratch: number;
  /** Look-up tables by code, a byte and two bytes each. */
  readonly lut: number;
  readonly channelOf: number;
  readonly ranks: number;
  /** A `LabelDictionary`. */
  readonly dictionary: number;
  readonly channelList: number;
  readonly terms: number;
  readonly out: number;
}

export function layOutTile(layout: Layout, needs: TileNeeds): TileRegions {
  layout.reset();
  const perChannel = <T>(make: () => T) => Array.from({ length: needs.channels }, make);
  const scoresOf = () => perChannel(() => layout.region(4 * needs.voxels));
  const inPlace = needs.inPlace ? scoresOf() : undefined;
  const regions = {
    predictions: inPlace ?? perChannel(() => layout.region(needs.predictionBytes * needs.voxels)),
    reference: layout.region(needs.referenceBytes * needs.voxels),
    codes: layout.region(2 * needs.voxels),
    mask: layout.region(needs.voxels),
    labels: layout.region(needs.labels ? 2 * needs.voxels : 0),
    sum: layout.region(needs.sums ? 4 * needs.voxels : 0),
    cells: layout.region(8 * bucketCount),
    bitmap: layout.region(bitmapBytes),
    scratch: layout.region(12 * bucketCount),
    lut: layout.region(bucketCount),
    channelOf: layout.region(2 * bucketCount),
    ranks: layout.region(4 * bucketCount),
    dictionary: layout.region(needs.largeLabels ? dictionaryBytes : 0),
    channelList: layout.region(8 * needs.channels),
    terms: layout.region(8 * termRowLength * needs.terms),
    out: layout.region(passBytes(needs.terms)),
  };
  // Label maps never touch them. Jobs lay the memory out anew from its start: they get what is already backed by pages.
  return { ...regions, scores: inPlace ?? scoresOf() };
}
