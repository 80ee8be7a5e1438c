/** Reads the files of a case together: boxes of them at any place, or all from their start. */
import type { Box } from '../base/box.ts';
import type { AxisMapping } from './grids/axis-mapping.ts';
import { openStream } from './gzip-stream.ts';
import { inflateWhole } from './inflate-whole.ts';
import { openRaw } from './raw-source.ts';
import { readPrediction } from './read-prediction.ts';
import { datatypeBytes, type VolumeHeader, type VolumeSource, type VolumeStream } from './types.ts';

/** A planned case is one. */
export interface CaseFiles {
  /** One file, or one per channel. */
  readonly predictions: readonly VolumeHeader[];
  readonly reference: VolumeHeader;
  /** How the prediction's axes lie on the reference's, where they differ. */
  readonly mapping: AxisMapping | null;
}

/** Stored bytes of some voxels, x fastest in the order of the reference: each channel's, and the reference's. */
export interface CaseBytes {
  readonly predictions: readonly Uint8Array[];
  readonly reference: Uint8Array;
}

/** Room for `voxels` voxels; where a buffer is given, in it, behind each other from its start. */
export function roomFor(
  { predictions, reference }: Pick<CaseFiles, 'predictions' | 'reference'>,
  voxels: number,
  buffer?: ArrayBufferLike,
): CaseBytes {
  let at = 0;
  const next = ({ datatype }: VolumeHeader) => {
    const length = voxels * datatypeBytes[datatype];
    at += length;
    return buffer ? new Uint8Array(buffer, at - length, length) : new Uint8Array(length);
  };
  const channels = predictions.flatMap((header) => Array.from({ length: header.channels }, () => header));
  return { predictions: channels.map(next), reference: next(reference) };
}

/** Files that are not compressed. Reads are synchronous; not safe for concurrent use. */
export class CaseBoxes {
  readonly #mapping: AxisMapping | null;
  /** Those of the predictions, then that of the reference. */
  readonly #sources: VolumeSource[] = [];
  /** Voxels of a prediction before they are laid in the reference's order: the same memory for every tile. */
  #scratch = new Uint8Array(0);

  /** @throws InputError when a file is gone, MachineError when storage fails */
  constructor({ predictions, reference, mapping }: CaseFiles) {
    this.#mapping = mapping;
    try {
      for (const header of [...predictions, reference]) this.#sources.push(openRaw(header));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** A box of the reference's grid. @throws InputError when a file has become shorter, MachineError when storage fails */
  read(box: Box, target: CaseBytes): void {
    this.#sources.at(-1)!.readBox(0, box, target.reference);
    let channel = 0;
    for (const source of this.#sources.slice(0, -1)) {
      for (let own = 0; own < source.header.channels; own++) {
        const bytes = target.predictions[channel++]!;
        if (this.#mapping && this.#scratch.length < bytes.length)
          this.#scratch = new Uint8Array(bytes.length);
        readPrediction(source, own, this.#mapping, box, bytes, this.#scratch);
      }
    }
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }
}

/**
 * Reads all voxels of files as `CaseStream` takes them, one file after the other, in a thread. Returns whether all are whole: what
 * is wrong with one that is not the stream tells. @throws InputError when a file is gone, MachineError when storage fails
 */
export function readWholeCase({ predictions, reference }: CaseFiles, target: CaseBytes): boolean {
  const targets = [...target.predictions, target.reference];
  return [...predictions, reference].every((header, i) => {
    if (header.compressed) {
      const bytes = inflateWhole(header);
      if (bytes) targets[i]!.set(bytes);
      return bytes !== undefined;
    }
    const source = openRaw(header);
    try {
      source.readBox(0, { origin: [0, 0, 0], shape: header.shape }, targets[i]!);
    } finally {
      source.close();
    }
    return true;
  });
}

/** Files of one channel each, compressed or not, whose voxels lie in the order of the reference. */
export class CaseStream {
  readonly #streams: readonly VolumeStream[];

  constructor({ predictions, reference }: CaseFiles) {
    this.#streams = [...predictions, reference].map((header) => openStream(header));
  }

  /** The next voxels of all files. @throws the fault of the first file that has one anywhere: it must not depend on the tiles */
  read({ predictions, reference }: CaseBytes): Promise<void> {
    const targets = [...predictions, reference];
    return this.#each((stream, i) => stream.read(targets[i]!));
  }

  /** Checks what is left, to the last checksum. */
  finish(): Promise<void> {
    return this.#each((stream) => stream.finish());
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  /** Waits for all: the caller's memory is free again only when no file is still read into it. */
  async #each(read: (stream: VolumeStream, i: number) => Promise<void>): Promise<void> {
    const settled = await Promise.allSettled(this.#streams.map(read));
    if (settled.every(({ status }) => status === 'fulfilled')) return;
    for (const [i, result] of settled.entries()) {
      if (result.status === 'rejected') throw result.reason;
      await this.#streams[i]!.finish();
    }
  }
}
