/** Pictures of the worst slice of the worst cases: what was found, missed and invented, without opening the viewer. */
import { join } from 'node:path';
import { encode } from 'fast-png';
import type { Vec3 } from '../../base/box.ts';
import { VoxtallyError } from '../../base/errors.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { localStore } from '../../run/open-store.ts';
import { RunFolder, workFolder } from '../../run/run-folder.ts';
import { dataBytes } from '../../volumes/length.ts';
import type { CaseView } from '../viewer/case-view.ts';
import { openVolumes } from '../viewer/open-volumes.ts';
import { worstBoxPlaces } from '../viewer/places.ts';
import { readView, type ShownVolumes } from '../viewer/read-view.ts';

/** A case of each class at most, and so many in all. */
const mostThumbnails = 6;
/** A gzip volume is read from its start: beyond this a picture is not worth its time. */
const mostGzipBytes = 2 ** 27;
/** Longest side of a picture in pixels. */
const longestSide = 240;

export interface Thumbnail {
  readonly caseId: string;
  readonly className: string;
  readonly dice: number;
  /** Plane along z, counted from 0. */
  readonly plane: number;
  /** A PNG as an address. */
  readonly source: string;
  readonly width: number;
  readonly height: number;
}

/** Worst first. A case whose volumes are gone, changed or slow to read has no picture. */
export async function gatherThumbnails(
  outDir: string,
  document: ResultsDocument,
  signal?: AbortSignal,
): Promise<Thumbnail[]> {
  const folder = new RunFolder(localStore(join(outDir, workFolder)));
  const found: Thumbnail[] = [];
  for (const { index, classIndex, dice } of worstPairs(document)) {
    if (signal?.aborted || found.length === mostThumbnails) break;
    try {
      const thumbnail = await thumbnailOf(folder, document, index, classIndex, dice);
      if (thumbnail) found.push(thumbnail);
    } catch (error) {
      // Pictures are an extra: a volume that cannot be read now was read when it was scored.
      if (!(error instanceof VoxtallyError)) throw error;
    }
  }
  return found;
}

interface Pair {
  readonly index: number;
  readonly classIndex: number;
  readonly dice: number;
}

/** The worst class of each case, the lowest Dice first; more than are shown, since some cannot be read. */
function worstPairs({ cases, classes }: ResultsDocument): Pair[] {
  return cases
    .flatMap((entry, index) => {
      if (entry.status !== 'ok') return [];
      const ranked = classes
        .map(({ name }, classIndex) => ({ classIndex, dice: entry.classes[name]!.metrics.dice }))
        .filter((pair): pair is { classIndex: number; dice: number } => pair.dice !== null && pair.dice < 1)
        .sort((a, b) => a.dice - b.dice);
      return ranked.slice(0, 1).map((pair) => ({ index, ...pair }));
    })
    .sort((a, b) => a.dice - b.dice || a.index - b.index)
    .slice(0, 2 * mostThumbnails);
}

async function thumbnailOf(
  folder: RunFolder,
  document: ResultsDocument,
  index: number,
  classIndex: number,
  dice: number,
): Promise<Thumbnail | undefined> {
  const entry = document.cases[index]!;
  if (entry.status !== 'ok') return undefined;
  const className = document.classes[classIndex]!.name;
  const [place] = worstBoxPlaces(folder, index, className)?.places ?? [];
  const plane = place ? place.voxel[2] : Math.floor(entry.shape[2] / 2);
  const { volumes, rule } = await openVolumes({
    root: folder.path,
    case: index,
    part: { kind: 'plane', axis: 2, at: plane },
    class: classIndex,
    classes: document.classes,
    shape: entry.shape,
    dataRoots: [],
  });
  if (slowBytes(volumes) > mostGzipBytes) return undefined;
  const view = await readView(
    volumes,
    { part: { kind: 'plane', axis: 2, at: plane }, rule, class: classIndex },
    () => {},
  );
  return { caseId: entry.id, className, dice, plane, ...picture(view, classIndex) };
}

function slowBytes({ predictions, reference, scan }: ShownVolumes): number {
  const headers = [...predictions, ...(reference ? [reference] : []), ...(scan?.header ? [scan.header] : [])];
  return headers.filter(({ compressed }) => compressed).reduce((sum, header) => sum + dataBytes(header), 0);
}

/** Blue: both; orange: the reference alone; purple: the prediction alone. The viewer has the same. */
const colours = { both: [64, 132, 214], missed: [235, 140, 30], extra: [168, 85, 200] } as const;

/** The plane around the class, as radiologists look at it where its axes are nearly those of the patient. */
function picture(view: CaseView, classIndex: number): Pick<Thumbnail, 'source' | 'width' | 'height'> {
  const [columns, rows] = view.shape;
  const sideOf = view.pairs.map(([prediction, reference]) => {
    const [inPrediction, inReference] = [prediction, reference].map((set) =>
      view.sets[set]!.includes(classIndex),
    );
    return inPrediction ? (inReference ? 'both' : 'extra') : inReference ? 'missed' : undefined;
  });
  const box = boundsOf(view, sideOf);
  const [stepX, stepY] = [view.spacingMm[0], view.spacingMm[1]];
  const scale = longestSide / Math.max(box.width * stepX, box.height * stepY);
  const width = Math.max(1, Math.round(box.width * stepX * scale));
  const height = Math.max(1, Math.round(box.height * stepY * scale));
  // World axes run to the patient's right and to the front; the right is shown at the left and the front above.
  const flipX = view.affine[0]! > 0;
  const flipY = view.affine[5]! > 0;
  const data = new Uint8Array(width * height * 3);
  const [dark, bright] = view.scan ? [view.scan.percentiles[1], view.scan.percentiles[2]] : [0, 1];
  for (let py = 0, at = 0; py < height; py++) {
    const inY = Math.floor(((flipY ? height - 1 - py : py) * box.height) / height);
    for (let px = 0; px < width; px++, at += 3) {
      const inX = Math.floor(((flipX ? width - 1 - px : px) * box.width) / width);
      const x = Math.min(columns - 1, box.x + inX);
      const voxel = Math.min(rows - 1, box.y + inY) * columns + x;
      const grey = view.scan
        ? Math.max(
            0,
            Math.min(255, (255 * (view.scan.voxels[voxel]! - dark)) / Math.max(1e-9, bright - dark)),
          )
        : 24;
      const side = sideOf[view.voxels[voxel]!];
      for (let channel = 0; channel < 3; channel++) {
        const colour = side === undefined ? grey : colours[side][channel]!;
        data[at + channel] = view.scan ? 0.45 * grey + 0.55 * colour : colour;
      }
    }
  }
  const png = encode({ width, height, data, channels: 3, depth: 8 });
  return { source: `data:image/png;base64,${Buffer.from(png).toString('base64')}`, width, height };
}

/** The voxels that either side has, with some room around them; the whole plane where there are none. */
function boundsOf(view: CaseView, sideOf: readonly (string | undefined)[]) {
  const [columns, rows] = view.shape as Vec3;
  let [left, right, top, bottom] = [columns, -1, rows, -1];
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, at++) {
      if (sideOf[view.voxels[at]!] === undefined) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (right < 0) return { x: 0, y: 0, width: columns, height: rows };
  const room = Math.max(6, Math.round(0.35 * Math.max(right - left, bottom - top)));
  const [x, y] = [Math.max(0, left - room), Math.max(0, top - room)];
  return {
    x,
    y,
    width: Math.min(columns, right + room + 1) - x,
    height: Math.min(rows, bottom + room + 1) - y,
  };
}
