/** The losses from sums that a program has made by itself. */
import type { ClassSums, HardCounts } from '../base/class-sums.ts';
import { UsageError } from '../base/errors.ts';
import { type HardMetrics, hardMetrics, pooledVolumes } from '../losses/metrics/hard.ts';
import { parseLosses } from '../losses/registry.ts';
import type { Convention } from '../losses/spec.ts';

const overlapLosses = ['dice', 'jaccard', 'tversky', 'focal-tversky'];

/** Soft sums of one class: `tp = Σ p·t`, `fp = Σ p·(1 - t)`, `fn = Σ t·(1 - p)`, over `voxels` voxels. */
export interface SoftSums {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly voxels: number;
}

/**
 * Losses of the overlap from soft sums, by their ids: `lossesOfSums(sums, 'dice,tversky(alpha=0.3,beta=0.7)')`. `null` where a
 * denominator is 0.
 * @throws UsageError for a loss that is not one of the overlap (dice, jaccard, tversky, focal-tversky).
 */
export function lossesOfSums(
  { tp, fp, fn, voxels }: SoftSums,
  losses = overlapLosses.join(),
  convention: Convention = 'pytorch',
): Record<string, number | null> {
  const sums = { voxels, foreground: tp + fn, tp, fp, fn } as ClassSums;
  const specs = parseLosses(losses, { convention, scores: 'probability', channels: 'independent' });
  return Object.fromEntries(
    specs.map((spec) => {
      const isOverlap = spec.scope === 'class' && spec.terms.length === 0 && spec.lovasz === undefined;
      if (!isOverlap || !overlapLosses.includes(spec.name)) {
        throw new UsageError(
          'loss-sums',
          `${spec.id}: this loss needs more than soft sums; allowed: ${overlapLosses.join(', ')}`,
          { field: 'losses' },
        );
      }
      return [spec.id, spec.value(sums)];
    }),
  );
}

/**
 * Dice, Jaccard, precision, recall and the others from counts of voxels. `voxelMm3` is the volume of a voxel in mm³, `beta`
 * weighs recall against precision in F-beta. `null` where a denominator is 0.
 */
export function metricsOfCounts(counts: HardCounts, voxelMm3 = 1, beta = 1): HardMetrics {
  return hardMetrics(counts, pooledVolumes([{ counts, voxelMm3 }]), beta);
}
