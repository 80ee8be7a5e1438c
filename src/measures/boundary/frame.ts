/** A box of planes of bits around some masks, with a margin of one voxel that is background: kernels look at neighbours. */

import type { Vec3 } from '../../base/box.ts';
import type { Kernels, Layout } from '../../kernels/kernels.ts';
import { boxAround, type Mask } from '../masks/mask.ts';
import { notRuns } from '../masks/merge-tiles.ts';

export interface Frame {
  /** The first place of the frame in the volume, `[x, y, z]`: one before the masks, so possibly -1. */
  readonly origin: Vec3;
  /** 64-bit words of a row, rows of a plane, planes. */
  readonly words: number;
  readonly rows: number;
  readonly planes: number;
  readonly rowLength: number;
}

/** The frame of masks of one volume that are not all empty. */
export function frameAround(masks: readonly Mask[]): Frame {
  const box = boxAround(masks.map((mask) => mask.box))!;
  const [x, y, z] = box.origin;
  const [width, height, depth] = box.shape;
  return {
    origin: [x - 1, y - 1, z - 1],
    words: Math.ceil((width + 2) / 64),
    rows: height + 2,
    planes: depth + 2,
    rowLength: masks[0]!.shape[0],
  };
}

/** Bytes of a plane of a frame. */
export function planeBytes({ words, rows }: Frame): number {
  return 8 * words * rows;
}

/** A mask as a window of three planes of bits that moves through a frame. */
export class MaskWindow {
  readonly #kernels: Kernels;
  readonly #frame: Frame;
  readonly #mask: Mask;
  readonly #bytes: number;
  readonly #cut: boolean;
  readonly #ring: readonly [number, number, number];
  /** The plane that each place of the ring holds, and whether it has a voxel. */
  readonly #held = [-9, -9, -9];
  readonly #some = [false, false, false];

  /** Takes regions for the bytes of the mask and three planes. `cut`: the mask may reach beyond the frame. */
  constructor(kernels: Kernels, layout: Layout, frame: Frame, mask: Mask, cut = false) {
    this.#kernels = kernels;
    this.#frame = frame;
    this.#cut = cut;
    this.#mask = mask;
    this.#bytes = layout.region(mask.bytes.length);
    new Uint8Array(kernels.memory.buffer, this.#bytes, mask.bytes.length).set(mask.bytes);
    const plane = () => layout.region(planeBytes(frame));
    this.#ring = [plane(), plane(), plane()];
  }

  get empty(): boolean {
    return this.#mask.voxels === 0;
  }

  /** Address of plane `z` of the frame; planes outside it are background. Valid until a plane three further is asked for. */
  plane(z: number): number {
    const place = ((z % 3) + 3) % 3;
    if (this.#held[place] !== z) this.#fill(place, z);
    return this.#ring[place]!;
  }

  /** Whether a voxel is set in any of the planes [from, to]. */
  any(from: number, to: number): boolean {
    for (let z = from; z <= to; z++) {
      this.plane(z);
      if (this.#some[((z % 3) + 3) % 3]) return true;
    }
    return false;
  }

  #fill(place: number, z: number): void {
    const { origin, words, rows, rowLength } = this.#frame;
    const target = this.#ring[place]!;
    const held = this.#held[place]!;
    if (held === -9 || this.#some[place]) {
      new Uint8Array(this.#kernels.memory.buffer, target, planeBytes(this.#frame)).fill(0);
    }
    this.#held[place] = z;
    this.#some[place] = false;
    const { box, offsets } = this.#mask;
    const plane = origin[2] + z - (box?.origin[2] ?? 0);
    if (box === null || plane < 0 || plane >= box.shape[2]) return;
    const [from, to] = [offsets[plane]!, offsets[plane + 1]!];
    if (from === to) return;
    this.#some[place] = true;
    const fault = this.#kernels.fillFromRuns(
      this.#bytes + from,
      this.#bytes + to,
      rowLength,
      origin[0],
      origin[1],
      words,
      rows,
      this.#cut ? 1 : 0,
      target,
    );
    if (fault < 0) throw notRuns();
  }
}
