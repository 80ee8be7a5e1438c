import { type Box, type Vec3, voxelAt, voxelIndex } from '../../base/box.ts';
import type { VoxelFault } from '../tally/tally.ts';

/** Gathers a tile's voxel faults, with places in the whole volume. */
export class FaultLog {
  readonly list: VoxelFault[] = [];
  readonly #box: Box;
  readonly #shape: Vec3;

  constructor(box: Box, shape: Vec3) {
    this.#box = box;
    this.#shape = shape;
  }

  /** Whether the case cannot be scored. */
  get fatal(): boolean {
    return this.list.some((fault) => fault.kind !== 'moved');
  }

  /** Takes a record [count, first index in the tile, first value] of a kernel; `text` is how the value is told. */
  add(
    kind: VoxelFault['kind'],
    channel: number,
    record: Float64Array,
    text: (value: number) => string = String,
  ): void {
    const [count = 0, index = 0, value = 0] = record;
    if (count === 0) return;
    const inTile = voxelAt(index, this.#box.shape);
    const { origin } = this.#box;
    const voxel: Vec3 = [origin[0] + inTile[0], origin[1] + inTile[1], origin[2] + inTile[2]];
    this.list.push({
      kind,
      channel,
      count,
      firstIndex: voxelIndex(voxel, this.#shape),
      firstValue: text(value),
    });
  }

  addLarge(channel: number, scores: Float32Array, limit: number): void {
    let count = 0;
    let first = 0;
    for (let i = 0; i < scores.length; i++) {
      if (Math.abs(scores[i]!) > limit && count++ === 0) first = i;
    }
    this.add('logit-too-large', channel, Float64Array.of(count, first, scores[first] ?? 0));
  }
}
