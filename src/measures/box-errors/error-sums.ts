/** The errors of a case by box, added from the partials of its tiles while they are merged: no voxel is looked at again. */

import { type Box, mapVec3, voxelIndex } from '../../base/box.ts';
import { compareLabels, type Label } from '../../base/label.ts';
import type { TileGrid } from '../../base/tile-grid.ts';
import { nameOfLabel, type RunSettings } from '../../settings/run-settings.ts';
import { type BoxSums, sumsOfClass } from './box-sums.ts';
import { type Cut, slabBoxes, slabsOf, tileBoxes } from './boxes.ts';
import type { BoxErrors, ClassErrors } from './class-errors.ts';

export class ErrorSums {
  readonly #settings: RunSettings;
  readonly #tiles: GridSums;
  readonly #slabGrid: TileGrid | undefined;
  /** Undefined where a tile has not told of its slabs, as tiles of very many labels do not. */
  #slabs: GridSums | undefined;

  constructor(settings: RunSettings, cut: Cut) {
    this.#settings = settings;
    this.#tiles = new GridSums(tileBoxes(cut, settings.classes.length));
    this.#slabGrid = slabBoxes(cut, settings.classes.length);
    this.#slabs = this.#slabGrid && new GridSums(this.#slabGrid);
  }

  /** Adds a tile, of which `slabs` are the parts by `slabsOf`; undefined where the tile has not told of them. */
  add(tile: Box, whole: BoxSums, slabs: BoxSums | undefined): void {
    this.#tiles.add([tile], whole);
    const boxes = slabsOf(this.#slabGrid, tile);
    const parts = boxes.length === 1 ? whole : slabs;
    if (parts) this.#slabs?.add(boxes, parts);
    else this.#slabs = undefined;
  }

  list(): BoxErrors {
    const { grid, voxels, sums: found } = this.#slabs ?? this.#tiles;
    const named = this.#settings.classes.map(({ name }, at) => ({ name, sums: found.get(at) }));
    const labels = [...found].sort(([a], [b]) => compareLabels(a, b));
    const classes =
      named.length > 0
        ? named
        : labels.map(([label, sums]) => ({ name: nameOfLabel(this.#settings, label), sums }));
    return {
      boxShape: grid.tileShape,
      voxels,
      classes: classes.map(({ name, sums }) => this.#columns(name, sums ?? new Map())),
    };
  }

  #columns(name: string, sums: ReadonlyMap<number, readonly number[]>): ClassErrors {
    const rows = [...sums].sort(([a], [b]) => a - b);
    const column = (at: number) => rows.map(([, of]) => of[at]!);
    return {
      name,
      box: rows.map(([box]) => box),
      foreground: column(0),
      fp: column(1),
      fn: column(2),
      ...(this.#settings.scores === 'label' ? {} : { softFp: column(3), softFn: column(4) }),
    };
  }
}

/** The sums of each box of a grid. */
class GridSums {
  readonly grid: TileGrid;
  readonly voxels: number[];
  /** By class, then by box: those that are not all 0. */
  readonly sums = new Map<Label, Map<number, number[]>>();

  constructor(grid: TileGrid) {
    this.grid = grid;
    this.voxels = Array.from({ length: grid.length }, () => 0);
  }

  /** Adds the sums of `parts`, each of which lies in one box. */
  add(parts: readonly Box[], { keys, values }: BoxSums): void {
    const { tileShape, counts } = this.grid;
    let at = 0;
    for (const { origin } of parts) {
      const place = mapVec3(origin, (first, axis) => Math.floor(first / tileShape[axis]));
      const box = voxelIndex(place, counts);
      this.voxels[box]! += values[at++]!;
      for (const key of keys) {
        this.#addClass(key, box, values, at);
        at += sumsOfClass;
      }
    }
  }

  #addClass(key: Label, box: number, values: Float64Array, at: number): void {
    let some = false;
    for (let i = 0; i < sumsOfClass; i++) some ||= values[at + i]! > 0;
    if (!some) return;
    let boxes = this.sums.get(key);
    if (!boxes) {
      boxes = new Map();
      this.sums.set(key, boxes);
    }
    const sums = boxes.get(box);
    if (sums) for (let i = 0; i < sumsOfClass; i++) sums[i]! += values[at + i]!;
    else boxes.set(box, [values[at]!, values[at + 1]!, values[at + 2]!, values[at + 3]!, values[at + 4]!]);
  }
}
