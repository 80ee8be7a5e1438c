/** Pictures of the worst slice of the worst cases: what was found, missed and invented, without opening the viewer. */
import { join } from 'node:path';
import { mapVec3, type Vec3 } from '../../base/box.ts';
import { VoxtallyError } from '../../base/errors.ts';
import { boxesOf } from '../../questions/errors/worst-boxes.ts';
import type { ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import { storedErrors } from '../../run/box-errors/case-errors.ts';
import { type RunFolder, workFolder } from '../../run/run-folder.ts';
import { dataBytes } from '../../volumes/length.ts';
import type { ViewPart } from '../viewer/case-view.ts';
import { openShownRun, openVolumes, type ShownRun } from '../viewer/open-volumes.ts';
import { worstPlane, worstVoxel } from '../viewer/page/paint.ts';
import { readView, type ShownVolumes } from '../viewer/read-view.ts';
import { patientAxes, type SlicePicture, slicePicture } from './slice-picture.ts';
import { byBadness, worstClass } from './worst.ts';

/** A case of each class at most, and so many in all. */
const mostThumbnails = 6;
/** Voxels that are looked at to find the slice, among the planes that the list of errors names; else as many as the viewer starts with. */
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
  let run: ShownRun | undefined;
  const found: Thumbnail[] = [];
  for (const pair of worstPairs(document)) {
    if (signal?.aborted || found.length === mostThumbnails) break;
    try {
      run ??= openShownRun(join(outDir, workFolder));
      const thumbnail = await thumbnailOf(run, document, pair);
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
  run: ShownRun,
  { classes }: ResultsDocument,
  { index, entry, classIndex, dice }: Pair,
): Promise<Thumbnail | undefined> {
  const className = classes[classIndex]!.name;
  const request = { root: run.folder.path, case: index, class: classIndex, classes, shape: entry.shape };
  const overview = { kind: 'overview', fine: false } as const;
  const { volumes, rule } = await openVolumes({ ...request, part: overview, dataRoots: [] }, run);
  if (slowBytes(volumes) > mostGzipBytes) return undefined;
  const show = (part: ViewPart) =>
    readView(volumes, { part, rule, class: classIndex, mostVoxels: searchedVoxels }, () => {});
  const axis = patientAxes(volumes.grid)[2];
  let whole = await show(worstPlanes(run.folder, index, className) ?? overview);
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
    className,
    dice,
    voxel,
    slice: voxel[axis],
    slices: entry.shape[axis],
    ...slicePicture(plane, classIndex),
  };
}

/** The planes with the most errors of a class; undefined where the run left no list of errors. */
function worstPlanes(folder: RunFolder, index: number, className: string): ViewPart | undefined {
  const errors = storedErrors(folder, index);
  if (errors === undefined) return undefined;
  const layers = new Map<number, { z: readonly [number, number]; error: number }>();
  for (const { box, error } of boxesOf(errors, '', { class: className, measure: 'hard' })) {
    const first = box.origin[2];
    const before = layers.get(first)?.error ?? 0;
    layers.set(first, { z: [first, first + box.shape[2] - 1], error: before + error });
  }
  const [worst] = [...layers.values()].sort((a, b) => b.error - a.error);
  return worst && { kind: 'planes', z: worst.z };
}

function slowBytes({ predictions, reference, scan }: ShownVolumes): number {
  const headers = [...predictions, ...(reference ? [reference] : []), ...(scan?.header ? [scan.header] : [])];
  return headers.filter(({ compressed }) => compressed).reduce((sum, header) => sum + dataBytes(header), 0);
}
