/** Builds masks from runs, and makes new masks of masks. */
import { type Box, type Vec3, voxelCount } from '../../base/box.ts';
import { boxAround, eachRun, emptyMask, type Mask } from './mask.ts';

/** Takes runs in the order of a volume's voxels, none touching the one before in its row. */
export class MaskBuilder {
  readonly #shape: Vec3;
  #bytes = new Uint8Array(1024);
  #length = 0;
  readonly #offsets: number[] = [];
  /** End of the last run, from the first voxel of its plane. */
  #place = 0;
  #firstPlane = -1;
  #plane = -1;
  #runs = 0;
  #voxels = 0;
  #low: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  #high: [number, number] = [0, 0];

  constructor(shape: Vec3) {
    this.#shape = shape;
  }

  /** The voxels [from, to) of a row. */
  add(y: number, z: number, from: number, to: number): void {
    if (z !== this.#plane) this.#enterPlane(z);
    const start = y * this.#shape[0] + from;
    if (this.#length + 16 > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#write(start - this.#place);
    this.#write(to - from - 1);
    this.#place = start + to - from;
    this.#runs++;
    this.#voxels += to - from;
    if (from < this.#low[0]) this.#low[0] = from;
    if (to > this.#high[0]) this.#high[0] = to;
    if (y < this.#low[1]) this.#low[1] = y;
    if (y >= this.#high[1]) this.#high[1] = y + 1;
  }

  finish(): Mask {
    if (this.#runs === 0) return emptyMask(this.#shape);
    const [x, y] = this.#low;
    return {
      shape: this.#shape,
      voxels: this.#voxels,
      runs: this.#runs,
      box: {
        origin: [x, y, this.#firstPlane],
        shape: [this.#high[0] - x, this.#high[1] - y, this.#plane - this.#firstPlane + 1],
      },
      bytes: this.#bytes.slice(0, this.#length),
      offsets: Uint32Array.from([...this.#offsets, this.#length]),
    };
  }

  #enterPlane(z: number): void {
    if (this.#firstPlane < 0) this.#firstPlane = z;
    while (this.#offsets.length <= z - this.#firstPlane) this.#offsets.push(this.#length);
    this.#plane = z;
    this.#place = 0;
  }

  #write(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) + 128;
    this.#bytes[this.#length++] = rest;
  }
}

/** Runs of a row that may overlap, as pairs [from, to); adds what they cover to a mask. */
function addCovered(builder: MaskBuilder, y: number, z: number, pairs: [number, number][]): void {
  pairs.sort(([a], [b]) => a - b);
  let [from, to] = pairs[0]!;
  for (const [nextFrom, nextTo] of pairs) {
    if (nextFrom > to) {
      builder.add(y, z, from, to);
      [from, to] = [nextFrom, nextTo];
    } else if (nextTo > to) to = nextTo;
  }
  builder.add(y, z, from, to);
}

/** The voxels that are in any of some masks of one volume. */
export function unite(masks: readonly Mask[], shape: Vec3): Mask {
  const some = masks.filter(({ voxels }) => voxels > 0);
  if (some.length <= 1) return some[0] ?? emptyMask(shape);
  return fromRows(shape, boxAround(some.map(({ box }) => box))!, (z, put) => {
    for (const mask of some) eachRun(mask, z, put);
  });
}

/** A mask and what lies within its 18-neighbourhood (faces and edges), inside the volume. */
export function dilate(mask: Mask): Mask {
  if (mask.box === null) return mask;
  const [width, height, depth] = mask.shape;
  const { origin, shape } = mask.box;
  const first = Math.max(0, origin[2] - 1);
  const end = Math.min(depth, origin[2] + shape[2] + 1);
  const box: Box = { origin: [0, 0, first], shape: [width, height, end - first] };
  return fromRows(mask.shape, box, (z, put) => {
    const within = (y: number, from: number, to: number, wide: number) => {
      if (y >= 0 && y < height) put(y, Math.max(0, from - wide), Math.min(width, to + wide));
    };
    for (const plane of [z - 1, z, z + 1]) {
      eachRun(mask, plane, (y, from, to) => {
        within(y, from, to, 1);
        within(y - 1, from, to, plane === z ? 1 : 0);
        within(y + 1, from, to, plane === z ? 1 : 0);
      });
    }
  });
}

/** The mask of runs that are put in any order, plane by plane of a box. */
function fromRows(
  shape: Vec3,
  { origin, shape: size }: Box,
  visit: (z: number, put: (y: number, from: number, to: number) => void) => void,
): Mask {
  const builder = new MaskBuilder(shape);
  for (let z = origin[2]; z < origin[2] + size[2]; z++) {
    const rows = new Map<number, [number, number][]>();
    visit(z, (y, from, to) => {
      const row = rows.get(y);
      if (row === undefined) rows.set(y, [[from, to]]);
      else row.push([from, to]);
    });
    for (const y of [...rows.keys()].sort((a, b) => a - b)) addCovered(builder, y, z, rows.get(y)!);
  }
  return builder.finish();
}

/** Whether a mask is what it says: used on masks that were read from a file. */
export function isSound(mask: Mask): boolean {
  const { shape, box, bytes, offsets } = mask;
  if (box === null) return mask.voxels === 0 && mask.runs === 0 && bytes.length === 0;
  if (offsets.length !== box.shape[2] + 1 || offsets[0] !== 0 || offsets.at(-1) !== bytes.length)
    return false;
  if (
    box.origin.some((low, axis) => low < 0 || low + box.shape[axis as 0 | 1 | 2] > shape[axis as 0 | 1 | 2])
  )
    return false;
  if (voxelCount(box.shape) < mask.voxels) return false;
  const seen = new MaskBuilder(shape);
  let fault = false;
  for (let plane = 0; plane < box.shape[2]; plane++) {
    if (offsets[plane + 1]! < offsets[plane]!) return false;
    eachRun(mask, box.origin[2] + plane, (y, from, to) => {
      if (!(to <= shape[0] && y < shape[1])) fault = true;
      else seen.add(y, box.origin[2] + plane, from, to);
    });
    if (fault) return false;
  }
  const found = seen.finish();
  return (
    found.voxels === mask.voxels &&
    found.runs === mask.runs &&
    JSON.stringify(found.box) === JSON.stringify(box) &&
    Buffer.compare(found.bytes, bytes) === 0
  );
}
