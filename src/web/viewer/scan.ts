/** The scan under the masks: the nearest of its voxels at each voxel of the scored grid. */
import type { VolumeHeader } from '../../volumes/types.ts';
import type { ScanView } from './case-view.ts';
import { valuesOf } from './decisions.ts';
import { nearestPlaces, type Places } from './grid-places.ts';
import { bytesToRead, type ReadBytes, sampleStored } from './sample-stored.ts';

/** A scan that a case names: its header, or why it cannot be shown. */
export interface Scan {
  readonly header?: VolumeHeader;
  readonly fault?: string;
}

type Grid = Pick<VolumeHeader, 'shape' | 'affine'>;

/** Of these many voxels the percentiles are taken. */
const sampledVoxels = 100_000;

export async function readScan(
  header: VolumeHeader,
  grid: Grid,
  places: Places,
  readBytes: ReadBytes,
): Promise<ScanView | { readonly fault: string }> {
  const inFile = nearestPlaces(places, grid, header);
  if (!inFile) return { fault: 'its axes lie askew to those of the reference' };
  const isOutside = inFile.map(({ places: along }) => along.map((place) => place < 0));
  if (isOutside.some((along) => along.every(Boolean))) return { fault: 'it lies beside the reference' };
  const shape = inFile.map(({ places: along }) => along.length);
  let voxels: Float32Array<ArrayBuffer> = new Float32Array();
  await sampleStored(header, [0], inFile, readBytes, (stored) => {
    const valueAt = valuesOf(header, stored);
    voxels = new Float32Array(stored.length);
    for (let at = 0; at < voxels.length; at++) {
      const value = Number(valueAt(at));
      voxels[at] = Number.isFinite(value) ? value : 0;
    }
  });
  const percentiles = percentilesOf(voxels);
  if (isOutside.some((along) => along.some(Boolean))) fillOutside(voxels, shape, isOutside, percentiles[0]);
  return { voxels: asIntegers(voxels) ?? voxels, percentiles };
}

export function scanBytes(header: VolumeHeader, grid: Grid, places: Places): number {
  const inFile = nearestPlaces(places, grid, header);
  return inFile ? bytesToRead(header, [0], inFile) : 0;
}

function percentilesOf(voxels: Float32Array): ScanView['percentiles'] {
  const step = Math.max(1, Math.floor(voxels.length / sampledVoxels));
  const sorted = new Float32Array(Math.ceil(voxels.length / step));
  let [least, most] = [voxels[0]!, voxels[0]!];
  for (let at = 0; at < voxels.length; at++) {
    if (at % step === 0) sorted[at / step] = voxels[at]!;
    if (voxels[at]! < least) least = voxels[at]!;
    if (voxels[at]! > most) most = voxels[at]!;
  }
  sorted.sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return [least, at(0.02), at(0.98), most];
}

/** What the scan does not reach is as dark as its darkest voxel. */
function fillOutside(
  voxels: Float32Array,
  shape: readonly number[],
  isOutside: readonly (readonly boolean[])[],
  value: number,
): void {
  let at = 0;
  for (let z = 0; z < shape[2]!; z++) {
    for (let y = 0; y < shape[1]!; y++) {
      for (let x = 0; x < shape[0]!; x++, at++) {
        if (isOutside[0]![x] || isOutside[1]![y] || isOutside[2]![z]) voxels[at] = value;
      }
    }
  }
}

/** Half the bytes, where nothing is lost by it. */
function asIntegers(voxels: Float32Array): Int16Array | undefined {
  const integers = Int16Array.from(voxels);
  for (let at = 0; at < voxels.length; at++) if (integers[at] !== voxels[at]) return undefined;
  return integers;
}
