/**
 * The distances of the border of one mask to the border of another. A function of the masks alone: it may be done in ranges of
 * planes, on any thread, and what the ranges give is added.
 */

import type { Vec3 } from '../../base/box.ts';
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import type { Mask } from '../masks/mask.ts';
import { notRuns } from '../masks/merge-tiles.ts';
import { type DistanceList, noDistances } from './distance-list.ts';
import { frameAround, MaskWindow, planeBytes } from './frame.ts';
import { blockBytes, gridCellBytes, NearestSearch, tableBytes } from './nearest-search.ts';

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
  const state = layout.region(16);
  // Blocks are the last thing in memory: kernels make it larger as they come.
  kernels.startBlocks(layout.region(0));
  const sweep = (mask: MaskWindow, first: number, end: number, measured: 0 | 1) => {
    if (mask.empty) return;
    new Uint32Array(kernels.memory.buffer, state, 4).set([first, end, 0, 0]);
    const lost = ignored.empty ? 0 : ignored.address;
    const [v, s] = [voxel.address, surfel.address];
    for (;;) {
      const left = kernels.sweepElements(mask.address, lost, bits, v, s, state, measured);
      if (left < 0) throw notRuns();
      if (measured) for (const search of [voxel, surfel]) search.takeCounts();
      if (left === 0) return;
    }
  };
  sweep(to, 0, frame.planes, 0);
  voxel.finish();
  surfel.finish();
  const first = task.range ? Math.max(0, task.range.first - frame.origin[2]) : 0;
  const end = task.range ? Math.min(frame.planes, task.range.end - frame.origin[2]) : frame.planes;
  sweep(from, first, end, 1);
  return { voxel: voxel.list(), surfel: surfel.list() };
}

/** Kernel memory that a measurement takes at most: copies of the runs, planes of bits, and the blocks that may hold an element. */
export function distanceBytes({ from, to, ignored }: Pick<DistanceTask, 'from' | 'to' | 'ignored'>): number {
  if (from.voxels === 0 && to.voxels === 0) return 0;
  const frame = frameAround([from, to]);
  const runBytes = [from, to, ignored].reduce((sum, { bytes }) => sum + bytes.length, 0);
  const cells = frame.words * Math.ceil(frame.rows / 4) * Math.ceil(frame.planes / 4);
  // A run of n voxels lies in n / 64 + 2 blocks at most, and its corners in four rows of such.
  const blocks = Math.min(cells, 4 * (to.voxels / 64 + 2 * to.runs));
  return (
    runBytes + 10 * planeBytes(frame) + 2 * (gridCellBytes * cells + blockBytes * blocks) + 2 * tableBytes
  );
}
