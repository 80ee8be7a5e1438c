/** The masks of a tile twice: as the run keeps them of the whole case, and voxel by voxel from what was read again. */
import { type Box, mapVec3, type Vec3, voxelCount } from '../../base/box.ts';
import { eachRun, type Mask } from '../../measures/masks/mask.ts';
import type { CaseMaskFacts } from '../../measures/shapes/case-masks.ts';
import { logitOf } from '../../measures/tile/threshold.ts';
import { decidesByChannel, predictsLabels, type RunSettings } from '../../settings/run-settings.ts';
import { type TileVoxels, truthOf } from '../tile-voxels.ts';

/** 1 where a voxel of the tile is in the mask, x fastest. */
export type Inside = Uint8Array;

/** The part of a case's mask that lies in a box. */
export function maskInBox(mask: Mask, { origin, shape }: Box): Inside {
  const inside = new Uint8Array(voxelCount(shape));
  const [x, y, z] = origin;
  for (let plane = 0; plane < shape[2]; plane++) {
    eachRun(mask, z + plane, (row, from, to) => {
      if (row < y || row >= y + shape[1]) return;
      const [low, high] = [Math.max(from - x, 0), Math.min(to - x, shape[0])];
      const start = (plane * shape[1] + row - y) * shape[0];
      if (low < high) inside.fill(1, start + low, start + high);
    });
  }
  return inside;
}

/** Where voxels of the tile are ignored. */
export function plainIgnored({ kept, ignored, reference }: TileVoxels): Inside {
  const lost = new Uint8Array(reference.length + ignored).fill(kept ? 1 : 0);
  for (const place of kept ?? []) lost[place] = 0;
  return lost;
}

/** What a tile's labels are called, of both sides; a label map without classes has a class for each. */
export type LabelNames = ReadonlyMap<number, string>;

export function labelNames({ reference, predicted, largeLabels }: TileVoxels): LabelNames {
  const labels = new Set<number>();
  for (const side of [reference, predicted ?? []]) {
    let before = 0;
    for (const label of side) {
      if (label === before) continue;
      before = label;
      labels.add(label);
    }
  }
  labels.delete(0);
  return new Map([...labels].map((label) => [label, largeLabels.nameOf(label)]));
}

/** Whether a class of a label map, or its part of the masks of the case, is in the tile at all. */
export function isInTile(
  settings: RunSettings,
  labels: LabelNames,
  name: string,
  own: CaseMaskFacts['classes'][number] | undefined,
  tile: Box,
): boolean {
  const near = [own?.reference.box, own?.prediction.box].some((box) =>
    box?.origin.every(
      (low, axis) =>
        low < tile.origin[axis]! + tile.shape[axis]! && tile.origin[axis]! < low + box.shape[axis]!,
    ),
  );
  if (near || settings.scores !== 'label') return true;
  const runClass = settings.classes.find((each) => each.name === name);
  if (!runClass) return [...labels.values()].includes(name);
  const { labels: wanted } = runClass;
  return wanted === 'positive' ? labels.size > 0 : wanted.some((label) => labels.has(Number(label)));
}

/**
 * The mask of a class, recomputed. Of a score that two computations may round to either side of the threshold, `stored` tells
 * which side the run took: both are right.
 */
export function plainMasks(
  voxels: TileVoxels,
  settings: RunSettings,
  names: LabelNames,
  name: string,
  stored: { readonly prediction: Inside },
): { reference: Inside; prediction: Inside } {
  const { kept, reference, predicted } = voxels;
  const spread = (own: Uint8Array): Inside => {
    if (!kept) return own;
    const inside = new Uint8Array(reference.length + voxels.ignored);
    for (let i = 0; i < own.length; i++) inside[kept[i]!] = own[i]!;
    return inside;
  };
  const index = settings.classes.findIndex((own) => own.name === name);
  const runClass = settings.classes[index];
  const isOfClass = (labels: Float64Array) =>
    runClass ? truthOf(labels, runClass.labels) : labelled(labels, names, name);
  const truth = spread(isOfClass(reference));
  if (settings.scores === 'label' || decidesByChannel(settings, runClass!)) {
    return { reference: truth, prediction: spread(isOfClass(predicted!)) };
  }
  const { values, unsure } = voxels.classes[index]!;
  const logit = settings.scores === 'logit' && !predictsLabels(settings);
  const level = logit ? logitOf(settings.threshold) : settings.threshold;
  const above = Uint8Array.from(values, (value) => (value > level ? 1 : 0));
  for (const [i, [low, high]] of unsure) {
    if (low <= level && high > level) above[i] = stored.prediction[kept ? kept[i]! : i]!;
  }
  return { reference: truth, prediction: spread(above) };
}

/** 1 where a label is called `name`. */
function labelled(labels: Float64Array, names: LabelNames, name: string): Uint8Array {
  const own = new Set([...names].flatMap(([label, called]) => (called === name ? [label] : [])));
  const inside = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i++) if (own.has(labels[i]!)) inside[i] = 1;
  return inside;
}

/** The smallest box around the voxels that are in any of some masks, and a voxel more on every side inside `shape`; null for none. */
export function boxOf(masks: readonly Inside[], shape: Vec3): Box | null {
  const low: [number, number, number] = [...shape];
  const high: [number, number, number] = [0, 0, 0];
  for (const mask of masks) {
    for (let z = 0, start = 0; z < shape[2]; z++) {
      for (let y = 0; y < shape[1]; y++, start += shape[0]) {
        const row = mask.subarray(start, start + shape[0]);
        const from = row.indexOf(1);
        if (from < 0) continue;
        for (const [axis, first, last] of [
          [0, from, row.lastIndexOf(1)],
          [1, y, y],
          [2, z, z],
        ] as const) {
          low[axis] = Math.min(low[axis], first);
          high[axis] = Math.max(high[axis], last + 1);
        }
      }
    }
  }
  if (high[0] === 0) return null;
  const origin = mapVec3(low, (place) => Math.max(0, place - 1));
  return { origin, shape: mapVec3(high, (end, axis) => Math.min(shape[axis], end + 1) - origin[axis]) };
}

/** The voxels of a box of a tile of `shape`. */
export function cropped(mask: Inside, shape: Vec3, { origin, shape: size }: Box): Inside {
  const own = new Uint8Array(voxelCount(size));
  for (let z = 0, at = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++, at += size[0]) {
      const start = ((origin[2] + z) * shape[1] + origin[1] + y) * shape[0] + origin[0];
      own.set(mask.subarray(start, start + size[0]), at);
    }
  }
  return own;
}
