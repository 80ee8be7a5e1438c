/** The components of both masks of a class and how many voxels they share: what every value of lesions follows from. */
import { boxAround, type Mask } from '../masks/mask.ts';
import {
  ComponentSweep,
  type Components,
  type Connectivity,
  type FaceComponents,
  type LabelledPlane,
} from './components.ts';
import { Grow } from './grow.ts';

/** Component of the reference, component of the prediction, voxels of both; sorted. */
export type Overlap = readonly [reference: number, prediction: number, voxels: number];

export interface ComponentTable {
  readonly reference: FaceComponents;
  readonly prediction: FaceComponents;
  readonly overlap: readonly Overlap[];
}

/** A component table for one connectivity. */
export interface LesionTable {
  readonly reference: Components;
  readonly prediction: Components;
  readonly overlap: readonly Overlap[];
}

export function findComponents(reference: Mask, prediction: Mask): ComponentTable {
  const box = boxAround([reference.box, prediction.box]);
  const sweeps = [new ComponentSweep(reference), new ComponentSweep(prediction)] as const;
  const shared = new SharedVoxels();
  if (box !== null) {
    const [, , first] = box.origin;
    for (let z = first; z < first + box.shape[2]; z++) {
      shared.add(sweeps[0].plane(z), sweeps[1].plane(z));
    }
  }
  const [r, p] = [sweeps[0].finish(), sweeps[1].finish()];
  return {
    reference: r.components,
    prediction: p.components,
    overlap: shared.fold(
      (id) => r.numberOf[id]!,
      (id) => p.numberOf[id]!,
    ),
  };
}

/** Counts the voxels that runs of two masks share, by their provisional numbers. */
class SharedVoxels {
  readonly #reference = new Grow();
  readonly #prediction = new Grow();
  readonly #voxels = new Grow();

  add(reference: LabelledPlane, prediction: LabelledPlane): void {
    if (prediction.runs === 0) return;
    for (let r = 0; r < reference.rows; r++) {
      const y = reference.rowAt(r);
      const end = reference.start(y + 1);
      const otherEnd = prediction.start(y + 1);
      let j = prediction.start(y);
      for (let i = reference.start(y); i < end; i++) {
        const [from, to] = [reference.from[i]!, reference.to[i]!];
        while (j < otherEnd && prediction.to[j]! <= from) j++;
        for (let k = j; k < otherEnd && prediction.from[k]! < to; k++) {
          const voxels = Math.min(to, prediction.to[k]!) - Math.max(from, prediction.from[k]!);
          this.#count(reference.id[i]!, prediction.id[k]!, voxels);
        }
      }
    }
  }

  fold(referenceOf: (id: number) => number, predictionOf: (id: number) => number): Overlap[] {
    const rows = Array.from({ length: this.#voxels.length }, (_, i): [number, number, number] => [
      referenceOf(this.#reference.values[i]!),
      predictionOf(this.#prediction.values[i]!),
      this.#voxels.values[i]!,
    ]);
    return addOverlaps(rows);
  }

  #count(reference: number, prediction: number, voxels: number): void {
    const last = this.#voxels.length - 1;
    if (this.#reference.values[last] === reference && this.#prediction.values[last] === prediction) {
      this.#voxels.values[last]! += voxels;
      return;
    }
    this.#reference.push(reference);
    this.#prediction.push(prediction);
    this.#voxels.push(voxels);
  }
}

/** Sorts rows and adds those of the same pair. */
function addOverlaps(rows: [number, number, number][]): Overlap[] {
  rows.sort(([a, b], [c, d]) => a - c || b - d);
  const sums: [number, number, number][] = [];
  for (const [reference, prediction, voxels] of rows) {
    const last = sums.at(-1);
    if (last && last[0] === reference && last[1] === prediction) last[2] += voxels;
    else sums.push([reference, prediction, voxels]);
  }
  return sums;
}

/** Components that edges (18) or corners (26) connect become one. */
export function atConnectivity(table: ComponentTable, connectivity: Connectivity): LesionTable {
  if (connectivity === 6) return table;
  const groupsOf = (components: FaceComponents) =>
    connectivity === 18 ? components.group18 : components.group26;
  const [r, p] = [groupsOf(table.reference), groupsOf(table.prediction)];
  return {
    reference: gather(table.reference, r),
    prediction: gather(table.prediction, p),
    overlap: addOverlaps(
      table.overlap.map(([reference, prediction, voxels]) => [r[reference - 1]!, p[prediction - 1]!, voxels]),
    ),
  };
}

function gather(components: FaceComponents, groups: Uint32Array): Components {
  const count = groups.reduce((highest, group) => Math.max(highest, group), 0);
  const columns = () => new Float64Array(count);
  const [voxels, first] = [columns(), columns().fill(Number.POSITIVE_INFINITY)];
  const sums = [columns(), columns(), columns()] as const;
  const boxes = new Uint32Array(6 * count);
  for (let i = 0; i < count; i++) boxes.set([0xffffffff, 0, 0xffffffff, 0, 0xffffffff, 0], 6 * i);
  for (let i = 0; i < components.count; i++) {
    const own = groups[i]! - 1;
    voxels[own]! += components.voxels[i]!;
    first[own] = Math.min(first[own]!, components.first[i]!);
    for (const axis of [0, 1, 2] as const) {
      sums[axis][own]! += components.sums[axis][i]!;
      const at = 6 * own + 2 * axis;
      boxes[at] = Math.min(boxes[at]!, components.boxes[6 * i + 2 * axis]!);
      boxes[at + 1] = Math.max(boxes[at + 1]!, components.boxes[6 * i + 2 * axis + 1]!);
    }
  }
  return { count, first, voxels, sums, boxes };
}
