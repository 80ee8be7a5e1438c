/** Pictures of the worst slice of the worst cases: what was found, missed and invented, without opening the viewer. */
import { join } from 'node:path';
import { mapVec3, type Vec3 } from '../../base/box.ts';
import { VoxtallyError } from '../../base/errors.ts';
import type { ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import { localStore } from '../../run/open-store.ts';
import { RunFolder, workFolder } from '../../run/run-folder.ts';
import { dataBytes } from '../../volumes/length.ts';
import type { ViewPart } from '../viewer/case-view.ts';
import { openVolumes } from '../viewer/open-volumes.ts';
import { worstPlane, worstVoxel } from '../viewer/page/paint.ts';
import { readView, type ShownVolumes } from '../viewer/read-view.ts';
import { patientAxes, type SlicePicture, slicePicture } from './slice-picture.ts';
import { byBadness, worstClass } from './worst.ts';

/** A case of each class at most, and so many in all. */
const mostThumbnails = 6;
/** Voxels that are looked at to find the slice; where they show no error, as many as the viewer starts with. */
const searchedVoxels = 200_000;
/** A gzip volume is read from its start: beyond this a picture is not worth its time. */
const mostGzipBytes = 2 ** 27;

export interface Thumbnail extends SlicePicture {
  readonly caseId: string;
  readonly className: string;
  readonly dice: number;
  /** Among the errors of the slice, `[x, y, z]`. */
  readonly voxel: Vec3;
  /** The slice across the patient's axis from feet to head, counted from 0, and how many there are. */
  readonly slice: number;
  readonly slices: number;
}

/** Worst first. A case whose volumes are gone, changed or slow to read has no picture. */
export async function gatherThumbnails(
  outDir: string,
  document: ResultsDocument,
  signal?: AbortSignal,
): Promise<Thumbnail[]> {
  const folder = new RunFolder(localStore(join(outDir, workFolder)));
  const found: Thumbnail[] = [];
  for (const pair of worstPairs(document)) {
    if (signal?.aborted || found.length === mostThumbnails) break;
    try {
      const thumbnail = await thumbnailOf(folder, document, pair);
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
  readonly entry: ScoredCaseResult;
  readonly classIndex: number;
  readonly dice: number;
}

/** The worst class of each case, the worst first; more than are shown, since some cannot be read. */
function worstPairs({ cases, classes }: ResultsDocument): Pair[] {
  const resultOf = ({ entry, classIndex }: Pair) => entry.classes[classes[classIndex]!.name]!;
  return cases
    .flatMap((entry, index): Pair[] => {
      if (entry.status !== 'ok' || classes.length === 0) return [];
      const classIndex = worstClass(entry, classes);
      const { dice } = entry.classes[classes[classIndex]!.name]!.metrics;
      return dice === null || dice === 1 ? [] : [{ index, entry, classIndex, dice }];
    })
    .sort((a, b) => byBadness(resultOf(a), resultOf(b)) || a.index - b.index)
    .slice(0, 2 * mostThumbnails);
}

async function thumbnailOf(
  folder: RunFolder,
  { classes }: ResultsDocument,
  { index, entry, classIndex, dice }: Pair,
): Promise<Thumbnail | undefined> {
  const request = { root: folder.path, case: index, class: classIndex, classes, shape: entry.shape };
  const overview = { kind: 'overview', fine: false } as const;
  const { volumes, rule } = await openVolumes({ ...request, part: overview, dataRoots: [] });
  if (slowBytes(volumes) > mostGzipBytes) return undefined;
  const show = (part: ViewPart, mostVoxels?: number) =>
    readView(volumes, { part, rule, class: classIndex, ...(mostVoxels && { mostVoxels }) }, () => {});
  let whole = await show(overview, searchedVoxels);
  const axis = patientAxes(whole)[2];
  let place = worstPlane(whole, classIndex, axis);
  if (place === undefined) {
    whole = await show(overview);
    place = worstPlane(whole, classIndex, axis);
  }
  // An error that a coarse overview steps over is too small for a picture.
  const found = place === undefined ? undefined : worstVoxel(whole, classIndex, axis, place);
  if (found === undefined) return undefined;
  const voxel = mapVec3(found, (at, k) => (whole.origin[k] + at) * whole.stride[k] + (whole.stride[k] >> 1));
  const plane = await show({ kind: 'plane', axis, at: voxel[axis] });
  return {
    caseId: entry.id,
    className: classes[classIndex]!.name,
    dice,
    voxel,
    slice: voxel[axis],
    slices: entry.shape[axis],
    ...slicePicture(plane, classIndex),
  };
}

function slowBytes({ predictions, reference, scan }: ShownVolumes): number {
  const headers = [...predictions, ...(reference ? [reference] : []), ...(scan?.header ? [scan.header] : [])];
  return headers.filter(({ compressed }) => compressed).reduce((sum, header) => sum + dataBytes(header), 0);
}
