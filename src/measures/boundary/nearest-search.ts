/** The elements that are sought, in kernel memory: see the kernel `nearest.ts` for how they stand there. */

import type { Vec3 } from '../../base/box.ts';
import type { Kernels, Layout } from '../../kernels/kernels.ts';
import { DistanceCounts } from './distance-list.ts';
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
const levelBytes = 40;
const maxLevels = 64;
const stackBytes = 24 * 8 * maxLevels;
/** Rows that are looked at around a query before the pyramid is, and how far they reach along y and z. */
const nearRows = 192;
const nearReach = 16;

export class NearestSearch {
  readonly address: number;
  readonly #kernels: Kernels;
  readonly #frame: Frame;
  /** Blocks along `[x, y, z]`. */
  readonly #blocks: Vec3;
  readonly #grid: number;
  readonly #table: number;
  readonly #tableEntries: number;
  readonly #zeros: number;
  readonly #levels: readonly Level[];
  readonly counts = new DistanceCounts();
  #elements = 0;

  constructor(kernels: Kernels, layout: Layout, frame: Frame, spacingMm: Vec3) {
    this.#kernels = kernels;
    this.#frame = frame;
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
    const { buffer } = kernels.memory;
    const struct = new DataView(buffer, this.address, structBytes);
    this.#clear(this.address, structBytes);
    this.#clear(this.#grid, 4 * blocks);
    this.#clear(this.#table, 16 * this.#tableEntries);
    this.#clear(this.#zeros, 4 * 256);
    struct.setUint32(field.grid, this.#grid, true);
    for (const axis of [0, 1, 2] as const) {
      struct.setUint32(field.counts + 4 * axis, this.#blocks[axis], true);
      struct.setFloat64(field.spacing + 8 * axis, spacingMm[axis], true);
    }
    const { rows, limit } = nearestRows(spacingMm);
    const view = new DataView(buffer, near, 32 * nearRows);
    for (const [i, row] of rows.entries()) {
      view.setInt32(32 * i, row.dy, true);
      view.setInt32(32 * i + 4, row.dz, true);
      for (const [k, value] of [row.y2, row.z2, row.y2 + row.z2].entries()) {
        view.setFloat64(32 * i + 8 + 8 * k, value, true);
      }
    }
    struct.setUint32(field.near, near, true);
    struct.setUint32(field.nearCount, rows.length, true);
    struct.setFloat64(field.nearLimit, limit, true);
    struct.setUint32(field.levels, levels, true);
    struct.setUint32(field.levelCount, this.#levels.length, true);
    struct.setUint32(field.table, this.#table, true);
    struct.setUint32(field.tableMask, this.#tableEntries - 1, true);
    struct.setUint32(field.tableLimit, this.#tableEntries / 2, true);
    struct.setUint32(field.zeros, this.#zeros, true);
    struct.setUint32(field.stack, stack, true);
    const list = new Int32Array(buffer, levels, (levelBytes / 4) * this.#levels.length);
    for (const [i, { cells, sizes, shifts, halve }] of this.#levels.entries()) {
      list.set([cells, ...sizes, ...shifts, ...halve], (levelBytes / 4) * i);
    }
  }

  /** Adds `count` elements in a plane of bits. */
  add(bits: number, z: number, count: number): void {
    if (count === 0) return;
    this.#elements += count;
    this.#kernels.addElements(this.address, bits, this.#frame.rows, z);
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

  /** Counts the distances of the elements in a plane of bits; planes of the mask for facet codes, 0 for voxels. */
  count(bits: number, z: number, below: number, here: number): void {
    const { rows } = this.#frame;
    for (let row = 0; ; ) {
      row = this.#kernels.countDistances(this.address, bits, below, here, rows, z, row);
      if (row >= rows) return;
      this.#drain();
    }
  }

  /** Whether any element is there to be found. */
  get some(): boolean {
    return this.#elements > 0;
  }

  /** Moves what was counted from kernel memory to `counts`. */
  drainAll(): void {
    this.#drain();
    const zeros = new Uint32Array(this.#kernels.memory.buffer, this.#zeros, 256);
    for (const [code, count] of zeros.entries()) if (count > 0) this.counts.add(0, code, count);
    zeros.fill(0);
  }

  #drain(): void {
    const { buffer } = this.#kernels.memory;
    const distances = new Float64Array(buffer, this.#table, 2 * this.#tableEntries);
    const words = new Uint32Array(buffer, this.#table, 4 * this.#tableEntries);
    for (let i = 0; i < this.#tableEntries; i++) {
      const code = words[4 * i + 3]!;
      if (code > 0) this.counts.add(distances[2 * i]!, code - 1, words[4 * i + 2]!);
    }
    words.fill(0);
    new DataView(buffer, this.address, structBytes).setUint32(field.tableUsed, 0, true);
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
    const extents = sizes.map((size, axis) =>
      size === 1
        ? Number.POSITIVE_INFINITY
        : (axis === 0 ? 64 : 4) * spacingMm[axis as 0 | 1 | 2] * 2 ** shifts[axis as 0 | 1 | 2],
    );
    const shortest = Math.min(...extents);
    const halve = extents.map((extent) => (extent < 1.5 * shortest ? 1 : 0)) as unknown as Vec3;
    const next = sizes.map((size, axis) =>
      Math.ceil(size / 2 ** halve[axis as 0 | 1 | 2]),
    ) as unknown as Vec3;
    levels.push({
      cells: layout.region(next[0] * next[1] * next[2]),
      sizes: next,
      shifts: shifts.map((shift, axis) => shift + halve[axis as 0 | 1 | 2]) as unknown as Vec3,
      halve,
    });
  }
}

/** Rows around a query by ascending distance, and the squared distance below which no row is missing. */
function nearestRows([, sy, sz]: Vec3) {
  const square = (offset: number, spacing: number) => (offset * spacing) ** 2;
  const rows: { dy: number; dz: number; y2: number; z2: number }[] = [];
  for (let dz = -nearReach; dz <= nearReach; dz++) {
    for (let dy = -nearReach; dy <= nearReach; dy++) {
      rows.push({ dy, dz, y2: square(dy, sy), z2: square(dz, sz) });
    }
  }
  rows.sort((a, b) => a.y2 + a.z2 - (b.y2 + b.z2));
  const next = rows[nearRows]!;
  const limit = Math.min(next.y2 + next.z2, square(nearReach + 1, sy), square(nearReach + 1, sz));
  return { rows: rows.slice(0, nearRows).filter(({ y2, z2 }) => y2 + z2 < limit), limit };
}
