import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { inflateFault, inputFault } from './faults.ts';
import { dataBytes, lengthSum } from './length.ts';
import { volumeStreams } from './open-volume.ts';
import type { VolumeHeader, VolumeStream } from './types.ts';

/** Size of the chunks that zlib fills: larger ones cost more in collecting them than they save in callbacks. */
const inflatedChunkBytes = 1 << 17;
/** Size of the reads from the compressed file. */
const fileChunkBytes = 1 << 18;
/** Chunks that may wait for `read` before the inflation pauses, so that it overlaps with the reader's work. */
const waitingChunks = 8;

/**
 * Opens a volume to be read once from its start. Several gzip members count as one stream, zero padding behind them
 * is accepted, anything else is not. Reads are served by `node:zlib` in its own threads. Raw files work as well.
 */
export function openStream(header: VolumeHeader): VolumeStream {
  return new SequentialStream(header);
}

class SequentialStream implements VolumeStream {
  readonly header: VolumeHeader;
  readonly #file: Readable;
  /** The file itself when it is not compressed. */
  readonly #inflated: Readable;
  /** Chunks that have been inflated and not yet been read; the first may be partly used. */
  readonly #waiting: Uint8Array[] = [];
  /** Bytes taken from `#waiting` so far, header included. */
  #position = 0;
  #ended = false;
  #closed = false;
  #fault: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(header: VolumeHeader) {
    this.header = header;
    // Room for a whole chunk is taken at each read, however short the file.
    const highWaterMark = Math.min(fileChunkBytes, header.fileBytes + 1);
    this.#file = createReadStream(header.dataPath, { highWaterMark, ...volumeStreams });
    this.#inflated = this.#file;
    this.#file.on('error', (error) => this.#fail(error));
    if (header.compressed) {
      const gunzip = createGunzip({ chunkSize: inflatedChunkBytes });
      // Not `pipeline`: it lets go of a last stream whose input has ended, before that stream's last errors.
      gunzip.on('error', (error) => this.#fail(error));
      this.#inflated = this.#file.pipe(gunzip);
    }
    this.#inflated.on('end', () => {
      this.#ended = true;
      this.#signal();
    });
    this.#inflated.on('data', (chunk: Uint8Array) => {
      this.#waiting.push(chunk);
      if (this.#waiting.length >= waitingChunks) this.#inflated.pause();
      this.#signal();
    });
  }

  async read(target: Uint8Array): Promise<void> {
    const { dataOffset } = this.header;
    const end = dataOffset + dataBytes(this.header);
    while (this.#position < dataOffset) await this.#take(dataOffset - this.#position);
    if (this.#position + target.length > end) {
      throw new RangeError(`${this.header.dataPath}: asked for bytes behind the last voxel`);
    }
    for (let filled = 0; filled < target.length; ) {
      const part = await this.#take(target.length - filled);
      target.set(part, filled);
      filled += part.length;
    }
  }

  async finish(): Promise<void> {
    try {
      const end = this.header.dataOffset + dataBytes(this.header);
      while (this.#position < end) await this.#take(end - this.#position);
      while (await this.#available()) this.#position += this.#waiting.shift()!.length;
    } finally {
      this.close();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.length = 0;
    this.#file.destroy();
    this.#inflated.destroy();
    this.#signal();
  }

  /** The next bytes, at least 1 and at most `most`; the stream must not end before them. */
  async #take(most: number): Promise<Uint8Array> {
    if (!(await this.#available())) throw this.#short();
    const chunk = this.#waiting[0]!;
    const part = chunk.subarray(0, most);
    if (part.length === chunk.length) this.#waiting.shift();
    else this.#waiting[0] = chunk.subarray(part.length);
    this.#position += part.length;
    return part;
  }

  /** Waits for a chunk; false at the end of the stream. */
  async #available(): Promise<boolean> {
    for (;;) {
      if (this.#fault) throw this.#fault;
      if (this.#closed) throw new Error(`${this.header.dataPath}: read after close`);
      if (this.#waiting.length < waitingChunks && this.#inflated.isPaused()) this.#inflated.resume();
      if (this.#waiting.length > 0) return true;
      if (this.#ended) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#fault ??= inflateFault(error, this.header.dataPath);
    this.#signal();
  }

  #signal(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #short() {
    const { dataPath: file } = this.header;
    const message = `${file}: cut short: ${lengthSum(this.header)}, but the file inflates to ${this.#position}. Copy or export it again.`;
    return inputFault('data-short', message, { file, field: 'dim' });
  }
}
