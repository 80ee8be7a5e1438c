/** Room in kernel memory for the tiles of a case: what rows share, then what each takes for itself. */
import { Layout } from '../../kernels/kernels.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import { quantitiesOf } from '../quantities.ts';
import type { Quantity } from '../quantity.ts';
import { layOutTile, type TileNeeds, type TileRegions } from './memory.ts';
import { type TileInput, tileNeeds } from './tile-input.ts';

export interface TileRoom {
  readonly regions: TileRegions;
  /** What each row has taken, in their order. */
  readonly rooms: readonly unknown[];
}

export function layOutRows(layout: Layout, rows: readonly Quantity[], needs: TileNeeds): TileRoom {
  const regions = layOutTile(layout, needs);
  return { regions, rooms: rows.map((row) => row.layOut?.(layout, needs)) };
}

/** Bytes of kernel memory that `layOutRows` takes. */
export function rowBytes(rows: readonly Quantity[], needs: TileNeeds): number {
  const layout = new Layout();
  layOutRows(layout, rows, needs);
  return layout.bytes;
}

/** Bytes of kernel memory that scoring tiles of `voxels` voxels takes. */
export function tileBytes(settings: RunSettings, input: TileInput, voxels: number): number {
  return rowBytes(quantitiesOf(settings), tileNeeds(settings, input, voxels));
}
