/** Parts of one volume, whether its file is compressed or not. */
import { type Box, voxelCount, voxelIndex } from '../base/box.ts';
import { finishOrCheck } from './check-whole.ts';
import { openStream } from './gzip-stream.ts';
import { openRaw } from './raw-source.ts';
import { datatypeBytes, type VolumeHeader, type VolumeStream } from './types.ts';

/** Takes the stored bytes of a box of a channel, x fastest; they are valid until it is done. */
export type TakeBox = (bytes: Uint8Array<ArrayBuffer>, box: Box, channel: number) => void | Promise<void>;

export interface ReadOptions {
  /** Hears how many bytes were read since it was last told, inflated where compressed. */
  readonly onBytes?: (bytes: number) => void;
  /** Whether a file that is damaged behind the boxes is refused as well, as far as `finishOrCheck` can tell. */
  readonly whole?: boolean;
}

/**
 * Reads boxes of some channels; both ascend in the file. A raw file is read where they lie. A compressed one is inflated from its
 * start to the last of them, and the voxels of each box must lie together: whole rows of one plane, or whole planes.
 * @throws InputError when the file is gone or damaged so far, MachineError when storage fails
 */
export async function readBoxes(
  header: VolumeHeader,
  channels: readonly number[],
  boxes: readonly Box[],
  take: TakeBox,
  { onBytes = () => {}, whole = false }: ReadOptions = {},
): Promise<void> {
  const voxelBytes = datatypeBytes[header.datatype];
  const most = Math.max(0, ...boxes.map(({ shape }) => voxelCount(shape)));
  const room = new Uint8Array(most * voxelBytes);
  const source = header.compressed ? new Forward(header, onBytes) : openRaw(header);
  try {
    for (const channel of channels) {
      for (const box of boxes) {
        const bytes = room.subarray(0, voxelCount(box.shape) * voxelBytes);
        await source.readBox(channel, box, bytes);
        onBytes(bytes.length);
        await take(bytes, box, channel);
      }
    }
    if (whole && source instanceof Forward) await source.finishOrCheck();
  } finally {
    source.close();
  }
}

/**
 * The first `length` stored bytes of a volume, all channels behind each other, in blocks; at the end there may be less of one.
 * @throws InputError for a damaged file, behind these bytes as far as `finishOrCheck` can tell
 */
export async function* readBlocks(
  header: VolumeHeader,
  length: number,
  blockBytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const stream = openStream(header);
  try {
    for (let done = 0; done < length; done += blockBytes) {
      const block = new Uint8Array(Math.min(blockBytes, length - done));
      await stream.read(block);
      yield block;
    }
    await finishOrCheck(stream, length);
  } finally {
    stream.close();
  }
}

/** Boxes of a compressed file, each behind the one before. */
class Forward {
  readonly #header: VolumeHeader;
  readonly #onBytes: (bytes: number) => void;
  readonly #stream: VolumeStream;
  readonly #skipped = new Uint8Array(2 ** 20);
  /** Bytes behind the first voxel's start. */
  #position = 0;

  constructor(header: VolumeHeader, onBytes: (bytes: number) => void) {
    this.#header = header;
    this.#onBytes = onBytes;
    this.#stream = openStream(header);
  }

  async readBox(channel: number, { origin, shape }: Box, target: Uint8Array): Promise<void> {
    const [nx, ny, nz] = this.#header.shape;
    const together = shape[0] === nx && (shape[1] === ny || shape[2] === 1);
    if (!together) throw new RangeError(`${this.#header.dataPath}: the voxels of a box do not lie together`);
    const bytes = datatypeBytes[this.#header.datatype];
    const start = (channel * nx * ny * nz + voxelIndex(origin, this.#header.shape)) * bytes;
    if (start < this.#position) throw new RangeError(`${this.#header.dataPath}: read backwards`);
    while (this.#position < start) {
      const part = this.#skipped.subarray(0, start - this.#position);
      await this.#stream.read(part);
      this.#position += part.length;
      this.#onBytes(part.length);
    }
    await this.#stream.read(target);
    this.#position += target.length;
  }

  finishOrCheck(): Promise<void> {
    return finishOrCheck(this.#stream, this.#position);
  }

  close(): void {
    this.#stream.close();
  }
}
