/**
 * The connected components of a mask, from its runs: of voxels that share faces (6), with the groups that they form where edges
 * (18) or corners (26) connect too. So one sweep answers for all three connectivities. Components are numbered by their
 * first voxel, x fastest, from 1 on.
 */
import { eachRun, type Mask } from '../masks/mask.ts';
import { Disjoint } from './disjoint.ts';
import { Grow } from './grow.ts';

export const connectivities = [6, 18, 26] as const;
export type Connectivity = (typeof connectivities)[number];

/** Components as columns; entry i is component i + 1. */
export interface Components {
  readonly count: number;
  /** Linear index of the first voxel. */
  readonly first: Float64Array;
  readonly voxels: Float64Array;
  /** Sums of the voxels' places along `[x, y, z]`. */
  readonly sums: readonly [Float64Array, Float64Array, Float64Array];
  /** Lowest and highest place along x, y and z: six numbers a component. */
  readonly boxes: Uint32Array;
}

export interface FaceComponents extends Components {
  /** Number, from 1 on, of the group that each belongs to. */
  readonly group18: Uint32Array;
  readonly group26: Uint32Array;
}

/** Labels the runs of a mask, plane by plane. */
export class ComponentSweep {
  readonly #mask: Mask;
  /** Provisional numbers that were found to be one component, and what else connects them. */
  readonly #faces = new Disjoint();
  readonly #edges = new Disjoint();
  readonly #corners = new Disjoint();
  readonly #stats = new Stats();
  #before: LabelledPlane;
  #here: LabelledPlane;

  constructor(mask: Mask) {
    this.#mask = mask;
    this.#before = new LabelledPlane(mask.shape[1]);
    this.#here = new LabelledPlane(mask.shape[1]);
  }

  /** Labels plane `z`, the one after the plane before; valid until the next is labelled. */
  plane(z: number): LabelledPlane {
    [this.#before, this.#here] = [this.#here, this.#before];
    const [before, here] = [this.#before, this.#here];
    here.read(this.#mask, z);
    const [width, height] = this.#mask.shape;
    for (let r = 0; r < here.rows; r++) {
      const y = here.rowAt(r);
      const [above, same] = [here.cursor(y - 1), before.cursor(y)];
      const [beforeAbove, beforeBelow] = [before.cursor(y - 1), before.cursor(y + 1)];
      for (let i = here.start(y); i < here.start(y + 1); i++) {
        const from = here.from[i]!;
        const to = here.to[i]!;
        let own = this.#joinFaces(-1, above, here, from, to);
        own = this.#joinFaces(own, same, before, from, to);
        if (own < 0) own = this.#faces.add();
        here.id[i] = own;
        this.#touch(this.#edges, own, above, here, from, to);
        this.#touch(this.#edges, own, same, before, from, to);
        this.#joinEdges(own, beforeAbove, before, from, to);
        this.#joinEdges(own, beforeBelow, before, from, to);
        this.#stats.add(own, from, to, y, z, width, height);
      }
    }
    return here;
  }

  /** Joins the runs of a neighbouring row that overlap [from, to); the number that the run has then. */
  #joinFaces(number: number, row: Cursor, plane: LabelledPlane, from: number, to: number): number {
    while (row.at < row.end && plane.to[row.at]! < from) row.at++;
    let own = number;
    for (let j = row.at; j < row.end && plane.from[j]! < to; j++) {
      if (plane.to[j]! === from) continue;
      const other = plane.id[j]!;
      if (own < 0) own = other;
      else if (own !== other) this.#faces.unite(own, other);
    }
    return own;
  }

  /** Joins the runs of a row that end where [from, to) begins, or begin where it ends. */
  #touch(joined: Disjoint, own: number, row: Cursor, plane: LabelledPlane, from: number, to: number): void {
    for (let j = row.at; j < row.end && plane.from[j]! <= to; j++) {
      if (plane.to[j]! === from || plane.from[j]! === to) joined.unite(own, plane.id[j]!);
    }
  }

  #joinEdges(own: number, row: Cursor, plane: LabelledPlane, from: number, to: number): void {
    while (row.at < row.end && plane.to[row.at]! < from) row.at++;
    for (let j = row.at; j < row.end && plane.from[j]! <= to; j++) {
      const apart = plane.to[j]! === from || plane.from[j]! === to;
      (apart ? this.#corners : this.#edges).unite(own, plane.id[j]!);
    }
  }

  /** The components, and the number of the component of each provisional number. */
  finish(): { components: FaceComponents; numberOf: Uint32Array } {
    const provisional = this.#faces.length;
    const numberOf = new Uint32Array(provisional);
    let count = 0;
    // The smallest provisional number of a component is its root and holds its first voxel.
    for (let i = 0; i < provisional; i++) {
      const root = this.#faces.find(i);
      numberOf[i] = root === i ? ++count : numberOf[root]!;
    }
    // What is connected by faces is so by edges, and what is by edges is so by corners.
    const group = (own: Disjoint, weaker: Disjoint) => {
      for (let i = 0; i < provisional; i++) own.unite(i, weaker.find(i));
      const groups = new Uint32Array(count);
      const named = new Uint32Array(provisional);
      let groupCount = 0;
      for (let i = 0; i < provisional; i++) {
        if (this.#faces.find(i) !== i) continue;
        const root = own.find(i);
        if (named[root] === 0) named[root] = ++groupCount;
        groups[numberOf[i]! - 1] = named[root]!;
      }
      return groups;
    };
    const group18 = group(this.#edges, this.#faces);
    const group26 = group(this.#corners, this.#edges);
    return { components: { ...this.#stats.fold(numberOf, count), group18, group26 }, numberOf };
  }
}

interface Cursor {
  at: number;
  readonly end: number;
}

/** The runs of a plane with their provisional numbers. */
export class LabelledPlane {
  from = new Int32Array(256);
  to = new Int32Array(256);
  id = new Int32Array(256);
  /** First run of each row; `height + 2` entries, for one row before and one behind. */
  readonly #starts: Int32Array;
  #rowList = new Int32Array(64);
  rows = 0;
  runs = 0;

  constructor(height: number) {
    this.#starts = new Int32Array(height + 1);
  }

  read(mask: Mask, z: number): void {
    const starts = this.#starts;
    this.runs = 0;
    this.rows = 0;
    let row = -1;
    eachRun(mask, z, (y, from, to) => {
      const i = this.runs++;
      if (i === this.from.length) this.#grow();
      this.from[i] = from;
      this.to[i] = to;
      if (y === row) return;
      starts.fill(i, row + 1, y + 1);
      row = y;
      if (this.rows === this.#rowList.length) this.#rowList = larger(this.#rowList);
      this.#rowList[this.rows++] = y;
    });
    starts.fill(this.runs, row + 1);
  }

  /** The row of the i-th row that has runs. */
  rowAt(i: number): number {
    return this.#rowList[i]!;
  }

  /** Index of the first run of a row, or of what comes after it. */
  start(y: number): number {
    return y < 0 ? 0 : (this.#starts[y] ?? this.runs);
  }

  cursor(y: number): Cursor {
    return { at: this.start(y), end: y < 0 ? 0 : this.start(y + 1) };
  }

  #grow(): void {
    this.from = larger(this.from);
    this.to = larger(this.to);
    this.id = larger(this.id);
  }
}

function larger(list: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const next = new Int32Array(2 * list.length);
  next.set(list);
  return next;
}

/** What is known of each provisional number. */
class Stats {
  readonly #first = new Grow();
  readonly #voxels = new Grow();
  readonly #sums = [new Grow(), new Grow(), new Grow()] as const;
  readonly #low = [new Grow(), new Grow(), new Grow()] as const;
  readonly #high = [new Grow(), new Grow(), new Grow()] as const;

  add(id: number, from: number, to: number, y: number, z: number, width: number, height: number): void {
    const length = to - from;
    if (id === this.#first.length) {
      this.#first.push(from + width * (y + height * z));
      this.#voxels.push(0);
      for (const sum of this.#sums) sum.push(0);
      for (const low of this.#low) low.push(Number.POSITIVE_INFINITY);
      for (const high of this.#high) high.push(0);
    }
    this.#voxels.values[id]! += length;
    this.#sums[0].values[id]! += (length * (from + to - 1)) / 2;
    this.#sums[1].values[id]! += length * y;
    this.#sums[2].values[id]! += length * z;
    const [lowX, lowY, lowZ] = this.#low;
    const [highX, highY, highZ] = this.#high;
    if (from < lowX.values[id]!) lowX.values[id] = from;
    if (to - 1 > highX.values[id]!) highX.values[id] = to - 1;
    if (y < lowY.values[id]!) lowY.values[id] = y;
    if (y > highY.values[id]!) highY.values[id] = y;
    if (z < lowZ.values[id]!) lowZ.values[id] = z;
    if (z > highZ.values[id]!) highZ.values[id] = z;
  }

  /** Adds provisional numbers to the components that they belong to. */
  fold(numberOf: Uint32Array, count: number): Components {
    const columns = () => new Float64Array(count);
    const [voxels, first] = [columns(), columns().fill(Number.POSITIVE_INFINITY)];
    const sums = [columns(), columns(), columns()] as const;
    const boxes = new Uint32Array(6 * count);
    for (let i = 0; i < count; i++) boxes.set([0xffffffff, 0, 0xffffffff, 0, 0xffffffff, 0], 6 * i);
    for (let id = 0; id < numberOf.length; id++) {
      const own = numberOf[id]! - 1;
      voxels[own]! += this.#voxels.values[id]!;
      first[own] = Math.min(first[own]!, this.#first.values[id]!);
      for (const axis of [0, 1, 2] as const) {
        sums[axis][own]! += this.#sums[axis].values[id]!;
        const at = 6 * own + 2 * axis;
        boxes[at] = Math.min(boxes[at]!, this.#low[axis].values[id]!);
        boxes[at + 1] = Math.max(boxes[at + 1]!, this.#high[axis].values[id]!);
      }
    }
    return { count, first, voxels, sums, boxes };
  }
}
