/** What a case's files are to the scorer of its tiles. */

import type { Vec3 } from '../../base/box.ts';
import { predictsLabels, type RunSettings } from '../../settings/run-settings.ts';
import { datatypeBytes } from '../../volumes/types.ts';
import type { Encoding } from './encoding.ts';
import { mayHoldLargeLabels, smallLabels } from './label-codes.ts';
import type { TileNeeds } from './memory.ts';

/** A case's files as the scorer needs to know them. */
export interface TileInput {
  readonly predictions: readonly Encoding[];
  readonly reference: Encoding;
  /** `[x, y, z]` of the volume. */
  readonly shape: Vec3;
}

/** What scoring a case's tiles of `voxels` voxels takes. */
export function tileNeeds(settings: RunSettings, input: TileInput, voxels: number): TileNeeds {
  return {
    voxels,
    predictionBytes: Math.max(...input.predictions.map(({ datatype }) => datatypeBytes[datatype])),
    inPlace: input.predictions.every(({ datatype }) => datatypeBytes[datatype] === 4),
    referenceBytes: datatypeBytes[input.reference.datatype],
    channels: settings.channelCount,
    classes: settings.classes.length,
    terms: settings.terms.length,
    labels: predictsLabels(settings),
    sums: settings.classes.some((runClass) => runClass.channels.length > 1),
    largeLabels:
      mayHoldLargeLabels(input.reference) ||
      (settings.scores === 'label' && input.predictions.some(mayHoldLargeLabels)) ||
      settings.channelLabels.some((label) => smallLabels.codeOf(label) === undefined),
  };
}
