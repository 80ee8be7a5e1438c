/** What the values of a prediction tell of what they are. */
import type { Vec3 } from '../base/box.ts';
import { sampledVoxel, type VoxelSample } from './sample-voxels.ts';

export interface ScoreEvidence {
  /** Of the finite values. */
  readonly min: number;
  readonly max: number;
  /** The value farthest from a whole number; its `distance` is 0 where all are whole. */
  readonly farthest: { readonly value: number; readonly distance: number; readonly voxel: Vec3 };
  /** Different values, counted up to 3. */
  readonly different: number;
}

export interface SumEvidence {
  /** Of the sums of the channels over the voxels looked at. */
  readonly min: number;
  readonly max: number;
  /** The sum farthest from 1. */
  readonly farthest: { readonly sum: number; readonly voxel: Vec3 };
}

/** Whether a place in a sample is left out: the reference has the ignored label there. */
export type IsIgnored = (at: number) => boolean;

/** Undefined where no value is finite. */
export function scoreEvidence(
  { boxes, channels }: VoxelSample,
  isIgnored: IsIgnored,
): ScoreEvidence | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let [distance, place, value] = [-1, 0, 0];
  const different = new Set<number>();
  for (const values of channels) {
    for (let at = 0; at < (values?.length ?? 0); at++) {
      const own = values![at]!;
      if (!Number.isFinite(own) || isIgnored(at)) continue;
      if (own < min) min = own;
      if (own > max) max = own;
      if (different.size < 3) different.add(own);
      const off = Math.abs(own - Math.round(own));
      if (off > distance) [distance, place, value] = [off, at, own];
    }
  }
  if (distance < 0) return undefined;
  return {
    min,
    max,
    farthest: { value, distance, voxel: sampledVoxel(boxes, place) },
    different: different.size,
  };
}

/** Undefined where not all channels were looked at, or no sum is finite. */
export function sumEvidence({ boxes, channels }: VoxelSample, isIgnored: IsIgnored): SumEvidence | undefined {
  if (channels.some((values) => values === undefined)) return undefined;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let farthest: { at: number; sum: number } | undefined;
  for (let at = 0; at < channels[0]!.length; at++) {
    let sum = 0;
    for (const values of channels) sum += values![at]!;
    if (!Number.isFinite(sum) || isIgnored(at)) continue;
    if (sum < min) min = sum;
    if (sum > max) max = sum;
    if (!farthest || Math.abs(sum - 1) > Math.abs(farthest.sum - 1)) farthest = { at, sum };
  }
  return farthest && { min, max, farthest: { sum: farthest.sum, voxel: sampledVoxel(boxes, farthest.at) } };
}
