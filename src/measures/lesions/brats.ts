/**
 * Lesion-wise Dice and HD95 as the BraTS challenges of 2023 and 2024 define them. Components of the reference whose dilations
 * touch form one lesion; every component of the prediction that touches its dilation belongs to it.
 */

import type { Vec3 } from '../../base/box.ts';
import { exactSum } from '../../base/statistics/exact-sum.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { BratsRule } from '../../settings/shape-names.ts';
import { facetAreasMm2 } from '../boundary/facet-areas.ts';
import { measureDistances } from '../boundary/measure-distances.ts';
import { areaPercentile } from '../boundary/percentiles.ts';
import { WeightedDistances } from '../boundary/weighted-distances.ts';
import type { Mask } from '../masks/mask.ts';
import { dilate, unite } from '../masks/mask-builder.ts';
import { atConnectivity, type LesionTable } from './components.ts';
import { findComponents } from './find-components.ts';
import { splitMask } from './split.ts';

/** The distance of a lesion that was missed, and of one that was invented. */
export const missedDistanceMm = 374;

export interface BratsLesion {
  /** Components (26-connected) of both masks, by number. */
  readonly reference: readonly number[];
  readonly prediction: readonly number[];
  readonly mm3: number;
  readonly dice: number;
  /** Null where the volume has no distances. */
  readonly hd95: number | null;
  readonly found: boolean;
  /** Whether it is large enough for the means. */
  readonly counted: boolean;
}

export interface Brats {
  /** Whether the volume has distances; a sheared one has none. */
  readonly distances: boolean;
  readonly lesions: readonly BratsLesion[];
  /** Components of the prediction that belong to no lesion, by number. */
  readonly falsePositives: readonly number[];
}

export interface BratsValues {
  readonly lesions: number;
  readonly found: number;
  readonly falsePositives: number;
  readonly dice: number | null;
  readonly hd95: number | null;
}

/** Nothing in either mask. */
export function noLesions(distances: boolean): Brats {
  return { distances, lesions: [], falsePositives: [] };
}

/** How large a voxel is. */
export interface VoxelSize {
  /** Null where the axes are not orthogonal: there are no distances then. */
  readonly spacingMm: Vec3 | null;
  readonly voxelMm3: number;
}

export function measureBrats(
  kernels: Kernels,
  reference: Mask,
  prediction: Mask,
  ignored: Mask,
  { spacingMm, voxelMm3 }: VoxelSize,
  { dilation, minMm3 }: BratsRule,
  memoryBytes: number,
): Brats {
  let dilated = reference;
  for (let i = 0; i < dilation; i++) dilated = dilate(dilated);
  const members = atConnectivity(findComponents(kernels, dilated, reference, memoryBytes), 26);
  const touching = atConnectivity(findComponents(kernels, dilated, prediction, memoryBytes), 26);
  const shared = atConnectivity(findComponents(kernels, reference, prediction, memoryBytes), 26);
  const lesions = partnersOf(members, members.reference.count);
  const partners = partnersOf(touching, members.reference.count);
  const lesionOf = new Map(
    lesions.flatMap((own, lesion) => own.map((component) => [component, lesion] as const)),
  );
  const lesionMasks = splitMask(kernels, reference, (component) => lesionOf.get(component));
  const touched = new Set(touching.overlap.prediction);
  const parts = splitMask(kernels, prediction, (component) =>
    touched.has(component) ? component : undefined,
  );
  const areas = spacingMm && facetAreasMm2(spacingMm);
  const hd95Of = (mask: Mask, other: Mask): number | null => {
    if (spacingMm === null) return null;
    const task = { ignored, spacingMm };
    const distances = [
      measureDistances(kernels, { ...task, from: mask, to: other }),
      measureDistances(kernels, { ...task, from: other, to: mask }),
    ].map(({ surfel }) => WeightedDistances.of(surfel, areas));
    const hd95 = areaPercentile(distances[0]!, distances[1]!, 95).value;
    return Number.isFinite(hd95) ? hd95 : missedDistanceMm;
  };

  const found = lesions.map((own, lesion): BratsLesion => {
    const mask = lesionMasks.get(lesion)!;
    const predicted = partners[lesion]!;
    const mm3 = mask.voxels * voxelMm3;
    const about = { reference: own, prediction: predicted, mm3, counted: mm3 > minMm3 };
    if (predicted.length === 0) {
      return { ...about, dice: 0, hd95: spacingMm && missedDistanceMm, found: false };
    }
    const other = unite(
      predicted.map((component) => parts.get(component)!),
      reference.shape,
    );
    const both = sharedVoxels(shared, new Set(own), new Set(predicted));
    const dice = (2 * both) / (mask.voxels + other.voxels);
    return { ...about, dice, hd95: hd95Of(mask, other), found: true };
  });
  // By first voxel, which is that of the first component.
  found.sort((a, b) => a.reference[0]! - b.reference[0]!);
  const all = Array.from({ length: shared.prediction.count }, (_, i) => i + 1);
  return {
    distances: spacingMm !== null,
    lesions: found,
    falsePositives: all.filter((component) => !touched.has(component)),
  };
}

/** For each component of a table's reference the components of its prediction that it touches. */
function partnersOf({ overlap }: LesionTable, count: number): number[][] {
  const partners: number[][] = Array.from({ length: count }, () => []);
  for (let i = 0; i < overlap.voxels.length; i++) {
    partners[overlap.reference[i]! - 1]!.push(overlap.prediction[i]!);
  }
  return partners;
}

function sharedVoxels({ overlap }: LesionTable, own: Set<number>, predicted: Set<number>): number {
  let voxels = 0;
  for (let i = 0; i < overlap.voxels.length; i++) {
    if (own.has(overlap.reference[i]!) && predicted.has(overlap.prediction[i]!)) voxels += overlap.voxels[i]!;
  }
  return voxels;
}

/** Means over lesions that count and false positives, of one case or of several; that of distances over cases that have some. */
export function bratsValues(all: readonly Brats[]): BratsValues {
  const { lesions, falsePositives } = countedOf(all);
  const measured = countedOf(all.filter(({ distances }) => distances));
  const hd95 = measured.lesions.map((lesion) => lesion.hd95!);
  return {
    lesions: lesions.length,
    found: lesions.filter(({ found }) => found).length,
    falsePositives,
    dice: mean(
      lesions.map(({ dice }) => dice),
      lesions.length + falsePositives,
    ),
    hd95: mean(
      [...hd95, measured.falsePositives * missedDistanceMm],
      measured.lesions.length + measured.falsePositives,
    ),
  };
}

function countedOf(all: readonly Brats[]) {
  return {
    lesions: all.flatMap(({ lesions }) => lesions.filter(({ counted }) => counted)),
    falsePositives: all.reduce((sum, one) => sum + one.falsePositives.length, 0),
  };
}

function mean(values: readonly number[], count: number): number | null {
  return count === 0 ? null : exactSum(values) / count;
}
