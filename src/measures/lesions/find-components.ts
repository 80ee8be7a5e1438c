/** Finds components and what they share, in kernel memory. */
import { InputError } from '../../base/errors.ts';
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import { boxAround, type Mask } from '../masks/mask.ts';
import { notRuns } from '../masks/merge-tiles.ts';
import { checkShapeMemory } from '../shapes/memory.ts';
import type { ComponentTable, FaceComponents } from './components.ts';

const recordBytes = 64;
/** What a provisional number takes: its record, three parents, its number, and two groups and a name at the end. */
export const numberBytes = recordBytes + 4 * 7;
const sharedBytes = 16;
/** What a component takes in the columns of the table. */
const columnBytes = 8 * 13;
/** Bytes of kernel memory that a class may take: addresses are 32 bits. */
const maxBytes = 3.5 * 2 ** 30;

/**
 * Lays the kernel memory out anew. Room for the worst case is only touched as far as it is used; `memoryBytes` says how far that
 * may be. @throws PartialError for masks whose bytes are not runs, InputError where they have too many components
 */
export function findComponents(
  kernels: Kernels,
  reference: Mask,
  prediction: Mask,
  memoryBytes = Number.POSITIVE_INFINITY,
): ComponentTable {
  checkSize(reference, prediction);
  const layout = new Layout(kernels.memory);
  layout.reserve(layoutBytes(reference, prediction));
  const sweeps = [
    new ComponentSweep(kernels, layout, reference),
    new ComponentSweep(kernels, layout, prediction),
  ] as const;
  const { list, scratch, counts } = layOutShared(layout, reference, prediction);
  const box = boxAround([reference.box, prediction.box]);
  let length = 0;
  if (box !== null) {
    for (let z = box.origin[2]; z < box.origin[2] + box.shape[2]; z++) {
      for (const sweep of sweeps) sweep.plane(z);
      length = kernels.sharePlanes(sweeps[0].address, sweeps[1].address, list, length);
      const numbers = sweeps[0].used + sweeps[1].used;
      checkShapeMemory(
        (numberBytes + columnBytes) * numbers + 2 * sharedBytes * length,
        memoryBytes,
        `the masks of a class have ${numbers} parts and ${length} overlaps up to plane ${z}; to find components takes ${numberBytes + columnBytes} bytes for each part and ${2 * sharedBytes} for each overlap`,
        'overlap,boundary',
      );
    }
  }
  const [r, p] = [sweeps[0].finish(), sweeps[1].finish()];
  const shared = kernels.sortShared(
    list,
    length,
    sweeps[0].numbers,
    sweeps[1].numbers,
    r.count,
    p.count,
    scratch,
    counts,
  );
  const { buffer } = kernels.memory;
  const pairs = new Uint32Array(buffer, list, 4 * shared);
  const column = (at: number) => Float64Array.from({ length: shared }, (_, i) => pairs[4 * i + at]!);
  const high = column(3);
  return {
    shape: reference.shape,
    reference: r,
    prediction: p,
    overlap: {
      reference: column(0),
      prediction: column(1),
      voxels: column(2).map((low, i) => low + 2 ** 32 * high[i]!),
    },
  };
}

/** Room for what the components of two masks share. */
function layOutShared(layout: Layout, reference: Mask, prediction: Mask) {
  // An entry ends where a run of either mask ends.
  const entries = reference.runs + prediction.runs;
  return {
    list: layout.region(sharedBytes * entries),
    scratch: layout.region(sharedBytes * entries),
    counts: layout.region(4 * (Math.max(reference.runs, prediction.runs) + 1)),
  };
}

function layoutBytes(reference: Mask, prediction: Mask): number {
  const layout = new Layout();
  for (const mask of [reference, prediction]) layOutSweep(layout, mask);
  layOutShared(layout, reference, prediction);
  return layout.bytes;
}

/** @throws InputError */
function checkSize(reference: Mask, prediction: Mask): void {
  const runs = reference.runs + prediction.runs;
  const bytes = runs * (numberBytes + 2 * sharedBytes);
  if (bytes <= maxBytes) return;
  throw new InputError(
    'memory-budget',
    `the masks of a class have ${runs} runs of voxels; finding their components takes room for ${numberBytes + 2 * sharedBytes} bytes for each, ${bytes} in all, and kernels can address ${maxBytes}; score less: --measures overlap,boundary`,
    { field: 'measures' },
  );
}

/** Numbers the components of one mask. Its regions have room for the worst case; what is not used is never touched. */
export class ComponentSweep {
  readonly address: number;
  /** The component of each provisional number, once finished. */
  readonly numbers: number;
  readonly #kernels: Kernels;
  readonly #mask: Mask;
  readonly #bytes: number;
  readonly #stats: number;
  readonly #groups18: number;
  readonly #groups26: number;
  readonly #named: number;

  constructor(kernels: Kernels, layout: Layout, mask: Mask) {
    this.#kernels = kernels;
    this.#mask = mask;
    const [width, height] = mask.shape;
    const { address, bytes, numbers, parents, stats, groups18, groups26, named, planes } = layOutSweep(
      layout,
      mask,
    );
    this.address = address;
    this.numbers = numbers;
    this.#bytes = bytes;
    this.#stats = stats;
    this.#groups18 = groups18;
    this.#groups26 = groups26;
    this.#named = named;
    const { buffer } = kernels.memory;
    new Uint8Array(buffer, this.#bytes, mask.bytes.length).set(mask.bytes);
    new Uint32Array(buffer, this.address, 10).set([
      width,
      height,
      mask.runs,
      0,
      ...parents,
      this.#stats,
      ...planes.map(({ plane }) => plane),
    ]);
    for (const { plane, fields, starts } of planes) {
      new Uint32Array(buffer, plane, fields.length).set(fields);
      new Uint32Array(buffer, starts, height + 1).fill(0);
    }
  }

  /** Numbers plane `z`; planes must be given one after the other. */
  plane(z: number): void {
    const { box, offsets } = this.#mask;
    const plane = z - (box?.origin[2] ?? 0);
    const inside = box !== null && plane >= 0 && plane < box.shape[2];
    const [start, end] = inside ? [offsets[plane]!, offsets[plane + 1]!] : [0, 0];
    const fault = this.#kernels.labelPlane(this.address, this.#bytes + start, this.#bytes + end, z);
    if (fault < 0) throw notRuns();
  }

  /** Provisional numbers so far. */
  get used(): number {
    return new Uint32Array(this.#kernels.memory.buffer, this.address, 4)[3]!;
  }

  /** Calls `visit` for each run of the last plane, with its provisional number. */
  eachRun(visit: (y: number, from: number, to: number, provisional: number) => void): void {
    const { buffer } = this.#kernels.memory;
    const plane = new Uint32Array(buffer, new Uint32Array(buffer, this.address, 10)[8]!, 7);
    const [from, to, numbers] = [0, 1, 2].map((i) => new Uint32Array(buffer, plane[i]!, plane[4]!));
    const starts = new Uint32Array(buffer, plane[3]!, this.#mask.shape[1] + 1);
    for (const y of new Uint32Array(buffer, plane[5]!, plane[6]!)) {
      for (let i = starts[y]!; i < starts[y + 1]!; i++) visit(y, from![i]!, to![i]!, numbers![i]!);
    }
  }

  /** Once finished: the component of each provisional number. */
  componentNumbers(): Uint32Array {
    const { buffer } = this.#kernels.memory;
    return new Uint32Array(buffer, this.numbers, this.used).slice();
  }

  finish(): FaceComponents {
    const count = this.#kernels.finishComponents(
      this.address,
      this.numbers,
      this.#groups18,
      this.#groups26,
      this.#named,
    );
    const { buffer } = this.#kernels.memory;
    const group = (address: number) => Float64Array.from(new Uint32Array(buffer, address, count));
    const words = new Uint32Array(buffer, this.#stats, (recordBytes / 4) * count);
    const wide = (at: number) => words[at]! + 2 ** 32 * words[at + 1]!;
    const columns = {
      count,
      first: new Float64Array(count),
      voxels: new Float64Array(count),
      sums: new Float64Array(3 * count),
      boxes: new Float64Array(6 * count),
    };
    for (let i = 0; i < count; i++) {
      const at = 16 * i;
      columns.first[i] = wide(at);
      columns.voxels[i] = wide(at + 2);
      for (let axis = 0; axis < 3; axis++) columns.sums[3 * i + axis] = wide(at + 4 + 2 * axis);
      for (let k = 0; k < 6; k++) columns.boxes[6 * i + k] = words[at + 10 + k]!;
    }
    return { ...columns, group18: group(this.#groups18), group26: group(this.#groups26) };
  }
}

/** Room for the worst case of a mask. */
function layOutSweep(layout: Layout, mask: Mask) {
  const height = mask.shape[1];
  const column = () => layout.region(4 * mask.runs);
  const planeRuns = mostRuns(mask);
  return {
    address: layout.region(64),
    bytes: layout.region(mask.bytes.length),
    numbers: column(),
    parents: [column(), column(), column()],
    stats: layout.region(recordBytes * mask.runs),
    groups18: column(),
    groups26: column(),
    named: column(),
    planes: [0, 1].map(() => {
      const plane = layout.region(64);
      const arrays = [planeRuns, planeRuns, planeRuns, height + 1].map((length) => layout.region(4 * length));
      return { plane, fields: [...arrays, 0, layout.region(4 * height), 0], starts: arrays[3]! };
    }),
  };
}

/** Runs of the plane that has most, at most: each takes two bytes or more. */
function mostRuns({ offsets }: Mask): number {
  let bytes = 0;
  for (let i = 1; i < offsets.length; i++) bytes = Math.max(bytes, offsets[i]! - offsets[i - 1]!);
  return bytes / 2 + 1;
}
