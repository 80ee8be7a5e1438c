import type { Kernels } from '../../kernels/kernels.ts';
import type { BratsRule } from '../../settings/shape-names.ts';
import { addLists, type DistanceList } from '../boundary/distance-list.ts';
import {
  type Border,
  borders,
  distanceBytes,
  measureDistances,
  type PlaneRange,
} from '../boundary/measure-distances.ts';
import { type Brats, measureBrats, type VoxelSize } from '../lesions/brats.ts';
import type { ComponentTable } from '../lesions/components.ts';
import { findComponents } from '../lesions/find-components.ts';
import type { Mask } from '../masks/mask.ts';
import type { CaseMaskFacts, ClassMasks } from './case-masks.ts';
import { checkShapeMemory } from './memory.ts';

/** Distances of the elements of one side, in some planes; components of both; lesions by a rule of BraTS. */
export type ShapeTask =
  | {
      readonly kind: 'distances';
      readonly class: number;
      readonly from: 'reference' | 'prediction';
      readonly range: PlaneRange;
    }
  | { readonly kind: 'components'; readonly class: number }
  | { readonly kind: 'brats'; readonly class: number; readonly rule: BratsRule };

export type ShapeResult =
  | {
      readonly kind: 'distances';
      readonly class: number;
      readonly from: 'reference' | 'prediction';
      readonly lists: Record<Border, DistanceList>;
    }
  | { readonly kind: 'components'; readonly class: number; readonly table: ComponentTable }
  | { readonly kind: 'brats'; readonly class: number; readonly brats: Brats };

export interface ShapeQuestion {
  readonly boundary: boolean;
  readonly lesions: boolean;
  readonly bratsRule: BratsRule | null;
}

/** A range of planes has about this many runs; each searches anew what it measures to. */
const rangeRuns = 2 ** 17;
const mostRanges = 16;
/** Tasks of a case are put into at most about this many pieces of work, and into fewer where they are small. */
const mostPieces = 24;
/** A smaller piece is not worth a step: some 20 ms of work. */
const leastPieceWeight = 2 ** 17;

/** Tasks in pieces of similar size. */
export function planTasks(facts: CaseMaskFacts, question: ShapeQuestion): ShapeTask[][] {
  const weighed: { task: ShapeTask; weight: number }[] = [];
  for (const [index, { reference, prediction }] of facts.classes.entries()) {
    const runs = reference.runs + prediction.runs;
    if (question.boundary) {
      for (const from of ['reference', 'prediction'] as const) {
        const own = from === 'reference' ? reference : prediction;
        if (own.box === null) continue;
        // Corners between the last plane and what lies behind it belong to a plane of their own.
        const ranges = cutPlanes(own.box.origin[2], own.box.shape[2] + 1, own.runs);
        for (const range of ranges) {
          const task = { kind: 'distances', class: index, from, range } as const;
          weighed.push({ task, weight: 4 * (runs / ranges.length) + 100 });
        }
      }
    }
    if (question.lesions && runs > 0) {
      weighed.push({ task: { kind: 'components', class: index }, weight: runs + 100 });
      if (question.bratsRule) {
        weighed.push({ task: { kind: 'brats', class: index, rule: question.bratsRule }, weight: 20 * runs });
      }
    }
  }
  const whole = weighed.reduce((sum, { weight }) => sum + weight, 0);
  const groups: ShapeTask[][] = [];
  let room = 0;
  for (const { task, weight } of weighed) {
    if (room <= 0) {
      groups.push([]);
      room = Math.max(leastPieceWeight, whole / mostPieces);
    }
    groups.at(-1)!.push(task);
    room -= weight;
  }
  return groups;
}

function cutPlanes(first: number, planes: number, runs: number): PlaneRange[] {
  const count = Math.min(mostRanges, planes, Math.max(1, Math.ceil(runs / rangeRuns)));
  return Array.from({ length: count }, (_, i) => ({
    first: first + Math.floor((planes * i) / count),
    end: first + Math.floor((planes * (i + 1)) / count),
  }));
}

/** Lays the kernel memory out anew. `jobBytes`: what may be taken, the masks among it. */
export function doTask(
  kernels: Kernels,
  task: ShapeTask,
  masks: ClassMasks & { readonly ignored: Mask },
  voxel: VoxelSize,
  jobBytes: number,
): ShapeResult {
  const { reference, prediction, ignored } = masks;
  const memoryBytes = jobBytes - maskBytes([reference, prediction, ignored]);
  switch (task.kind) {
    case 'distances': {
      const [from, to] = task.from === 'reference' ? [reference, prediction] : [prediction, reference];
      const bytes = distanceBytes({ from, to, ignored });
      checkShapeMemory(
        bytes,
        memoryBytes,
        `the distances of class ${masks.name} take planes and blocks of bits`,
      );
      const { spacingMm } = voxel;
      if (spacingMm === null) throw new Error('distances of axes that are not orthogonal');
      const lists = measureDistances(kernels, { from, to, ignored, spacingMm, range: task.range });
      return { kind: 'distances', class: task.class, from: task.from, lists };
    }
    case 'components':
      return {
        kind: 'components',
        class: task.class,
        table: findComponents(kernels, reference, prediction, memoryBytes),
      };
    case 'brats': {
      const brats = measureBrats(kernels, reference, prediction, ignored, voxel, task.rule, memoryBytes);
      return { kind: 'brats', class: task.class, brats };
    }
  }
}

function maskBytes(masks: readonly Mask[]): number {
  return masks.reduce((sum, { bytes, offsets }) => sum + bytes.length + offsets.byteLength, 0);
}

/** What is known of a class. */
export interface ClassShapes {
  readonly name: string;
  /** Null where boundaries were not asked for, or where the volume's axes are not orthogonal. */
  readonly distances: Record<
    Border,
    { readonly reference: DistanceList; readonly prediction: DistanceList }
  > | null;
  readonly components: ComponentTable | null;
  readonly brats: Brats | null;
}

/** Puts the results of all tasks together, whatever their order. */
export function gatherResults(
  facts: CaseMaskFacts,
  question: ShapeQuestion,
  results: readonly ShapeResult[],
): ClassShapes[] {
  return facts.classes.map(({ name }, index) => {
    const own = results.filter((result) => result.class === index);
    const lists = (border: Border, from: 'reference' | 'prediction') =>
      addLists(
        own.flatMap((result) =>
          result.kind === 'distances' && result.from === from ? [result.lists[border]] : [],
        ),
      );
    const ofBorder = (border: Border) => ({
      reference: lists(border, 'reference'),
      prediction: lists(border, 'prediction'),
    });
    const table = own.find((result) => result.kind === 'components')?.table ?? null;
    const brats = own.find((result) => result.kind === 'brats')?.brats ?? null;
    const [voxel, surfel] = borders.map(ofBorder);
    return {
      name,
      distances: question.boundary ? { voxel: voxel!, surfel: surfel! } : null,
      components: table,
      brats,
    };
  });
}
