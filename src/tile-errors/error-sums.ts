/** The errors of a case by tile, added from the tallies of its tiles while they are merged: no voxel is looked at again. */
import type { CasePlan } from '../plan/case-plan.ts';
import { type TileGrid, tileGrid } from '../plan/tile-grid.ts';
import { errorUnit } from '../run/measures.ts';
import type { RunSettings } from '../run/settings.ts';
import type { Tally } from '../tally/tally.ts';
import { type Box, type Vec3, voxelIndex } from '../voxel/box.ts';
import type { CaseErrors, ClassErrors } from './case-errors.ts';

/** Boxes of a case at most, and boxes times classes where predictions are scores (each box has sums of each class). */
const mostBoxes = 512;
const mostSums = 2 ** 15;
const fewestBoxes = 64;

/** Sums of a class in a box; errors in units of 2^-50. */
interface Sums {
  foreground: number;
  fp: number;
  fn: number;
  softFp: bigint;
  softFn: bigint;
}

export class ErrorSums {
  readonly #settings: RunSettings;
  readonly #plan: Pick<CasePlan, 'shape' | 'tileShape' | 'reference'>;
  readonly #grid: TileGrid;
  readonly #voxels: number[];
  /** By class (its place in the settings, or its label where no class is named), then by box. */
  readonly #sums = new Map<number, Map<number, Sums>>();
  /** Classes of a label; undefined where every label is a class of its own. */
  readonly #classesOfLabel: ReadonlyMap<number, readonly number[]> | undefined;

  constructor(settings: RunSettings, plan: Pick<CasePlan, 'shape' | 'tileShape' | 'reference'>) {
    this.#settings = settings;
    this.#plan = plan;
    this.#grid = tileGrid(plan.shape, boxShape(plan, settings.classes.length));
    this.#voxels = Array.from({ length: this.#grid.length }, () => 0);
    this.#classesOfLabel = settings.classes.length > 0 ? classesByLabel(settings) : undefined;
  }

  /** Adds the tally of a tile. */
  add({ origin }: Box, tally: Tally): void {
    const { tileShape, counts } = this.#grid;
    const place = origin.map((at, axis) => Math.floor(at / tileShape[axis]!)) as unknown as Vec3;
    const box = voxelIndex(place, counts);
    this.#voxels[box]! += tally.voxels;
    if (this.#settings.scores === 'label') this.#addLabels(box, tally);
    else this.#addScores(box, tally);
  }

  list(): CaseErrors {
    const { shape, tileShape, reference } = this.#plan;
    const named = this.#settings.classes.map(({ name }, at) => ({ name, sums: this.#sums.get(at) }));
    const found = [...this.#sums].sort(([a], [b]) => a - b);
    const classes = named.length > 0 ? named : found.map(([label, sums]) => ({ name: String(label), sums }));
    return {
      shape,
      tileShape,
      boxShape: this.#grid.tileShape,
      affine: reference.affine,
      affineSource: reference.affineSource,
      voxels: this.#voxels,
      classes: classes.map(({ name, sums }) => this.#columns(name, sums ?? new Map())),
    };
  }

  #of(key: number, box: number): Sums {
    const boxes = this.#sums.get(key) ?? new Map<number, Sums>();
    const sums = boxes.get(box) ?? { foreground: 0, fp: 0, fn: 0, softFp: 0n, softFn: 0n };
    this.#sums.set(key, boxes.set(box, sums));
    return sums;
  }

  #addScores(box: number, { classes }: Tally): void {
    for (const [key, { foreground, hardTp, hardFp, error }] of classes.entries()) {
      if (foreground === 0 && error.all === 0n) continue;
      const sums = this.#of(key, box);
      sums.foreground += foreground;
      sums.fp += hardFp;
      sums.fn += foreground - hardTp;
      sums.softFp += error.all - error.foreground;
      sums.softFn += error.foreground;
    }
  }

  #addLabels(box: number, { confusion }: Tally): void {
    for (const [reference, prediction, voxels] of confusion) {
      const actual = this.#classes(reference);
      const predicted = this.#classes(prediction);
      for (const key of actual) {
        const sums = this.#of(key, box);
        sums.foreground += voxels;
        if (!predicted.includes(key)) sums.fn += voxels;
      }
      for (const key of predicted) if (!actual.includes(key)) this.#of(key, box).fp += voxels;
    }
  }

  /** As `classesOf` has them. */
  #classes(label: number): readonly number[] {
    if (this.#classesOfLabel) return this.#classesOfLabel.get(label) ?? [];
    return label === 0 || label === this.#settings.ignoreLabel ? [] : [label];
  }

  #columns(name: string, sums: ReadonlyMap<number, Sums>): ClassErrors {
    const rows = [...sums].sort(([a], [b]) => a - b);
    const column = (value: (sums: Sums) => number) => rows.map(([, of]) => value(of));
    return {
      name,
      box: rows.map(([box]) => box),
      foreground: column(({ foreground }) => foreground),
      fp: column(({ fp }) => fp),
      fn: column(({ fn }) => fn),
      ...(this.#settings.scores === 'label'
        ? {}
        : {
            softFp: column(({ softFp }) => Number(softFp) * errorUnit),
            softFn: column(({ softFn }) => Number(softFn) * errorUnit),
          }),
    };
  }
}

/**
 * The shape of a box: a tile, or 2, 4, ... tiles along an axis, doubled where there are most boxes until they are few
 * enough. The sums of a box are those of its tiles.
 */
export function boxShape({ shape, tileShape }: Pick<CasePlan, 'shape' | 'tileShape'>, classes: number): Vec3 {
  const most = Math.max(fewestBoxes, Math.min(mostBoxes, Math.floor(mostSums / Math.max(1, classes))));
  let grid = tileGrid(shape, tileShape);
  while (grid.length > most) {
    const { counts } = grid;
    const longest = counts.indexOf(Math.max(...counts));
    const larger = grid.tileShape.map((side, axis) => (axis === longest ? 2 * side : side));
    grid = tileGrid(shape, larger as unknown as Vec3);
  }
  return grid.tileShape;
}

function classesByLabel({ classes }: RunSettings): ReadonlyMap<number, readonly number[]> {
  const byLabel = new Map<number, number[]>();
  for (const [at, { labels }] of classes.entries()) {
    for (const label of labels === 'positive' ? [] : labels) {
      byLabel.set(label, [...(byLabel.get(label) ?? []), at]);
    }
  }
  return byLabel;
}
