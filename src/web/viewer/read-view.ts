/** Reads what a browser shows of a case from its volumes. */

import { type Axis, type Box, mapVec3, type Vec3, voxelIndex } from '../../base/box.ts';
import type { CasePlan } from '../../run/plan/case-plan.ts';
import { channelHeaders } from '../../run/plan/case-plan.ts';
import type { VolumeHeader } from '../../volumes/types.ts';
import type { CaseView, ViewPart } from './case-view.ts';
import { ClassSets, TooManySets } from './class-sets.ts';
import { type DecisionRule, decider, labelSets, roundedValues, valuesOf } from './decisions.ts';
import { type GridPlaces, type Places, placesAlong, placesInFile } from './grid-places.ts';
import { type Pairs, pairVoxels } from './pair-voxels.ts';
import { bytesToRead, type ReadBytes, sampleStored } from './sample-stored.ts';
import { readScan, type Scan, scanBytes } from './scan.ts';

/** Voxels of an overview at most, and along one axis; a plane may be longer, as long as a texture may be. */
const mostVoxels = { coarse: 3e6, fine: 16e6 };
const longestSide = 512;
const longestPlaneSide = 2048;

/** The volumes of a case that are there to be shown. */
export interface ShownVolumes {
  readonly grid: Pick<VolumeHeader, 'shape' | 'affine' | 'spacingMm'>;
  readonly predictions: readonly VolumeHeader[];
  readonly mapping: CasePlan['mapping'];
  readonly reference?: VolumeHeader;
  readonly scan?: Scan;
}

export interface ViewQuestion {
  readonly part: ViewPart;
  readonly rule: DecisionRule;
  /** The class that is shown where not all can be. */
  readonly class: number;
  /** Voxels of some planes at most, where not as many as a browser is given. */
  readonly mostVoxels?: number;
}

/** `progress` hears the share that has been read, from 0 to 1. */
export async function readView(
  volumes: ShownVolumes,
  question: ViewQuestion,
  progress: (share: number) => void,
): Promise<CaseView> {
  const { shape: wholeShape, affine, spacingMm } = volumes.grid;
  const { stride, places } = placesOf(question, wholeShape);
  const shape = mapVec3(places, ({ length }) => length);
  const readBytes = meter(volumes, question, places, progress);
  const scan = volumes.scan?.header
    ? await readScan(volumes.scan.header, volumes.grid, places, readBytes)
    : undefined;
  const codes = await readPairs(volumes, question, places, readBytes);
  // The scan is context; without one there is nothing to see beyond what was scored.
  const shownScan = scan && 'voxels' in scan ? scan : undefined;
  const isWhole = shownScan !== undefined || question.part.kind === 'plane';
  const box: Box = isWhole ? { origin: [0, 0, 0], shape } : filledBox(codes.voxels, shape);
  const fault = scan && 'fault' in scan ? scan.fault : volumes.scan?.fault;
  return {
    wholeShape,
    stride,
    origin: originOf(question.part, box.origin),
    shape: box.shape,
    affine,
    spacingMm,
    ...codes,
    voxels: isWhole ? shared(codes.voxels) : cropped(codes.voxels, shape, box),
    ...(shownScan && { scan: { ...shownScan, voxels: shared(shownScan.voxels) } }),
    ...(fault !== undefined && { scanFault: fault }),
  };
}

function placesOf({ part, mostVoxels: asked }: ViewQuestion, shape: Vec3): { stride: Vec3; places: Places } {
  if (part.kind === 'plane') {
    const stride = mapVec3(shape, (length, axis) =>
      axis === part.axis ? 1 : Math.ceil(length / longestPlaneSide),
    );
    const places = mapVec3(shape, (length, axis) =>
      axis === part.axis ? [part.at] : placesAlong(length, stride[axis]),
    );
    return { stride, places };
  }
  if (part.kind === 'planes') {
    const [first, last] = part.z;
    const planes = last - first + 1;
    const voxels = shape[0] * shape[1] * planes;
    const stride: Vec3 = [1, Math.min(shape[1], Math.ceil(voxels / (asked ?? mostVoxels.coarse))), 1];
    const z = Array.from({ length: planes }, (_, plane) => first + plane);
    return { stride, places: [placesAlong(shape[0], 1), placesAlong(shape[1], stride[1]), z] };
  }
  const isFine = part.kind === 'overview' && part.fine;
  const stride = strideOf(shape, isFine ? mostVoxels.fine : mostVoxels.coarse);
  return {
    stride,
    places: mapVec3(shape, (length, axis) => placesAlong(length, stride[axis])),
  };
}

/** `origin`: the first place that is shown of those that were read. */
function originOf(part: ViewPart, origin: Vec3): Vec3 {
  if (part.kind === 'plane') return mapVec3(origin, (first, axis) => (axis === part.axis ? part.at : first));
  return part.kind === 'planes' ? [origin[0], origin[1], part.z[0] + origin[2]] : origin;
}

/** As little as keeps the overview within its limits; the longest sides are cut first. */
function strideOf(shape: Vec3, most: number): Vec3 {
  const stride: [number, number, number] = [1, 1, 1];
  const side = (axis: Axis) => Math.ceil(shape[axis] / stride[axis]);
  for (;;) {
    const longest = ([1, 2] as const).reduce<Axis>((a, b) => (side(b) > side(a) ? b : a), 0);
    if (side(longest) <= longestSide && side(0) * side(1) * side(2) <= most) break;
    stride[longest]++;
  }
  return stride;
}

/** Classes of all voxels; of one class where too many meet. */
async function readPairs(
  volumes: ShownVolumes,
  question: ViewQuestion,
  places: Places,
  readBytes: ReadBytes,
): Promise<Pairs & Pick<CaseView, 'sets' | 'onlyClass'>> {
  const all = await attempt(question.rule);
  if (all) return { ...all, onlyClass: null };
  // The others keep their places in the list of classes, and hold nothing.
  const classes = question.rule.classes.map((each, at) =>
    at === question.class ? each : { ...each, labels: [], channels: each.channels.map(() => -1) },
  );
  const one = await attempt({ ...question.rule, classes });
  return { ...one!, onlyClass: question.class };

  async function attempt(rule: DecisionRule): Promise<(Pairs & Pick<CaseView, 'sets'>) | undefined> {
    const sets = new ClassSets();
    const size = places.reduce((product, { length }) => product * length, 1);
    const isIgnored = new Uint8Array(size);
    try {
      const reference = volumes.reference
        ? await referenceSets(volumes.reference, places, rule, sets, isIgnored, readBytes)
        : new Uint16Array(size);
      const prediction =
        volumes.predictions.length > 0
          ? await predictedSets(volumes, places, rule, sets, readBytes)
          : new Uint16Array(size);
      const pairs = pairVoxels(prediction, reference, isIgnored);
      return pairs && { ...pairs, sets: sets.sets };
    } catch (error) {
      if (error instanceof TooManySets) return undefined;
      throw error;
    }
  }
}

async function referenceSets(
  header: VolumeHeader,
  places: Places,
  { settings, classes }: DecisionRule,
  sets: ClassSets,
  isIgnored: Uint8Array,
  readBytes: ReadBytes,
): Promise<Uint16Array> {
  let found = new Uint16Array();
  const ignored = { label: settings.ignoreLabel, isIgnored };
  await sampleStored(header, [0], placesInFile(places, null, header.shape), readBytes, (stored) => {
    const values = roundedValues(valuesOf(header, stored), settings);
    found = labelSets(values, stored.length, classes, sets, ignored) as typeof found;
  });
  return found;
}

async function predictedSets(
  { predictions, mapping }: ShownVolumes,
  places: Places,
  rule: DecisionRule,
  sets: ClassSets,
  readBytes: ReadBytes,
): Promise<Uint16Array> {
  const size = places.reduce((product, { length }) => product * length, 1);
  const decisions = decider(rule, size, sets);
  for (const { header, first, channels } of filesOf(predictions, decisions.channels)) {
    const grid = placesInFile(places, mapping, header.shape);
    await sampleStored(header, channels, grid, readBytes, (stored, channel) =>
      decisions.take(valuesOf(header, stored), first + channel),
    );
  }
  return decisions.decided();
}

/** The files that hold some channels: which of their own they are, and the number of their first. */
function filesOf(predictions: readonly VolumeHeader[], wanted: readonly number[]) {
  const owners = channelHeaders(predictions);
  return predictions.flatMap((header) => {
    const first = owners.indexOf(header);
    const channels = wanted.filter((channel) => owners[channel] === header).map((channel) => channel - first);
    return channels.length > 0 ? [{ header, first, channels }] : [];
  });
}

/** Counts what has been read. */
function meter(
  { reference, predictions, mapping, grid, scan }: ShownVolumes,
  { rule }: ViewQuestion,
  places: Places,
  progress: (share: number) => void,
): ReadBytes {
  const inFile = (header: VolumeHeader, channels: readonly number[], at: GridPlaces) =>
    bytesToRead(header, channels, at);
  const { channels } = decider(rule, 0, new ClassSets());
  let total = scan?.header ? scanBytes(scan.header, grid, places) : 0;
  if (reference) total += inFile(reference, [0], placesInFile(places, null, reference.shape));
  for (const file of filesOf(predictions, channels)) {
    total += inFile(file.header, file.channels, placesInFile(places, mapping, file.header.shape));
  }
  let [read, told] = [0, 0];
  return (bytes) => {
    read += bytes;
    const share = Math.min(1, read / Math.max(1, total));
    if (share < told + 0.02) return;
    told = share;
    progress(share);
  };
}

/** The voxels that any class has, with a margin; all where there are none. */
function filledBox(voxels: Uint8Array | Uint16Array, shape: Vec3): Box {
  const low: [number, number, number] = [...shape];
  const high: [number, number, number] = [-1, -1, -1];
  const widen = (axis: Axis, place: number) => {
    if (place < low[axis]) low[axis] = place;
    if (place > high[axis]) high[axis] = place;
  };
  for (let row = 0; row < shape[1] * shape[2]; row++) {
    const start = row * shape[0];
    let first = 0;
    while (first < shape[0] && voxels[start + first] === 0) first++;
    if (first === shape[0]) continue;
    let last = shape[0] - 1;
    while (voxels[start + last] === 0) last--;
    widen(0, first);
    widen(0, last);
    widen(1, row % shape[1]);
    widen(2, Math.floor(row / shape[1]));
  }
  if (high[0]! < 0) return { origin: [0, 0, 0], shape };
  const origin = mapVec3(low, (first, axis) => Math.max(0, first - margin(high[axis] - first)));
  const end = mapVec3(high, (last, axis) => Math.min(shape[axis] - 1, last + margin(last - low[axis])));
  return { origin, shape: mapVec3(end, (last, axis) => last - origin[axis] + 1) };
}

function margin(length: number): number {
  return Math.max(4, Math.round(length / 5));
}

function cropped<T extends Uint8Array | Uint16Array>(
  values: T,
  shape: Vec3,
  { origin, shape: [nx, ny, nz] }: Box,
): T {
  const target = sharedLike(values, nx * ny * nz);
  for (let z = 0, at = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++, at += nx) {
      const start = voxelIndex([origin[0], origin[1] + y, origin[2] + z], shape);
      target.set(values.subarray(start, start + nx), at);
    }
  }
  return target;
}

/** In memory that threads share, so that it is handed over as it is. */
function shared<T extends Uint8Array | Uint16Array | Int16Array | Float32Array>(values: T): T {
  const target = sharedLike(values, values.length);
  target.set(values);
  return target;
}

function sharedLike<T extends Uint8Array | Uint16Array | Int16Array | Float32Array>(
  like: T,
  length: number,
): T {
  const Kind = like.constructor as unknown as new (buffer: SharedArrayBuffer) => T;
  return new Kind(new SharedArrayBuffer(length * like.BYTES_PER_ELEMENT));
}
