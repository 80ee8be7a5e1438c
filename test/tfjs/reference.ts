/** The losses in plain float64 over nested arrays, written from their definitions: the check of values and of gradients. */

export interface Batch {
  readonly images: number;
  readonly voxels: number;
  readonly channels: number;
  /** Scores, `[images, voxels, channels]`, channels fastest. */
  readonly scores: Float64Array;
  /** Labels `[images, voxels]` of exclusive channels, or 0 and 1 `[images, voxels, channels]` of independent ones. */
  readonly truth: readonly number[];
  readonly exclusive: boolean;
  readonly from: 'probability' | 'logit';
  readonly perImage: boolean;
  readonly ignore?: number;
  readonly classes?: readonly number[];
  readonly presentOnly?: boolean;
}

export interface Voxel {
  /** Probability, its exact complement, binary logit, and the reference. */
  readonly p: number;
  readonly q: number;
  readonly x: number;
  readonly t: number;
}

export type RowLoss = (row: readonly Voxel[]) => number;

/** Mean over the classes of a group, then over the groups. */
export function batchLoss(batch: Batch, loss: RowLoss): number {
  const classes = batch.classes ?? Array.from({ length: batch.channels }, (_, c) => c);
  const images = Array.from({ length: batch.images }, (_, b) => b);
  const groups = batch.perImage ? images.map((b) => [b]) : [images];
  const values: number[] = [];
  for (const group of groups) {
    const rows = classes.map((c) => group.flatMap((b) => voxelsOf(batch, b, c)));
    const used = rows.filter((row) => row.length > 0 && (!batch.presentOnly || row.some((v) => v.t === 1)));
    if (used.length > 0) values.push(mean(used.map(loss)));
  }
  return values.length === 0 ? 0 : mean(values);
}

function voxelsOf(batch: Batch, image: number, c: number): Voxel[] {
  const found: Voxel[] = [];
  for (let v = 0; v < batch.voxels; v++) {
    const at = (image * batch.voxels + v) * batch.channels;
    const label = batch.exclusive ? batch.truth[image * batch.voxels + v]! : batch.truth[at + c]!;
    if (label === batch.ignore) continue;
    const t = batch.exclusive ? Number(label === c) : label;
    const all = batch.scores.subarray(at, at + batch.channels);
    if (batch.from === 'probability') found.push({ p: all[c]!, q: 1 - all[c]!, x: Number.NaN, t });
    else {
      const rest = batch.exclusive ? Math.log(sum([...all].filter((_, k) => k !== c).map(Math.exp))) : 0;
      const x = all[c]! - rest;
      found.push({ p: 1 / (1 + Math.exp(-x)), q: 1 / (1 + Math.exp(x)), x, t });
    }
  }
  return found;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

const overlap = (row: readonly Voxel[]) => sum(row.map((v) => v.p * v.t));
const scored = (row: readonly Voxel[]) => sum(row.map((v) => v.p));
const foreground = (row: readonly Voxel[]) => sum(row.map((v) => v.t));

export const dice =
  (s: number): RowLoss =>
  (row) =>
    1 - (2 * overlap(row) + s) / (scored(row) + foreground(row) + s);

export const jaccard =
  (s: number): RowLoss =>
  (row) =>
    1 - (overlap(row) + s) / (scored(row) + foreground(row) - overlap(row) + s);

export const tversky =
  (alpha: number, beta: number, s: number): RowLoss =>
  (row) => {
    const fp = sum(row.map((v) => v.p * (1 - v.t)));
    const fn = sum(row.map((v) => v.q * v.t));
    return 1 - (overlap(row) + s) / (overlap(row) + alpha * fp + beta * fn + s);
  };

/** -log of the score of the truth, clamped at 100 (clip 0) or clipped to [clip, 1 - clip]. */
const entropy = (v: Voxel, clip: number) => {
  const q = v.t === 1 ? v.p : v.q;
  return clip === 0 ? Math.min(-Math.log(q), 100) : -Math.log(Math.min(Math.max(q, clip), 1 - clip));
};

export const bce =
  (clip: number): RowLoss =>
  (row) =>
    mean(row.map((v) => entropy(v, clip)));

const focal = (b: number, gamma: number) => (-Math.expm1(-b)) ** gamma * b;

export const focalMean =
  (alpha: number, gamma: number, clip: number): RowLoss =>
  (row) =>
    alpha * focal(bce(clip)(row), gamma);

export const focalVoxel =
  (onForeground: number, onBackground: number, gamma: number, clip: number): RowLoss =>
  (row) =>
    mean(row.map((v) => (v.t === 1 ? onForeground : onBackground) * focal(entropy(v, clip), gamma)));

export const combo =
  (onForeground: number, onBackground: number, ratio: number): RowLoss =>
  (row) => {
    const weighted = mean(row.map((v) => (v.t === 1 ? onForeground : onBackground) * entropy(v, 1e-9)));
    return ratio * weighted - (1 - ratio) * (1 - dice(1)(row));
  };

const extension = (errors: readonly (readonly [error: number, t: number])[]): number => {
  const total = sum(errors.map(([, t]) => t));
  let [found, passed, before, value] = [0, 0, 0, 0];
  for (const [error, t] of [...errors].sort(([a], [b]) => b - a)) {
    found += t;
    passed += 1 - t;
    const now = 1 - (total - found) / (total + passed);
    value += Math.max(error, 0) * (now - before);
    before = now;
  }
  return value;
};

export const hinge: RowLoss = (row) => extension(row.map((v) => [1 - v.x * (2 * v.t - 1), v.t]));

export const softmax: RowLoss = (row) => extension(row.map((v) => [v.t === 1 ? v.q : v.p, v.t]));
