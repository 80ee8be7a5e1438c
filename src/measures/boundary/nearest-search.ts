/** The elements that are sought, in kernel memory: see the kernel `nearest.ts` for how they stand there. */

import { mapVec3, type Vec3 } from '../../base/box.ts';
import type { Kernels, Layout } from '../../kernels/kernels.ts';
import { DistanceCounts, type DistanceList } from './distance-list.ts';
import type { Frame } from './frame.ts';

/** Byte offsets of the kernel's fields. */
const field = {
  grid: 0,
  counts: 4,
  near: 16,
  nearCount: 20,
  levels: 24,
  levelCount: 28,
  spacing: 32,
  nearLimit: 56,
  answered: 64,
  table: 80,
  tableMask: 84,
  tableUsed: 88,
  tableLimit: 92,
  zeros: 96,
  stack: 100,
} as const;
const structBytes = 128;
/** Of a block of 64 x 4 x 4 places, and of its cell in the grid and the pyramid over it. */
export const blockBytes = 128;
export const gridCellBytes = 6;
/** Tables of counts and of nearest rows, at most. */
export const tableBytes = 2 ** 21;
const levelBytes = 40;
const maxLevels = 64;
const stackBytes = 24 * 8 * maxLevels;
/** Rows that are looked at around a query before the pyramid is, and how far they reach along y and z. */
const nearRows = 192;
const nearReach = 16;

export class NearestSearch {
  readonly address: number;
  readonly #kernels: Kernels;
  /** Blocks along `[x, y, z]`. */
  readonly #blocks: Vec3;
  readonly #grid: number;
  readonly #table: number;
  readonly #tableEntries: number;
  readonly #zeros: number;
  readonly #levels: readonly Level[];
  readonly #counts = new DistanceCounts();

  constructor(kernels: Kernels, layout: Layout, frame: Frame, spacingMm: Vec3) {
    this.#kernels = kernels;
    this.#blocks = [frame.words, Math.ceil(frame.rows / 4), Math.ceil(frame.planes / 4)];
    const blocks = this.#blocks[0] * this.#blocks[1] * this.#blocks[2];
    // A row may fill up to as many entries as it has places after the limit is passed.
    this.#tableEntries = 2 ** Math.ceil(Math.log2(Math.max(2 ** 13, 256 * frame.words)));
    this.address = layout.region(structBytes);
    this.#grid = layout.region(4 * blocks);
    this.#table = layout.region(16 * this.#tableEntries);
    this.#zeros = layout.region(4 * 256);
    const near = layout.region(32 * nearRows);
    const levels = layout.region(levelBytes * maxLevels);
    const stack = layout.region(stackBytes);
    this.#levels = pyramid(this.#blocks, spacingMm, this.#grid, layout);
    this.#clear(this.address, structBytes);
    this.#clear(this.#grid, 4 * blocks);
    this.#clear(this.#table, 16 * this.#tableEntries);
    this.#clear(this.#zeros, 4 * 256);
    const rows = nearestRows(spacingMm);
    const { buffer } = kernels.memory;
    new Uint8Array(buffer, near, rows.bytes.length).set(rows.bytes);
    const words = new Uint32Array(buffer, this.address, structBytes / 4);
    const doubles = new Float64Array(buffer, this.address, structBytes / 8);
    words[field.grid / 4] = this.#grid;
    words.set(this.#blocks, field.counts / 4);
    words[field.near / 4] = near;
    words[field.nearCount / 4] = rows.count;
    words[field.levels / 4] = levels;
    words[field.levelCount / 4] = this.#levels.length;
    doubles.set(spacingMm, field.spacing / 8);
    doubles[field.nearLimit / 8] = rows.limit;
    words[field.table / 4] = this.#table;
    words[field.tableMask / 4] = this.#tableEntries - 1;
    words[field.tableLimit / 4] = this.#tableEntries / 2;
    words[field.zeros / 4] = this.#zeros;
    words[field.stack / 4] = stack;
    const list = new Int32Array(buffer, levels, (levelBytes / 4) * this.#levels.length);
    for (const [i, { cells, sizes, shifts, halve }] of this.#levels.entries()) {
      list.set([cells, ...sizes, ...shifts, ...halve], (levelBytes / 4) * i);
    }
  }

  /** To be called when all elements are there. */
  finish(): void {
    for (const [i, { cells, sizes, halve }] of this.#levels.entries()) {
      if (i === 0) continue;
      const below = this.#levels[i - 1]!;
      this.#clear(cells, sizes[0] * sizes[1] * sizes[2]);
      this.#kernels.coarsen(below.cells, i === 1 ? 2 : 0, ...below.sizes, ...halve, cells);
    }
  }

  /** Takes what was counted out of kernel memory. */
  takeCounts(): void {
    const used = this.#kernels.takeCounts(this.address);
    const { buffer } = this.#kernels.memory;
    const distances = new Float64Array(buffer, this.#table, 2 * used);
    const words = new Uint32Array(buffer, this.#table, 4 * used);
    for (let i = 0; i < used; i++)
      this.#counts.add(distances[2 * i]!, words[4 * i + 3]! - 1, words[4 * i + 2]!);
    words.fill(0);
  }

  /** The distances that were counted. */
  list(): DistanceList {
    const zeros = new Uint32Array(this.#kernels.memory.buffer, this.#zeros, 256);
    for (const [code, count] of zeros.entries()) if (count > 0) this.#counts.add(0, code, count);
    zeros.fill(0);
    return this.#counts.list();
  }

  #clear(address: number, bytes: number): void {
    new Uint8Array(this.#kernels.memory.buffer, address, bytes).fill(0);
  }
}

interface Level {
  readonly cells: number;
  readonly sizes: Vec3;
  /** Halvings of each axis from the blocks on. */
  readonly shifts: Vec3;
  /** Which axes the level halves, 1 or 0. */
  readonly halve: Vec3;
}

/** Levels over a grid of blocks up to a single cell; the axes along which cells are shortest are halved first. */
function pyramid(blocks: Vec3, spacingMm: Vec3, grid: number, layout: Layout): Level[] {
  const levels: Level[] = [{ cells: grid, sizes: blocks, shifts: [0, 0, 0], halve: [0, 0, 0] }];
  for (;;) {
    const { sizes, shifts } = levels.at(-1)!;
    if (sizes.every((size) => size === 1)) return levels;
    const extents = mapVec3(sizes, (size, axis) =>
      size === 1 ? Number.POSITIVE_INFINITY : (axis === 0 ? 64 : 4) * spacingMm[axis] * 2 ** shifts[axis],
    );
    const shortest = Math.min(...extents);
    const halve = mapVec3(extents, (extent) => (extent < 1.5 * shortest ? 1 : 0));
    const next = mapVec3(sizes, (size, axis) => Math.ceil(size / 2 ** halve[axis]));
    levels.push({
      cells: layout.region(next[0] * next[1] * next[2]),
      sizes: next,
      shifts: mapVec3(shifts, (shift, axis) => shift + halve[axis]),
      halve,
    });
  }
}

/** Rows around a query by ascending distance, as the kernel reads them. */
interface NearestRows {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** The squared distance below which no row is missing. */
  readonly limit: number;
}

/** Those of the spacing that was asked for last: cases ask for one many times. */
let known: { readonly of: string; readonly rows: NearestRows } | undefined;

function nearestRows(spacingMm: Vec3): NearestRows {
  const of = spacingMm.join();
  if (known?.of !== of) known = { of, rows: sortRows(spacingMm) };
  return known.rows;
}

function sortRows([, sy, sz]: Vec3): NearestRows {
  const square = (offset: number, spacing: number) => (offset * spacing) ** 2;
  const all: { dy: number; dz: number; y2: number; z2: number }[] = [];
  for (let dz = -nearReach; dz <= nearReach; dz++) {
    for (let dy = -nearReach; dy <= nearReach; dy++) {
      all.push({ dy, dz, y2: square(dy, sy), z2: square(dz, sz) });
    }
  }
  all.sort((a, b) => a.y2 + a.z2 - (b.y2 + b.z2));
  const next = all[nearRows]!;
  const limit = Math.min(next.y2 + next.z2, square(nearReach + 1, sy), square(nearReach + 1, sz));
  const rows = all.slice(0, nearRows).filter(({ y2, z2 }) => y2 + z2 < limit);
  const bytes = new Uint8Array(32 * rows.length);
  const view = new DataView(bytes.buffer);
  for (const [i, { dy, dz, y2, z2 }] of rows.entries()) {
    view.setInt32(32 * i, dy, true);
    view.setInt32(32 * i + 4, dz, true);
    view.setFloat64(32 * i + 8, y2, true);
    view.setFloat64(32 * i + 16, z2, true);
    view.setFloat64(32 * i + 24, y2 + z2, true);
  }
  return { bytes, count: rows.length, limit };
}
