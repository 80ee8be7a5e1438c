/** The rule by which a run gives a voxel to a class, for whoever looks at voxels one by one: it is behind all hard metrics. */
import {
  decidesByChannel,
  predictsLabels,
  type RunClass,
  type RunSettings,
} from '../../settings/run-settings.ts';
import { hardThreshold } from './threshold.ts';

export interface HardDecision {
  /** Channels whose scores are asked for. */
  readonly channels: readonly number[];
  /**
   * Whether the run gives a voxel to the class. `scores`: for each of `channels`, in their order, the canonical score
   * (float32) or, of a label map, the label.
   */
  isGiven(scores: ArrayLike<number>): boolean;
}

export function hardDecision(settings: RunSettings, runClass: RunClass): HardDecision {
  const { scores: kind, roundLabels, channelCount } = settings;
  const all = Array.from({ length: channelCount }, (_, channel) => channel);
  if (kind === 'label') {
    const { labels } = runClass;
    const isOfClass = (label: number) => (labels === 'positive' ? label > 0 : labels.includes(label));
    return { channels: [0], isGiven: ({ 0: label }) => isOfClass(roundedLabel(label!, roundLabels)) };
  }
  // Competing logits of a region are probabilities once they have gone through the softmax.
  const competes = predictsLabels(settings);
  const canonical = (score: number) => (kind === 'logit' ? score : Math.min(1, Math.max(0, score)));
  if (decidesByChannel(settings, runClass)) {
    const own = runClass.channels[0]!;
    return { channels: all, isGiven: (scores) => largestChannel(scores, canonical) === own };
  }
  const threshold = hardThreshold(settings.threshold, kind === 'logit' && !competes);
  if (kind === 'logit' && competes) {
    return {
      channels: all,
      isGiven: (scores) => summed(softmaxOf(scores, runClass.channels)) > threshold,
    };
  }
  const { channels } = runClass;
  return {
    channels,
    isGiven: (scores) => summed(Array.from(scores, (score) => canonical(score))) > threshold,
  };
}

/** A label within `rounding` of a whole number is that number. */
export function roundedLabel(label: number, rounding: number): number {
  const nearest = Math.floor(label + 0.5);
  return Math.abs(label - nearest) <= rounding ? nearest : label;
}

/** The lowest channel wins a tie. */
function largestChannel(scores: ArrayLike<number>, canonical: (score: number) => number): number {
  let winner = 0;
  for (let channel = 1; channel < scores.length; channel++) {
    if (canonical(scores[channel]!) > canonical(scores[winner]!)) winner = channel;
  }
  return winner;
}

/** As the kernels add channels: in float64, rounded to float32 where there are several, at most 1. */
function summed(scores: readonly number[]): number {
  return scores.length === 1
    ? scores[0]!
    : Math.fround(
        Math.min(
          1,
          scores.reduce((sum, p) => sum + p, 0),
        ),
      );
}

/** The probabilities (float32) of some channels by the softmax over all. */
function softmaxOf(logits: ArrayLike<number>, channels: readonly number[]): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const exps = values.map((x) => Math.exp(x - largest));
  const total = exps.reduce((sum, e) => sum + e, 0);
  return channels.map((channel) => Math.fround(exps[channel]! / total));
}
