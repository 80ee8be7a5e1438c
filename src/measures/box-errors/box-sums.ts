/** The errors of the classes in boxes of voxels, as a tile's partial holds them for its slabs. */
import * as z from 'zod';
import { jsonLabel, type Label, labelSchema } from '../../base/label.ts';
import { sumToNumber } from '../../base/statistics/sum-units.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import type { ClassOverlap, Tally } from '../tally/tally.ts';

/**
 * What is told of a class: voxels of its reference, false positives, false negatives, and the sums of p over background
 * and of 1 - p over foreground in voxels (0 of labels).
 */
export const sumsOfClass = 5;

export interface BoxSums {
  /** Classes: their places in the settings, or labels where no class is named. */
  readonly keys: readonly Label[];
  /** For each box the voxels scored, then the sums of each key. */
  readonly values: Float64Array;
}

/** Values of a box. */
export function boxWidth(keys: number): number {
  return 1 + sumsOfClass * keys;
}

/** Writes the sums of what came to a class of scores between two times. */
export function writeScoreSums(
  target: Float64Array,
  at: number,
  now: ClassOverlap,
  before?: ClassOverlap,
): void {
  const foreground = now.foreground - (before?.foreground ?? 0);
  const softFn = now.error.foreground - (before?.error.foreground ?? 0n);
  const soft = now.error.all - (before?.error.all ?? 0n);
  target[at] = foreground;
  target[at + 1] = now.hardFp - (before?.hardFp ?? 0);
  target[at + 2] = foreground - (now.hardTp - (before?.hardTp ?? 0));
  target[at + 3] = sumToNumber(soft - softFn);
  target[at + 4] = sumToNumber(softFn);
}

/** The sums of classes over some voxels, as those of one box. */
export function sumsOfScores(voxels: number, classes: readonly ClassOverlap[]): BoxSums {
  const values = new Float64Array(boxWidth(classes.length));
  values[0] = voxels;
  for (const [key, tally] of classes.entries()) writeScoreSums(values, boxWidth(key), tally);
  return { keys: [...classes.keys()], values };
}

/** Errors of label maps, from pairs of labels. */
export class LabelSums {
  /** Classes of a label; undefined where every label is a class of its own. */
  readonly #classesOfLabel: ReadonlyMap<Label, readonly number[]> | undefined;
  readonly #ignoreLabel: number | null;

  constructor(settings: RunSettings) {
    this.#classesOfLabel = settings.classes.length > 0 ? classesByLabel(settings) : undefined;
    this.#ignoreLabel = settings.ignoreLabel;
  }

  /** `boxes`: for each the voxels of each pair of `confusion`. */
  of(confusion: Tally['confusion'], boxes: readonly ArrayLike<number>[]): BoxSums {
    const places = new Map<Label, number>();
    // For each sum that a pair adds to, the pair and the sum's place in a box.
    const pairs: number[] = [];
    const targets: number[] = [];
    const adds = (pair: number, key: Label, sum: number) => {
      const place = places.get(key) ?? places.size;
      places.set(key, place);
      pairs.push(pair);
      targets.push(boxWidth(place) + sum);
    };
    for (const [pair, [reference, prediction]] of confusion.entries()) {
      const actual = this.#classes(reference);
      const predicted = this.#classes(prediction);
      for (const key of actual) {
        adds(pair, key, 0);
        if (!predicted.includes(key)) adds(pair, key, 2);
      }
      for (const key of predicted) if (!actual.includes(key)) adds(pair, key, 1);
    }
    const width = boxWidth(places.size);
    const values = new Float64Array(boxes.length * width);
    for (let box = 0; box < boxes.length; box++) {
      const voxels = boxes[box]!;
      const start = box * width;
      for (let pair = 0; pair < voxels.length; pair++) values[start]! += voxels[pair]!;
      for (let i = 0; i < pairs.length; i++) values[start + targets[i]!]! += voxels[pairs[i]!]!;
    }
    return { keys: [...places.keys()], values };
  }

  /** As `classesOf` has them. */
  #classes(label: Label): readonly Label[] {
    if (this.#classesOfLabel) return this.#classesOfLabel.get(label) ?? [];
    return label === 0 || label === this.#ignoreLabel ? [] : [label];
  }
}

/** As JSON: the values as little-endian float64 in base64, since a tile may have thousands. */
export function encodeBoxSums({ keys, values }: BoxSums): z.input<typeof boxSumsSchema> {
  return {
    keys: keys.map(jsonLabel),
    values: Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64'),
  };
}

export const boxSumsSchema = z
  .object({ keys: z.array(labelSchema), values: z.string() })
  .transform(({ keys, values: text }, context): BoxSums => {
    const bytes = new Uint8Array(Buffer.from(text, 'base64'));
    const values = new Float64Array(bytes.buffer, 0, Math.floor(bytes.length / 8));
    if (
      bytes.length % (8 * boxWidth(keys.length)) === 0 &&
      values.every((value) => value >= 0 && value < Infinity)
    ) {
      return { keys, values };
    }
    context.addIssue('no sums of boxes');
    return z.NEVER;
  });

function classesByLabel({ classes }: RunSettings): ReadonlyMap<Label, readonly number[]> {
  const byLabel = new Map<Label, number[]>();
  for (const [at, { labels }] of classes.entries()) {
    for (const label of labels === 'positive' ? [] : labels) {
      byLabel.set(label, [...(byLabel.get(label) ?? []), at]);
    }
  }
  return byLabel;
}
