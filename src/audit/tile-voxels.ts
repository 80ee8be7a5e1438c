/** The voxels of a tile as the audit sees them, from stored bytes to each class's scores, without the kernels. */

import type { TileInput } from '../measures/tile/tile-input.ts';
import { predictsLabels, type RunSettings } from '../settings/run-settings.ts';
import type { CaseBytes } from '../volumes/case-reader.ts';
import { LargeLabels } from './large-labels.ts';
import { type Scores, softmax, sumOfChannels, surely } from './softmax.ts';
import { canonicalScores, storedValues } from './stored-values.ts';

export interface TileVoxels {
  /** Reference label of each voxel that is not ignored. */
  readonly reference: Float64Array;
  readonly ignored: number;
  /** Their places in the tile, where some are ignored. */
  readonly kept?: Uint32Array;
  /** What labels beyond 2^53 are, which stand under numbers of their own in `reference` and `predicted`. */
  readonly largeLabels: LargeLabels;
  /** Predicted labels of the same voxels; undefined where there are none. */
  readonly predicted?: Float64Array | Float64Array;
  /** Canonical scores of each channel as stored; empty for label maps. */
  readonly channels: readonly Float32Array[];
  /** Scores of each class of the run. */
  readonly classes: readonly Scores[];
}

export function tileVoxels(bytes: CaseBytes, input: TileInput, settings: RunSettings): TileVoxels {
  const { ignoreLabel, scores: kind, roundLabels } = settings;
  const largeLabels = new LargeLabels();
  const labels = largeLabels.read(bytes.reference, input.reference, roundLabels);
  const kept = ignoreLabel === null ? undefined : placesOfOthers(labels, ignoreLabel);
  const drop = (values: Float64Array) => (kept ? pick(values, kept) : values);
  const reference = drop(labels);
  const ignored = labels.length - reference.length;
  const places = kept ? { kept } : {};
  const stored = (channel: number) =>
    drop(storedValues(bytes.predictions[channel]!, input.predictions[channel]!));
  if (kind === 'label') {
    const predicted = drop(largeLabels.read(bytes.predictions[0]!, input.predictions[0]!, roundLabels));
    return { reference, ignored, ...places, predicted, largeLabels, channels: [], classes: [] };
  }

  const channels = input.predictions.map((_, channel) => canonicalScores(stored(channel), kind));
  const compete = predictsLabels(settings);
  const probabilities =
    compete && kind === 'logit' ? softmax(channels) : channels.map((channel) => surely(channel));
  const classes = settings.classes.map((runClass) => {
    const own = runClass.channels.map((channel) => probabilities[channel]!);
    return own.length === 1 ? own[0]! : sumOfChannels(own);
  });
  return {
    reference,
    ignored,
    ...places,
    largeLabels,
    channels,
    classes,
    ...(compete ? { predicted: largest(channels, settings.channelLabels) } : {}),
  };
}

/** 1 where a label is of the class, else 0. */
export function truthOf(
  reference: Float64Array | Float64Array,
  labels: RunSettings['classes'][number]['labels'],
): Uint8Array {
  const truth = new Uint8Array(reference.length);
  const own = labels === 'positive' ? undefined : new Set(labels);
  for (let i = 0; i < truth.length; i++) {
    const label = reference[i]!;
    if (own ? own.has(label) : label > 0) truth[i] = 1;
  }
  return truth;
}

function placesOfOthers(labels: Float64Array, ignoreLabel: number): Uint32Array {
  const places = new Uint32Array(labels.length);
  let count = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] !== ignoreLabel) places[count++] = i;
  return places.subarray(0, count);
}

function pick(values: Float64Array, places: Uint32Array): Float64Array {
  const picked = new Float64Array(places.length);
  for (let i = 0; i < places.length; i++) picked[i] = values[places[i]!]!;
  return picked;
}

/** The label of the channel with the largest score; the lowest channel wins a tie. */
function largest(channels: readonly Float32Array[], labels: readonly number[]): Float64Array {
  const winners = new Float64Array(channels[0]!.length);
  for (let i = 0; i < winners.length; i++) {
    for (let c = 1; c < channels.length; c++)
      if (channels[c]![i]! > channels[winners[i]!]![i]!) winners[i] = c;
  }
  return winners.map((channel) => labels[channel]!);
}
