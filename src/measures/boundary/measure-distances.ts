/**
 * The distances of the border of one mask to the border of another. A function of the masks alone: it may be done in ranges of
 * planes, on any thread, and what the ranges give is added.
 */

import type { Vec3 } from '../../base/box.ts';
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import type { Mask } from '../masks/mask.ts';
import { type DistanceList, noDistances } from './distance-list.ts';
import { type Frame, frameAround, MaskWindow, planeBytes } from './frame.ts';
import { NearestSearch } from './nearest-search.ts';

/** The two kinds of borders. */
export const borders = ['voxel', 'surfel'] as const;
export type Border = (typeof borders)[number];

/** Planes [first, end) of a volume; corners of the grid between planes z - 1 and z belong to plane z. */
export interface PlaneRange {
  readonly first: number;
  readonly end: number;
}

export interface DistanceTask {
  /** The mask whose elements are measured. */
  readonly from: Mask;
  /** The mask to whose elements they are measured. */
  readonly to: Mask;
  /** Voxels that are ignored; elements beside them are left out of both. */
  readonly ignored: Mask;
  readonly spacingMm: Vec3;
  /** The elements of these planes only; all by default. */
  readonly range?: PlaneRange;
}

/** Lays the kernel memory out anew. Distances are infinite where there is nothing to measure to. */
export function measureDistances(kernels: Kernels, task: DistanceTask): Record<Border, DistanceList> {
  if (task.from.voxels === 0) return { voxel: noDistances, surfel: noDistances };
  const layout = new Layout(kernels.memory);
  const frame = frameAround([task.from, task.to]);
  const from = new MaskWindow(kernels, layout, frame, task.from);
  const to = new MaskWindow(kernels, layout, frame, task.to);
  const ignored = new MaskWindow(kernels, layout, frame, task.ignored, true);
  const bits = layout.region(planeBytes(frame));
  const voxel = new NearestSearch(kernels, layout, frame, task.spacingMm);
  const surfel = new NearestSearch(kernels, layout, frame, task.spacingMm);
  // Blocks are the last thing in memory: kernels make it larger as they come.
  kernels.startBlocks(layout.region(0));
  sweep(kernels, frame, to, ignored, bits, 0, frame.planes, {
    voxel: (z, count) => voxel.add(bits, z, count),
    surfel: (z, count) => surfel.add(bits, z, count),
  });
  voxel.finish();
  surfel.finish();
  const first = task.range ? Math.max(0, task.range.first - frame.origin[2]) : 0;
  const end = task.range ? Math.min(frame.planes, task.range.end - frame.origin[2]) : frame.planes;
  sweep(kernels, frame, from, ignored, bits, first, end, {
    voxel: (z) => voxel.count(bits, z, 0, 0),
    surfel: (z, _count, below, here) => surfel.count(bits, z, below, here),
  });
  voxel.drainAll();
  surfel.drainAll();
  return { voxel: voxel.counts.list(), surfel: surfel.counts.list() };
}

type Visit = (z: number, count: number, below: number, here: number) => void;

/** Finds the elements of the planes [first, end) of a frame, both borders, and gives each plane's to `visit`. */
function sweep(
  kernels: Kernels,
  { words, rows }: Frame,
  mask: MaskWindow,
  ignored: MaskWindow,
  bits: number,
  first: number,
  end: number,
  visit: Record<Border, Visit>,
): void {
  if (mask.empty) return;
  for (let z = first; z < end; z++) {
    if (!mask.any(z - 1, z + 1)) continue;
    const [before, here, after] = [mask.plane(z - 1), mask.plane(z), mask.plane(z + 1)];
    const lost = (plane: number) => (ignored.empty ? 0 : ignored.plane(plane));
    const [lostBefore, lostHere, lostAfter] = [lost(z - 1), lost(z), lost(z + 1)];
    const voxels = kernels.voxelElements(
      before,
      here,
      after,
      lostBefore,
      lostHere,
      lostAfter,
      words,
      rows,
      bits,
    );
    if (voxels > 0) visit.voxel(z, voxels, 0, 0);
    const corners = kernels.cornerElements(before, here, lostBefore, lostHere, words, rows, bits);
    if (corners > 0) visit.surfel(z, corners, before, here);
  }
}
