/**
 * The connected components of the masks of a class and what they share: all that values of lesions follow from. Components are
 * of voxels that share faces (6), with the groups that they form where edges (18) or corners (26) connect too, so one sweep
 * answers for all three connectivities. They are numbered from 1 on by their first voxel, x fastest.
 */
import type { Vec3 } from '../../base/box.ts';
import type { Connectivity } from '../../settings/shape-names.ts';
import { largestNumber } from '../masks/mask.ts';

/** Components as columns; entry i is component i + 1. */
export interface Components {
  readonly count: number;
  /** Linear index of the first voxel. */
  readonly first: Float64Array;
  readonly voxels: Float64Array;
  /** Sums of the voxels' places along `[x, y, z]`: three numbers a component. */
  readonly sums: Float64Array;
  /** Lowest and highest place along x, y and z: six numbers a component. */
  readonly boxes: Float64Array;
}

/** Components by faces, and the number of the group, from 1 on, that each belongs to. */
export interface FaceComponents extends Components {
  readonly group18: Float64Array;
  readonly group26: Float64Array;
}

/** Voxels that a component of the reference shares with one of the prediction; sorted by both numbers. */
export interface Overlaps {
  readonly reference: Float64Array;
  readonly prediction: Float64Array;
  readonly voxels: Float64Array;
}

export interface ComponentTable {
  /** `[x, y, z]` of the volume. */
  readonly shape: Vec3;
  readonly reference: FaceComponents;
  readonly prediction: FaceComponents;
  readonly overlap: Overlaps;
}

/** Components of one connectivity. */
export interface LesionTable {
  readonly shape: Vec3;
  readonly reference: Components;
  readonly prediction: Components;
  readonly overlap: Overlaps;
}

/** Components that edges (18) or corners (26) connect become one. */
export function atConnectivity(table: ComponentTable, connectivity: Connectivity): LesionTable {
  if (connectivity === 6) return table;
  const groupsOf = (components: FaceComponents) =>
    connectivity === 18 ? components.group18 : components.group26;
  const [r, p] = [groupsOf(table.reference), groupsOf(table.prediction)];
  return {
    shape: table.shape,
    reference: gather(table.reference, r),
    prediction: gather(table.prediction, p),
    overlap: renumber(table.overlap, r, p),
  };
}

/** Adds components of one group. */
function gather(components: Components, groups: Float64Array): Components {
  const count = largestNumber(groups);
  const gathered = {
    count,
    first: new Float64Array(count).fill(Number.POSITIVE_INFINITY),
    voxels: new Float64Array(count),
    sums: new Float64Array(3 * count),
    boxes: new Float64Array(6 * count),
  };
  const { first, voxels, sums, boxes } = gathered;
  for (let i = 0; i < components.count; i++) {
    const own = groups[i]! - 1;
    const isFirst = voxels[own] === 0;
    voxels[own]! += components.voxels[i]!;
    first[own] = Math.min(first[own]!, components.first[i]!);
    for (let axis = 0; axis < 3; axis++) {
      sums[3 * own + axis]! += components.sums[3 * i + axis]!;
      const [low, high] = [6 * own + 2 * axis, 6 * own + 2 * axis + 1];
      const [ownLow, ownHigh] = [
        components.boxes[6 * i + 2 * axis]!,
        components.boxes[6 * i + 2 * axis + 1]!,
      ];
      boxes[low] = isFirst ? ownLow : Math.min(boxes[low]!, ownLow);
      boxes[high] = isFirst ? ownHigh : Math.max(boxes[high]!, ownHigh);
    }
  }
  return gathered;
}

function renumber(
  overlap: Overlaps,
  referenceGroups: Float64Array,
  predictionGroups: Float64Array,
): Overlaps {
  const rows = Array.from({ length: overlap.voxels.length }, (_, i) => ({
    reference: referenceGroups[overlap.reference[i]! - 1]!,
    prediction: predictionGroups[overlap.prediction[i]! - 1]!,
    voxels: overlap.voxels[i]!,
  })).sort((a, b) => a.reference - b.reference || a.prediction - b.prediction);
  const sums: typeof rows = [];
  for (const row of rows) {
    const last = sums.at(-1);
    if (last?.reference === row.reference && last.prediction === row.prediction) last.voxels += row.voxels;
    else sums.push(row);
  }
  return {
    reference: Float64Array.from(sums, ({ reference }) => reference),
    prediction: Float64Array.from(sums, ({ prediction }) => prediction),
    voxels: Float64Array.from(sums, ({ voxels }) => voxels),
  };
}
