/**
 * The classes to which a run gives voxels, as sets (class-sets.ts). A second, plain implementation of what the tile
 * scorer counts: the viewer's counts equal those of the results, and tests hold it to that.
 */

import { type Label, labelOf } from '../../base/label.ts';
import { hardThreshold } from '../../measures/tile/threshold.ts';
import { roundedLabel } from '../../settings/rounding.ts';
import {
  decidesByChannel,
  predictsLabels,
  type RunClass,
  type RunSettings,
} from '../../settings/run-settings.ts';
import type { VolumeHeader } from '../../volumes/types.ts';
import type { ClassSets } from './class-sets.ts';
import type { StoredVoxels } from './sample-stored.ts';

/** What decides: the settings of a run and its classes, which label maps may have given. */
export interface DecisionRule {
  readonly settings: RunSettings;
  readonly classes: readonly ShownClass[];
}

export interface ShownClass extends Pick<RunClass, 'channels'> {
  readonly labels: readonly Label[] | 'positive';
}

/** Values by voxel as the scorer sees them. */
type Values = (at: number) => Label;

/** What a header's slope and intercept make of stored voxels. Integers beyond 2^53 stay as they are where nothing scales them. */
export function valuesOf({ slope, intercept }: VolumeHeader, stored: StoredVoxels): Values {
  if (slope === 1 && intercept === 0) {
    if (!(stored instanceof BigInt64Array || stored instanceof BigUint64Array)) return (at) => stored[at]!;
    return (at) => (stored[at]! < 0n ? Number(stored[at]!) : labelOf(stored[at]!));
  }
  return (at) => Number(stored[at]!) * slope + intercept;
}

/** As `values`, with labels near whole numbers rounded as the run rounds them. */
export function roundedValues(values: Values, { roundLabels }: RunSettings): Values {
  if (roundLabels === 0) return values;
  return (at) => {
    const label = values(at);
    return typeof label === 'bigint' ? label : roundedLabel(label, roundLabels);
  };
}

/** Sets of the classes to which labels belong, voxel by voxel; `ignored` voxels are marked in `isIgnored`. */
export function labelSets(
  values: Values,
  size: number,
  classes: readonly ShownClass[],
  sets: ClassSets,
  ignored?: { readonly label: number | null; readonly isIgnored: Uint8Array },
): Uint16Array {
  const known = new Map<Label, number>();
  const setOf = (label: Label): number => {
    let set = known.get(label);
    if (set === undefined) {
      set = sets.numberOf(
        classes.flatMap(({ labels }, at) =>
          (labels === 'positive' ? label > 0 : labels.includes(label)) ? [at] : [],
        ),
      );
      known.set(label, set);
    }
    return set;
  };
  const found = new Uint16Array(size);
  let last: Label | undefined;
  let set = 0;
  let isIgnored = false;
  for (let at = 0; at < size; at++) {
    const label = values(at);
    if (label !== last) {
      last = label;
      isIgnored = ignored !== undefined && label === ignored.label;
      set = isIgnored ? 0 : setOf(label);
    }
    found[at] = set;
    if (isIgnored) ignored!.isIgnored[at] = 1;
  }
  return found;
}

/** Takes the channels of a prediction in ascending order and says which classes each voxel is given to. */
export interface Decider {
  /** The channels that it must be given. */
  readonly channels: readonly number[];
  take(values: Values, channel: number): void;
  decided(): Uint16Array;
}

export function decider(rule: DecisionRule, size: number, sets: ClassSets): Decider {
  const { settings } = rule;
  if (settings.scores === 'label') return new LabelDecider(rule, size, sets);
  return predictsLabels(settings)
    ? new CompetingChannels(rule, size, sets)
    : new SeparateChannels(rule, size, sets);
}

class LabelDecider implements Decider {
  readonly channels = [0];
  readonly #rule: DecisionRule;
  readonly #size: number;
  readonly #sets: ClassSets;
  #decided = new Uint16Array();

  constructor(rule: DecisionRule, size: number, sets: ClassSets) {
    this.#rule = rule;
    this.#size = size;
    this.#sets = sets;
  }

  take(values: Values): void {
    this.#decided = labelSets(
      roundedValues(values, this.#rule.settings),
      this.#size,
      this.#rule.classes,
      this.#sets,
    ) as Uint16Array<ArrayBuffer>;
  }

  decided(): Uint16Array {
    return this.#decided;
  }
}

/** A float32 score, within [0, 1] for probabilities: what lies outside was moved there, or the case has no score. */
function scoreOf(value: Label, isProbability: boolean): number {
  const score = Math.fround(Number(value));
  return isProbability ? Math.min(1, Math.max(0, score)) : score;
}

/**
 * Channels compete: the largest takes the voxel, of equal ones the first. Regions of several channels go by the sum of
 * their probabilities.
 */
class CompetingChannels implements Decider {
  readonly channels: readonly number[];
  readonly #rule: DecisionRule;
  readonly #sets: ClassSets;
  readonly #best: Float32Array;
  readonly #winner: Uint16Array;
  /** Scores of all channels, which regions need; empty where there are none. */
  readonly #scores: Float32Array[] = [];
  readonly #hasRegions: boolean;

  constructor(rule: DecisionRule, size: number, sets: ClassSets) {
    this.#rule = rule;
    this.#sets = sets;
    this.channels = Array.from({ length: rule.settings.channelCount }, (_, channel) => channel);
    this.#best = new Float32Array(size).fill(-Infinity);
    this.#winner = new Uint16Array(size);
    this.#hasRegions = rule.classes.some((each) => !decidesByChannel(rule.settings, each));
  }

  take(values: Values, channel: number): void {
    const isProbability = this.#rule.settings.scores === 'probability';
    const [best, winner] = [this.#best, this.#winner];
    const scores = this.#hasRegions ? new Float32Array(best.length) : undefined;
    if (scores) this.#scores.push(scores);
    for (let at = 0; at < best.length; at++) {
      const score = scoreOf(values(at), isProbability);
      if (scores) scores[at] = score;
      if (!(score > best[at]!)) continue;
      best[at] = score;
      winner[at] = channel;
    }
  }

  decided(): Uint16Array {
    const { settings, classes } = this.#rule;
    const ofChannel = Uint16Array.from(this.channels, (channel) =>
      this.#sets.numberOf(
        classes.flatMap((each, at) =>
          decidesByChannel(settings, each) && each.channels[0] === channel ? [at] : [],
        ),
      ),
    );
    const decided = this.#winner.map((channel) => ofChannel[channel]!);
    if (this.#hasRegions) this.#addRegions(decided);
    return decided;
  }

  #addRegions(decided: Uint16Array): void {
    const { settings, classes } = this.#rule;
    const threshold = hardThreshold(settings.threshold, false);
    const regions = classes.flatMap((each, index) =>
      decidesByChannel(settings, each) ? [] : [{ index, channels: each.channels }],
    );
    const p = new Float64Array(this.#scores.length);
    for (let at = 0; at < decided.length; at++) {
      this.#scores.forEach((scores, channel) => {
        p[channel] = scores[at]!;
      });
      if (settings.scores === 'logit') softmax(p);
      for (const { index, channels } of regions) {
        let sum = 0;
        for (const channel of channels) sum += p[channel]!;
        if (Math.fround(Math.min(1, sum)) > threshold)
          decided[at] = this.#sets.withClass(decided[at]!, index);
      }
    }
  }
}

/** In float64, rounded to float32. */
function softmax(x: Float64Array): void {
  const largest = Math.max(...x);
  let sum = 0;
  for (const each of x) sum += Math.exp(each - largest);
  for (let i = 0; i < x.length; i++) x[i] = Math.fround(Math.exp(x[i]! - largest) / sum);
}

/** Every channel is a question of its own. */
class SeparateChannels implements Decider {
  readonly channels: readonly number[];
  readonly #rule: DecisionRule;
  readonly #sets: ClassSets;
  readonly #decided: Uint16Array;

  constructor(rule: DecisionRule, size: number, sets: ClassSets) {
    this.#rule = rule;
    this.#sets = sets;
    this.#decided = new Uint16Array(size);
    this.channels = [...new Set(rule.classes.flatMap(({ channels }) => channels))].filter(
      (channel) => channel >= 0,
    );
  }

  take(values: Values, channel: number): void {
    const { settings, classes } = this.#rule;
    const isProbability = settings.scores === 'probability';
    const threshold = hardThreshold(settings.threshold, !isProbability);
    const decided = this.#decided;
    classes.forEach(({ channels }, index) => {
      if (channels[0] !== channel) return;
      const withClass = new Map<number, number>();
      for (let at = 0; at < decided.length; at++) {
        if (!(scoreOf(values(at), isProbability) > threshold)) continue;
        const before = decided[at]!;
        let set = withClass.get(before);
        if (set === undefined) {
          set = this.#sets.withClass(before, index);
          withClass.set(before, set);
        }
        decided[at] = set;
      }
    });
  }

  decided(): Uint16Array {
    return this.#decided;
  }
}
