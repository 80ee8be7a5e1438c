/** What a browser shows of a case: an overview, or one plane as it was scored. */

import type { Vec3 } from '../../base/box.ts';
import type { Affine } from '../../volumes/types.ts';

/** Which part of a case is shown. */
export type ViewPart =
  /** The whole case, at a stride at which any browser can show it at once, or one that draws fast (`fine`). */
  | { readonly kind: 'overview'; readonly fine: boolean }
  /** Some planes across z of the scored volume, from the first to the last one. */
  | { readonly kind: 'planes'; readonly z: readonly [first: number, last: number] }
  /** One plane across an axis of the scored volume, every voxel of it. */
  | { readonly kind: 'plane'; readonly axis: 0 | 1 | 2; readonly at: number }
  /** One file of a case without a score, on its own grid. */
  | { readonly kind: 'side'; readonly side: 'prediction' | 'reference' };

/** The scan of a part, at the same voxels. */
export interface ScanView {
  readonly voxels: Int16Array | Float32Array;
  /** Darkest and brightest of 0, 2, 98 and 100 percent of it. */
  readonly percentiles: readonly [number, number, number, number];
}

export interface CaseView {
  /** Voxels `[x, y, z]` of the grid that it is a part of. */
  readonly wholeShape: Vec3;
  /** Every how manyth voxel along `[x, y, z]` is shown. */
  readonly stride: Vec3;
  /** First place of the strided grid that is shown, and how many are. */
  readonly origin: Vec3;
  readonly shape: Vec3;
  /** Of the whole grid. */
  readonly affine: Affine;
  readonly spacingMm: Vec3;
  /** Sets of classes; set 0 is empty. */
  readonly sets: readonly (readonly number[])[];
  /** Sets of the prediction and of the reference that meet; pair 0 is of two empty ones. */
  readonly pairs: readonly (readonly [prediction: number, reference: number])[];
  /** The pair of ignored voxels, which count for nothing; null where there are none. */
  readonly ignoredPair: number | null;
  /** The one class that is shown, where too many meet to show all. */
  readonly onlyClass: number | null;
  /** A pair for each voxel, x fastest. */
  readonly voxels: Uint8Array | Uint16Array;
  readonly scan?: ScanView;
  /** Why there is no scan although the case names one. */
  readonly scanFault?: string;
}

/** Bytes that it takes in memory. */
export function viewBytes({ voxels, scan }: CaseView): number {
  return voxels.byteLength + (scan?.voxels.byteLength ?? 0);
}
