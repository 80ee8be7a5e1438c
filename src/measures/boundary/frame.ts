/** A box of planes of bits around some masks, with a margin of one voxel that is background: kernels look at neighbours. */

import type { Vec3 } from '../../base/box.ts';
import type { Kernels, Layout } from '../../kernels/kernels.ts';
import { boxAround, type Mask } from '../masks/mask.ts';

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

const windowBytes = 80;
/** What a place of the ring holds that was never filled. */
const nothing = -9;

/** A mask as a window of three planes of bits that moves through a frame, in kernel memory: see the kernel border-sweep.ts. */
export class MaskWindow {
  readonly address: number;
  /** No voxel is in the mask. */
  readonly empty: boolean;

  /** `cut`: the mask may reach beyond the frame. */
  constructor(kernels: Kernels, layout: Layout, frame: Frame, mask: Mask, cut = false) {
    const { origin, words, rows, rowLength } = frame;
    this.empty = mask.voxels === 0;
    this.address = layout.region(windowBytes);
    const runs = layout.region(mask.bytes.length);
    const offsets = layout.region(4 * mask.offsets.length);
    const ring = [0, 1, 2].map(() => layout.region(planeBytes(frame)));
    const { buffer } = kernels.memory;
    new Uint8Array(buffer, runs, mask.bytes.length).set(mask.bytes);
    new Uint32Array(buffer, offsets, mask.offsets.length).set(mask.offsets);
    for (const plane of ring) new Uint8Array(buffer, plane, planeBytes(frame)).fill(0);
    const first = (mask.box?.origin[2] ?? 0) - origin[2];
    const planes = mask.box?.shape[2] ?? 0;
    new Int32Array(buffer, this.address, windowBytes / 4).set([
      runs,
      offsets,
      first,
      planes,
      rowLength,
      origin[0],
      origin[1],
      words,
      rows,
      cut ? 1 : 0,
      ...ring,
      nothing,
      nothing,
      nothing,
      0,
      0,
      0,
    ]);
  }
}
