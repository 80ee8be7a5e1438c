/** A plane of a case as a small picture: what was found, missed and invented, over the scan where there is one. */
import type { CaseView } from '../viewer/case-view.ts';
import { errorColours } from '../viewer/page/colours.ts';
import { windowsOf } from '../viewer/page/windows.ts';
import { encodePng } from './png.ts';

/** Longest side in pixels. */
const longestSide = 240;

export interface SlicePicture {
  /** A PNG as an address. */
  readonly source: string;
  readonly width: number;
  readonly height: number;
}

type Axis = 0 | 1 | 2;
type Side = 'agree' | 'missed' | 'extra';

/** Which stored axes run most nearly along those of the patient: left to right, back to front, feet to head. */
export function patientAxes({ affine }: Pick<CaseView, 'affine'>): readonly [Axis, Axis, Axis] {
  const share = (patient: Axis, stored: Axis) =>
    Math.abs(affine[4 * patient + stored]!) /
    Math.hypot(affine[stored]!, affine[4 + stored]!, affine[8 + stored]!);
  const nearest = (patient: Axis, among: readonly Axis[]) =>
    among.reduce((best, axis) => (share(patient, axis) > share(patient, best) ? axis : best));
  const up = nearest(2, [0, 1, 2]);
  const others = ([0, 1, 2] as const).filter((axis) => axis !== up);
  const right = nearest(0, others);
  return [right, others.find((axis) => axis !== right)!, up];
}

/** An axial plane of a view around a class, as radiologists look at it. */
export function slicePicture(view: CaseView, classIndex: number): SlicePicture {
  const [acrossAxis, downAxis] = patientAxes(view);
  const steps = [1, view.shape[0], view.shape[0] * view.shape[1]] as const;
  const [columns, rows] = [view.shape[acrossAxis], view.shape[downAxis]];
  const voxelAt = (x: number, y: number) => x * steps[acrossAxis] + y * steps[downAxis];
  const sides = sidesOf(view, classIndex);
  const sideAt = (x: number, y: number) => sides[view.voxels[voxelAt(x, y)]!];

  const isShown = Uint8Array.from(sides, (side) => (side === undefined ? 0 : 1));
  const box = boundsOf(columns, rows, view.voxels, isShown, [steps[acrossAxis], steps[downAxis]]);
  const [stepX, stepY] = [acrossAxis, downAxis].map((axis) => view.spacingMm[axis]! * view.stride[axis]!) as [
    number,
    number,
  ];
  const scale = longestSide / Math.max(box.width * stepX, box.height * stepY);
  const width = Math.max(1, Math.round(box.width * stepX * scale));
  const height = Math.max(1, Math.round(box.height * stepY * scale));
  // World axes run to the patient's right and to the front; the right is shown at the left and the front above.
  const isMirrored = view.affine[acrossAxis]! > 0;
  const isUpsideDown = view.affine[4 + downAxis]! > 0;
  const greyAt = greyOf(view);
  const data = new Uint8Array(width * height * 3);
  for (let py = 0, at = 0, yAbove = -1; py < height; py++) {
    const y = box.y + Math.floor(((isUpsideDown ? height - 1 - py : py) * box.height) / height);
    if (y === yAbove) {
      data.copyWithin(at, at - 3 * width, at);
      at += 3 * width;
      continue;
    }
    yAbove = y;
    for (let px = 0; px < width; px++, at += 3) {
      const x = box.x + Math.floor(((isMirrored ? width - 1 - px : px) * box.width) / width);
      const grey = greyAt(voxelAt(x, y));
      const side = sideAt(x, y);
      for (let channel = 0; channel < 3; channel++) {
        const colour = side === undefined ? grey : errorColours[side][channel]!;
        data[at + channel] = view.scan ? 0.45 * grey + 0.55 * colour : colour;
      }
    }
  }
  const png = encodePng(width, height, data);
  return { source: `data:image/png;base64,${png.toString('base64')}`, width, height };
}

/** By pair of the view. */
function sidesOf({ pairs, sets, ignoredPair }: CaseView, classIndex: number): (Side | undefined)[] {
  return pairs.map(([prediction, reference], pair) => {
    if (pair === ignoredPair) return undefined;
    const isPredicted = sets[prediction]!.includes(classIndex);
    const isWanted = sets[reference]!.includes(classIndex);
    return isPredicted ? (isWanted ? 'agree' : 'extra') : isWanted ? 'missed' : undefined;
  });
}

/** The window is the one in which the viewer starts. */
function greyOf({ scan }: CaseView): (voxel: number) => number {
  if (!scan) return () => 24;
  const [low, high] = Object.values(windowsOf(scan.percentiles))[0]!;
  const factor = 255 / Math.max(1e-9, high - low);
  return (voxel) => Math.max(0, Math.min(255, factor * (scan.voxels[voxel]! - low)));
}

/** The voxels that either side has, with some room around them; the whole plane where there are none. */
function boundsOf(
  columns: number,
  rows: number,
  voxels: CaseView['voxels'],
  isShown: Uint8Array,
  [stepX, stepY]: readonly [number, number],
) {
  let [left, right, top, bottom] = [columns, -1, rows, -1];
  for (let y = 0; y < rows; y++) {
    for (let x = 0, at = y * stepY; x < columns; x++, at += stepX) {
      if (isShown[voxels[at]!] === 0) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (right < 0) return { x: 0, y: 0, width: columns, height: rows };
  const room = Math.max(10, Math.round(0.5 * Math.max(right - left, bottom - top)));
  const [x, y] = [Math.max(0, left - room), Math.max(0, top - room)];
  return {
    x,
    y,
    width: Math.min(columns, right + room + 1) - x,
    height: Math.min(rows, bottom + room + 1) - y,
  };
}
