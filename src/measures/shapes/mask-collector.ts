/**
 * The masks of a tile from what the scorer has of it in kernel memory. Ignored voxels have been dropped there, so places are
 * put back: what is ignored is in no mask.
 */
import type { Label } from '../../base/label.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { type LabelRuns, RunCollector } from '../masks/tile-runs.ts';
import { VarintReader, VarintWriter } from '../sorted-errors/shard/varint.ts';
import { maskBits } from '../tile/codes.ts';
import type { TileMask } from './tile-masks.ts';

/** How a class is decided in its voxels: by a threshold on scores, or by the predicted label. */
export type ClassDecision =
  | { readonly scores: number; readonly threshold: number }
  | { readonly labels: number; readonly label: number };

export class MaskCollector {
  readonly #kernels: Kernels;
  readonly #runs: RunCollector;
  readonly #labels: number;
  #masks: TileMask[] = [];
  /** Runs of ignored voxels in the tile, [from, to) each; empty where none is. */
  #ignored: number[] = [];

  /** `runs`: address of `collectorBytes` bytes; `labels`: of 2 bytes a voxel. */
  constructor(kernels: Kernels, runs: number, labels: number) {
    this.#kernels = kernels;
    this.#runs = new RunCollector(kernels, runs);
    this.#labels = labels;
  }

  /** Takes the ignored voxels, before they are dropped; the mask of bytes stands at an address. */
  ignored(mask: number, count: number): void {
    // Nothing is left of a tile that must not be scored.
    this.take();
    this.#kernels.labelsOfMask(mask, count, maskBits.ignored, this.#labels);
    const [runs] = this.#runs.collect(this.#labels, count);
    if (runs === undefined) return;
    this.#ignored = listRuns(runs);
    this.#masks.push({ side: 'ignored', key: 0, bytes: runs.bytes.slice() });
  }

  /** Takes the labels of both sides, `count` codes at each address. */
  labelMaps(reference: number, prediction: number, count: number, labelOf: (code: number) => Label): void {
    this.#add('reference', reference, count, labelOf);
    this.#add('prediction', prediction, count, labelOf);
  }

  /** Takes a class: its reference as a mask of bytes, its prediction as decided. */
  class(index: number, mask: number, decision: ClassDecision, count: number): void {
    const key = () => index;
    this.#kernels.labelsOfMask(mask, count, maskBits.foreground, this.#labels);
    this.#add('reference', this.#labels, count, key);
    if ('scores' in decision) {
      this.#kernels.labelsAbove(decision.scores, count, decision.threshold, this.#labels);
    } else {
      this.#kernels.labelsEqual(decision.labels, count, decision.label, this.#labels);
    }
    this.#add('prediction', this.#labels, count, key);
  }

  /** The masks of the tile; the next begins. */
  take(): TileMask[] {
    const masks = this.#masks;
    this.#masks = [];
    this.#ignored = [];
    return masks;
  }

  #add(side: 'reference' | 'prediction', codes: number, count: number, keyOf: (code: number) => Label): void {
    for (const runs of this.#runs.collect(codes, count)) {
      const bytes = this.#ignored.length === 0 ? runs.bytes.slice() : putBack(runs, this.#ignored);
      this.#masks.push({ side, key: keyOf(runs.label), bytes });
    }
  }
}

/** [from, to) of each run. */
function listRuns({ bytes, runs }: LabelRuns): number[] {
  const reader = new VarintReader(bytes);
  const list: number[] = [];
  let place = 0;
  for (let i = 0; i < runs; i++) {
    place += reader.read();
    list.push(place);
    place += reader.read() + 1;
    list.push(place);
  }
  return list;
}

/** Runs among the voxels that are left as runs among all voxels of the tile. */
function putBack(runs: LabelRuns, ignored: readonly number[]): Uint8Array {
  const writer = new VarintWriter();
  let end = 0;
  const write = (from: number, to: number) => {
    writer.write(from - end);
    writer.write(to - from - 1);
    end = to;
  };
  const list = listRuns(runs);
  /** The next ignored run, and how many voxels were dropped before it. */
  let next = 0;
  let dropped = 0;
  for (let i = 0; i < list.length; i += 2) {
    let from = list[i]!;
    const to = list[i + 1]!;
    while (from < to) {
      while (next < ignored.length && ignored[next]! - dropped <= from) {
        dropped += ignored[next + 1]! - ignored[next]!;
        next += 2;
      }
      const here = next < ignored.length ? Math.min(to, ignored[next]! - dropped) : to;
      write(from + dropped, here + dropped);
      from = here;
    }
  }
  return writer.finish().slice();
}
