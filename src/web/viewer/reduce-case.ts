/** A case at a size that a browser can show: prediction, reference and their disagreement for one class. */

import { type Box, type Vec3, voxelCount, voxelIndex } from '../../base/box.ts';
import type { CasePlan } from '../../run/plan/case-plan.ts';
import { channelHeaders } from '../../run/plan/case-plan.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import type { Affine, VolumeHeader } from '../../volumes/types.ts';
import { type Places, sampleVolume } from './sample-volume.ts';

export interface ReducedCase {
  /** Every how manyth voxel along `[x, y, z]` is shown. */
  readonly stride: Vec3;
  /** First voxel `[x, y, z]` of the strided volume that is shown, and how many are. */
  readonly origin: Vec3;
  readonly shape: Vec3;
  readonly affine: Affine;
  /** 0 to 255: score of the class as a probability; a label is 255. */
  readonly prediction: Uint8Array;
  /** 0 or 255; voxels of the ignored label are 0 in both. */
  readonly reference: Uint8Array;
  /**
   * A voxel `[x, y, z]` of the reduced grid: in the axial slice with the most error (of the box to start in), where its rows and
   * columns with much error meet.
   */
  readonly worst: Vec3;
}

/** Values that are held at once, all channels together. */
const mostValues = 36e6;
const longestSide = 512;

/** `start`: the box of the volume in which the worst voxel is looked for; the whole volume unless told. */
export async function reduceCase(
  plan: CasePlan,
  settings: RunSettings,
  className: string,
  start?: Box,
): Promise<ReducedCase> {
  const runClass = settings.classes.find(({ name }) => name === className);
  // A run over label maps without named classes scores every label under its number.
  const labels = runClass?.labels ?? [Number(className)];
  const isClass = (value: number) => (labels === 'positive' ? value > 0 : labels.includes(value));
  const isLabelMap = settings.scores === 'label';
  const competing = settings.scores === 'logit' && settings.channels === 'exclusive';
  const channels = isLabelMap
    ? [0]
    : competing
      ? Array.from({ length: settings.channelCount }, (_, channel) => channel)
      : [...(runClass?.channels ?? [0])];
  const stride = strideOf(plan.shape, mostValues / (channels.length + 2));
  const places = plan.shape.map((length, axis) => placesAlong(length, stride[axis]!)) as unknown as Places;
  const shape = places.map(({ length }) => length) as unknown as Vec3;

  const labelMap = (await sampleVolume(plan.reference, [0], places)).get(0)!;
  const predicted = await samplePrediction(plan, channels, places);
  const score = scoreOf(settings, runClass?.channels ?? [0], channels, predicted, isClass);

  const size = voxelCount(shape);
  const [prediction, reference] = [new Uint8Array(size), new Uint8Array(size)];
  for (let at = 0, z = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[0]; x++, at++) {
        const label = labelMap[at]!;
        if (label === settings.ignoreLabel) continue;
        prediction[at] = Math.round(255 * Math.min(1, Math.max(0, score(at))));
        reference[at] = isClass(label) ? 255 : 0;
      }
    }
  }
  const box = shownBox([prediction, reference], shape);
  const shown = {
    prediction: cropped(prediction, shape, box),
    reference: cropped(reference, shape, box),
  };
  return {
    ...shown,
    stride,
    origin: box.origin,
    shape: box.shape,
    affine: reducedAffine(plan.reference.affine, stride, box.origin),
    worst: worstVoxel(disagreement(shown).map(Math.abs), box.shape, start && shownPart(start, stride, box)),
  };
}

/** prediction - reference: below 0 what was missed, above 0 what is extra. */
export function disagreement({
  prediction,
  reference,
}: Pick<ReducedCase, 'prediction' | 'reference'>): Int16Array<ArrayBuffer> {
  const signed = new Int16Array(prediction.length);
  for (let at = 0; at < signed.length; at++) signed[at] = prediction[at]! - reference[at]!;
  return signed;
}

/** Fainter values than this do not widen what is shown. */
const faint = 25;

/** The voxels where there is anything to see, with a margin; all where there is nothing. */
function shownBox(volumes: readonly Uint8Array[], shape: Vec3): Box {
  const low = [...shape];
  const high = [-1, -1, -1];
  const widen = (axis: number, place: number) => {
    if (place < low[axis]!) low[axis] = place;
    if (place > high[axis]!) high[axis] = place;
  };
  const isShown = (value: number) => value >= faint;
  for (const values of volumes) {
    for (let row = 0; row < shape[1] * shape[2]; row++) {
      const line = values.subarray(row * shape[0], (row + 1) * shape[0]);
      const first = line.findIndex(isShown);
      if (first < 0) continue;
      widen(0, first);
      widen(0, line.findLastIndex(isShown));
      widen(1, row % shape[1]);
      widen(2, Math.floor(row / shape[1]));
    }
  }
  if (high[0]! < 0) return { origin: [0, 0, 0], shape };
  const origin = low.map((first, axis) => Math.max(0, first - margin(high[axis]! - first)));
  const end = high.map((last, axis) => Math.min(shape[axis]! - 1, last + margin(last - low[axis]!)));
  return {
    origin: origin as unknown as Vec3,
    shape: end.map((last, axis) => last - origin[axis]! + 1) as unknown as Vec3,
  };
}

function margin(length: number): number {
  return Math.max(4, Math.round(length / 5));
}

function cropped(values: Uint8Array, shape: Vec3, { origin, shape: [nx, ny, nz] }: Box): Uint8Array {
  // Shared between threads, so that it is handed over as it is.
  const target = new Uint8Array(new SharedArrayBuffer(nx * ny * nz));
  for (let z = 0, at = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++, at += nx) {
      const start = voxelIndex([origin[0], origin[1] + y, origin[2] + z], shape);
      target.set(values.subarray(start, start + nx), at);
    }
  }
  return target;
}

/** The voxels of a box of the volume that are shown, in the grid that is shown; undefined for none. */
function shownPart(box: Box, stride: Vec3, shown: Box): Box | undefined {
  const place = (voxel: number, axis: number) =>
    Math.ceil((voxel - (stride[axis]! >> 1)) / stride[axis]!) - shown.origin[axis]!;
  const low = box.origin.map((first, axis) => Math.max(0, place(first, axis)));
  const shape = box.origin.map(
    (first, axis) => Math.min(shown.shape[axis]!, place(first + box.shape[axis]!, axis)) - low[axis]!,
  );
  if (shape.some((side) => side <= 0)) return undefined;
  return { origin: low as unknown as Vec3, shape: shape as unknown as Vec3 };
}

/** `error`: magnitudes. */
function worstVoxel(error: Int16Array, shape: Vec3, part: Box = { origin: [0, 0, 0], shape }): Vec3 {
  const [nx, ny, nz] = part.shape;
  const rowAt = (y: number, z: number) =>
    voxelIndex([part.origin[0], part.origin[1] + y, part.origin[2] + z], shape);
  const slices = new Float64Array(nz);
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const row = rowAt(y, z);
      for (let x = 0; x < nx; x++) slices[z]! += error[row + x]!;
    }
  }
  const z = largest(slices);
  const [columns, rows] = [new Float64Array(nx), new Float64Array(ny)];
  for (let y = 0; y < ny; y++) {
    const row = rowAt(y, z);
    for (let x = 0; x < nx; x++) {
      columns[x]! += error[row + x]!;
      rows[y]! += error[row + x]!;
    }
  }
  // A row and a column full of error may meet where there is none.
  const weights = new Float64Array(nx * ny);
  for (let y = 0; y < ny; y++) {
    const row = rowAt(y, z);
    for (let x = 0; x < nx; x++) weights[y * nx + x] = error[row + x]! * (columns[x]! + rows[y]!);
  }
  const at = largest(weights);
  return [part.origin[0] + (at % nx), part.origin[1] + Math.floor(at / nx), part.origin[2] + z];
}

function largest(sums: Float64Array): number {
  return sums.reduce((best, value, at) => (value > sums[best]! ? at : best), 0);
}

/** The smallest strides with which the case fits, the longest sides cut first. */
function strideOf(shape: Vec3, mostVoxels: number): Vec3 {
  const stride = [1, 1, 1];
  const side = (axis: number) => Math.ceil(shape[axis]! / stride[axis]!);
  for (;;) {
    const longest = [0, 1, 2].reduce((a, b) => (side(b) > side(a) ? b : a));
    if (side(longest) <= longestSide && side(0) * side(1) * side(2) <= mostVoxels) break;
    stride[longest]!++;
  }
  return stride as unknown as Vec3;
}

function placesAlong(length: number, stride: number): number[] {
  const places: number[] = [];
  for (let at = stride >> 1; at < length; at += stride) places.push(at);
  return places.length > 0 ? places : [length >> 1];
}

function reducedAffine(affine: Affine, stride: Vec3, origin: Vec3): Affine {
  const reduced = [...affine];
  for (let row = 0; row < 3; row++) {
    for (let axis = 0; axis < 3; axis++) {
      reduced[4 * row + axis] = affine[4 * row + axis]! * stride[axis]!;
      reduced[4 * row + 3]! +=
        affine[4 * row + axis]! * (origin[axis]! * stride[axis]! + (stride[axis]! >> 1));
    }
  }
  return reduced;
}

/** The channels at the reference's places, in the reference's order. */
async function samplePrediction(
  plan: CasePlan,
  channels: readonly number[],
  places: Places,
): Promise<Float32Array[]> {
  const { mapping } = plan;
  // Places along the file's axes ascend, so a reversed axis is turned round afterwards.
  const filePlaces: number[][] = [[], [], []];
  if (mapping) {
    mapping.forEach(({ axis, reversed }, at) => {
      const length = plan.predictions[0]!.shape[axis];
      filePlaces[axis] = reversed
        ? places[at]!.map((place) => length - 1 - place).reverse()
        : [...places[at]!];
    });
  }
  const asked = mapping ? (filePlaces as unknown as Places) : places;
  const files = new Map<VolumeHeader, number[]>();
  const owners = channelHeaders(plan.predictions);
  const inFile = (channel: number) => channel - owners.indexOf(owners[channel]!);
  for (const channel of channels)
    files.set(owners[channel]!, [...(files.get(owners[channel]!) ?? []), inFile(channel)]);
  const sampled = new Map<VolumeHeader, Map<number, Float32Array>>();
  for (const [header, wanted] of files) sampled.set(header, await sampleVolume(header, wanted, asked));
  return channels.map((channel) => {
    const values = sampled.get(owners[channel]!)!.get(inFile(channel))!;
    return mapping ? inReferenceOrder(values, mapping, asked) : values;
  });
}

function inReferenceOrder(
  values: Float32Array,
  mapping: NonNullable<CasePlan['mapping']>,
  filePlaces: Places,
): Float32Array {
  const lengths = filePlaces.map(({ length }) => length);
  const strides = [1, lengths[0]!, lengths[0]! * lengths[1]!];
  const target = new Float32Array(values.length);
  const step = (at: number, place: number) => {
    const { axis, reversed } = mapping[at]!;
    return (reversed ? lengths[axis]! - 1 - place : place) * strides[axis]!;
  };
  const [nx, ny, nz] = mapping.map(({ axis }) => lengths[axis]!) as unknown as Vec3;
  let out = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) target[out++] = values[step(0, x) + step(1, y) + step(2, z)]!;
  }
  return target;
}

/** The class's score at a voxel as a probability. */
function scoreOf(
  { scores, channels: relation }: RunSettings,
  ofClass: readonly number[],
  channels: readonly number[],
  values: readonly Float32Array[],
  isClass: (value: number) => boolean,
): (at: number) => number {
  if (scores === 'label') return (at) => (isClass(values[0]![at]!) ? 1 : 0);
  if (scores === 'logit' && relation === 'independent') return (at) => 1 / (1 + Math.exp(-values[0]![at]!));
  if (scores === 'logit') {
    return (at) => {
      let top = -Infinity;
      for (const channel of values) top = Math.max(top, channel[at]!);
      let [all, own] = [0, 0];
      values.forEach((channel, i) => {
        const power = Math.exp(channel[at]! - top);
        all += power;
        if (ofClass.includes(channels[i]!)) own += power;
      });
      return own / all;
    };
  }
  return (at) => values.reduce((sum, channel) => sum + channel[at]!, 0);
}
