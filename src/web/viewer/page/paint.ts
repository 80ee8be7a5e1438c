// From the pairs of a view to colours, and to counts.
import type { CaseView } from '../case-view.ts';
import { ofClass, ofError, ofOutline } from './colours.ts';

/** What is shown: errors of the class in question, of all classes that are switched on, or masks of these. */
export type Mode = 'error' | 'errors' | 'prediction' | 'reference' | 'both';

export interface PaintSettings {
  readonly mode: Mode;
  /** The class in question. */
  readonly classIndex: number;
  /** The classes that are switched on. */
  readonly shown: ReadonlySet<number>;
  readonly outlines: boolean;
}

/** Numbers of colours by pair, 0 for none: of whole areas, and of their outlines. */
export interface PairColours {
  readonly fill: Uint8Array;
  readonly lines: Uint8Array;
}

/** What of a view says which classes its voxels have. */
type Painted = Pick<CaseView, 'sets' | 'pairs' | 'ignoredPair' | 'voxels' | 'shape'>;
type Pair = Painted['pairs'][number];
type Place = [number, number, number];
/** A plane of the view: across an axis, at a place along it. */
export interface Plane {
  readonly axis: number;
  readonly at: number;
}
/** First and last places of a part of the view. */
interface Part {
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** Colours of the pairs of a view: filled, and as outlines. */
export function pairColours(
  view: Painted,
  { mode, classIndex, shown, outlines }: PaintSettings,
): PairColours {
  const top = (set: number) => view.sets[set]!.find((each) => shown.has(each));
  const ofSet = (set: number, colour = ofClass) => {
    const first = top(set);
    return first === undefined ? 0 : colour(first);
  };
  const one = new Set([classIndex]);
  const byPair = (colour: (pair: Pair) => number) =>
    Uint8Array.from(view.pairs, (pair, at) => (at === view.ignoredPair ? 0 : colour(pair)));
  const none = new Uint8Array(view.pairs.length);
  const filled = (colours: Uint8Array): PairColours =>
    outlines ? { fill: none, lines: colours } : { fill: colours, lines: none };
  switch (mode) {
    case 'prediction':
      return filled(byPair(([prediction]) => ofSet(prediction)));
    case 'reference':
      return filled(byPair(([, reference]) => ofSet(reference)));
    case 'both':
      return {
        fill: byPair(([prediction]) => ofSet(prediction)),
        lines: byPair(([, reference]) => ofSet(reference, ofOutline)),
      };
    default:
      return filled(byPair((pair) => errorColour(view, pair, mode === 'error' ? one : shown)));
  }
}

function errorColour({ sets }: Painted, [prediction, reference]: Pair, shown: ReadonlySet<number>): number {
  const ofShown = (set: number) => sets[set]!.filter((each) => shown.has(each));
  const [predicted, wanted] = [ofShown(prediction), ofShown(reference)];
  const extra = predicted.some((each) => !wanted.includes(each));
  const missed = wanted.some((each) => !predicted.includes(each));
  if (extra && missed) return ofError.other;
  if (extra) return ofError.extra;
  if (missed) return ofError.missed;
  return predicted.length > 0 ? ofError.agree : 0;
}

/** Writes the colours of all voxels into `layer`; `across` is the stored axis of the one plane in view. */
export function paint(
  view: Painted,
  { fill, lines }: PairColours,
  layer: Uint8Array,
  across: number | undefined,
): void {
  const { voxels } = view;
  for (let at = 0; at < voxels.length; at++) layer[at] = fill[voxels[at]!]!;
  if (lines.some((colour) => colour !== 0)) outline(view, lines, layer, across);
}

/** A voxel is part of an outline where a neighbour has another colour: in the plane in view, or in space. */
function outline(
  { voxels, shape }: Painted,
  colours: Uint8Array,
  layer: Uint8Array,
  across: number | undefined,
): void {
  const [nx, ny] = shape;
  const steps = [1, nx, nx * ny] as const;
  const axes = ([0, 1, 2] as const).filter((axis) => axis !== across && shape[axis] > 1);
  const place: Place = [0, 0, 0];
  for (let at = 0; at < voxels.length; at++) {
    const colour = colours[voxels[at]!]!;
    if (colour === 0) continue;
    place[0] = at % nx;
    place[1] = Math.floor(at / nx) % ny;
    place[2] = Math.floor(at / steps[2]);
    const isOutline = axes.some(
      (axis) =>
        place[axis] === 0 ||
        place[axis] === shape[axis] - 1 ||
        colours[voxels[at - steps[axis]]!] !== colour ||
        colours[voxels[at + steps[axis]]!] !== colour,
    );
    if (isOutline) layer[at] = colour;
  }
}

/** Voxels of a class that both have, that the prediction alone has, and that the reference alone has. */
export interface ClassCounts {
  tp: number;
  fp: number;
  fn: number;
}

/** Counts in a plane of the view, or in all of it. */
export function countClass(view: Painted, classIndex: number, plane?: Plane): ClassCounts {
  const counts: ClassCounts = { tp: 0, fp: 0, fn: 0 };
  const kinds = view.pairs.map(([prediction, reference], at): keyof ClassCounts | undefined => {
    if (at === view.ignoredPair) return undefined;
    const predicted = view.sets[prediction]!.includes(classIndex);
    const wanted = view.sets[reference]!.includes(classIndex);
    return predicted ? (wanted ? 'tp' : 'fp') : wanted ? 'fn' : undefined;
  });
  const byPair = new Float64Array(view.pairs.length);
  eachVoxel(view, plane, (at) => {
    byPair[view.voxels[at]!]!++;
  });
  for (const [pair, kind] of kinds.entries()) if (kind) counts[kind] += byPair[pair]!;
  return counts;
}

/** The place along a stored axis with the most errors of a class between two places; undefined where there are none. */
export function worstPlane(
  view: Painted,
  classIndex: number,
  axis: 0 | 1 | 2,
  [first, last]: readonly [number, number] = [0, view.shape[axis] - 1],
): number | undefined {
  let worst: number | undefined;
  let most = 0;
  for (let at = first; at <= last; at++) {
    const { fp, fn } = countClass(view, classIndex, { axis, at });
    if (fp + fn > most) [worst, most] = [at, fp + fn];
  }
  return worst;
}

/** A voxel of the view with an error of the class, near the middle of those in a plane. */
export function worstVoxel(
  view: Painted,
  classIndex: number,
  axis: 0 | 1 | 2,
  at: number,
  part?: Part,
): Readonly<Place> | undefined {
  const isWrong = view.pairs.map(
    ([prediction, reference], pair) =>
      pair !== view.ignoredPair &&
      view.sets[prediction]!.includes(classIndex) !== view.sets[reference]!.includes(classIndex),
  );
  const [nx, ny] = view.shape;
  const placeOf = (index: number): Place => [
    index % nx,
    Math.floor(index / nx) % ny,
    Math.floor(index / nx / ny),
  ];
  const isIn = (place: Place) =>
    !part || place.every((each, k) => each >= part.first[k]! && each <= part.last[k]!);
  const wrong: number[] = [];
  eachVoxel(view, { axis, at }, (index) => {
    if (isWrong[view.voxels[index]!] && isIn(placeOf(index))) wrong.push(index);
  });
  if (wrong.length === 0) return undefined;
  const places = wrong.map(placeOf);
  const middle = [0, 1, 2].map((k) => places.reduce((sum, place) => sum + place[k]!, 0) / places.length);
  const distance = (place: Place) => place.reduce((sum, each, k) => sum + (each - middle[k]!) ** 2, 0);
  return places.reduce((best, place) => (distance(place) < distance(best) ? place : best));
}

function eachVoxel({ shape, voxels }: Painted, plane: Plane | undefined, visit: (at: number) => void): void {
  if (!plane) {
    for (let at = 0; at < voxels.length; at++) visit(at);
    return;
  }
  const [nx, ny, nz] = shape;
  const steps = [1, nx, nx * ny];
  const [a, b] = [0, 1, 2].filter((axis) => axis !== plane.axis) as [number, number];
  const lengths = [nx, ny, nz];
  for (let j = 0; j < lengths[b]!; j++) {
    for (let i = 0; i < lengths[a]!; i++)
      visit(plane.at * steps[plane.axis]! + i * steps[a]! + j * steps[b]!);
  }
}
