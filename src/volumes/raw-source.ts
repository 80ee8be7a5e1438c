import { closeSync, fstatSync, readSync } from 'node:fs';
import type { Box } from '../base/box.ts';
import { voxelCount } from '../base/box.ts';
import { timedFile } from '../base/file-time.ts';
import { inputFault, storageFault } from './faults.ts';
import { lengthSum } from './length.ts';
import { openVolumeSync } from './open-volume.ts';
import type { VolumeHeader, VolumeSource } from './types.ts';
import { datatypeBytes } from './types.ts';

/** Longest single read: Node refuses 2^31 bytes and more. */
const maxReadBytes = 2 ** 30;
/** Bound of the scratch that covers rows with gaps between them. */
const scratchBytes = 1 << 20;
/** A read costs about as much as copying this many bytes, so smaller gaps are read over. */
const readCostBytes = 8192;

/**
 * Opens a volume that is not compressed for reads at any place. Reads are synchronous: it is meant for worker threads.
 * @throws InputError when the file is gone, MachineError when storage fails, RangeError for a compressed volume.
 */
export function openRaw(header: VolumeHeader): VolumeSource {
  if (header.compressed) throw new RangeError(`${header.dataPath}: gzip cannot be read by position`);
  return new RawSource(header);
}

class RawSource implements VolumeSource {
  readonly header: VolumeHeader;
  #file: number | undefined;
  #scratch: Uint8Array | undefined;

  constructor(header: VolumeHeader) {
    this.header = header;
    try {
      this.#file = openVolumeSync(header.dataPath);
    } catch (error) {
      throw storageFault(error, header.dataPath);
    }
  }

  readBox(channel: number, box: Box, target: Uint8Array): void {
    this.#checkRequest(channel, box, target);
    const { shape, datatype, dataOffset } = this.header;
    const bytes = datatypeBytes[datatype];
    const [nx, ny, nz] = box.shape;
    const rowBytes = nx * bytes;
    const rowStride = shape[0] * bytes;
    const planeStride = rowStride * shape[1];
    const start =
      dataOffset +
      (channel * shape[2] + box.origin[2]) * planeStride +
      box.origin[1] * rowStride +
      box.origin[0] * bytes;
    const wholeRows = nx === shape[0];
    if (wholeRows && (ny === shape[1] || nz === 1)) {
      this.#read(start, target);
      return;
    }
    const planeBytes = rowBytes * ny;
    for (let z = 0; z < nz; z++) {
      const plane = target.subarray(z * planeBytes, (z + 1) * planeBytes);
      const planeStart = start + z * planeStride;
      if (wholeRows) this.#read(planeStart, plane);
      else this.#readRows(planeStart, plane, rowBytes, rowStride);
    }
  }

  close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    this.#scratch = undefined;
    closeSync(file);
  }

  /** Rows of one plane, `rowStride` apart: gap by gap, or spans read whole and picked from, whichever is cheaper. */
  #readRows(start: number, target: Uint8Array, rowBytes: number, rowStride: number): void {
    const rows = target.length / rowBytes;
    const gapBytes = rowStride - rowBytes;
    if (gapBytes > readCostBytes || rowStride > scratchBytes) {
      for (let row = 0; row < rows; row++) {
        this.#read(start + row * rowStride, target.subarray(row * rowBytes, (row + 1) * rowBytes));
      }
      return;
    }
    this.#scratch ??= new Uint8Array(scratchBytes);
    const rowsPerSpan = Math.floor((scratchBytes - rowBytes) / rowStride) + 1;
    for (let first = 0; first < rows; first += rowsPerSpan) {
      const count = Math.min(rowsPerSpan, rows - first);
      const span = this.#scratch.subarray(0, (count - 1) * rowStride + rowBytes);
      this.#read(start + first * rowStride, span);
      for (let row = 0; row < count; row++) {
        const from = row * rowStride;
        target.set(span.subarray(from, from + rowBytes), (first + row) * rowBytes);
      }
    }
  }

  /** Fills `target` from a byte position, however many reads that takes. */
  #read(position: number, target: Uint8Array): void {
    const { dataPath } = this.header;
    let filled = 0;
    while (filled < target.length) {
      const length = Math.min(target.length - filled, maxReadBytes);
      let count: number;
      try {
        count = timedFile(() => readSync(this.#file!, target, filled, length, position + filled));
      } catch (error) {
        throw storageFault(error, dataPath);
      }
      if (count === 0) throw this.#becameShort();
      filled += count;
    }
  }

  #becameShort() {
    const { dataPath: file } = this.header;
    const bytes = fstatSync(this.#file!).size;
    const message = `${file}: became shorter during the run: ${lengthSum(this.header)}, but the file now holds ${bytes}.`;
    return inputFault('data-short', message, { file });
  }

  /** Requests come from this program: a wrong one is a defect, not a fault of the input. */
  #checkRequest(channel: number, box: Box, target: Uint8Array): void {
    const { shape, channels, datatype, dataPath } = this.header;
    if (this.#file === undefined) throw new Error(`${dataPath}: read after close`);
    const inside = ([0, 1, 2] as const).every(
      (axis) =>
        Number.isInteger(box.origin[axis]) &&
        Number.isInteger(box.shape[axis]) &&
        box.origin[axis] >= 0 &&
        box.shape[axis] >= 1 &&
        box.origin[axis] + box.shape[axis] <= shape[axis],
    );
    if (!inside || !Number.isInteger(channel) || channel < 0 || channel >= channels) {
      const asked = `channel ${channel}, origin [${box.origin}], shape [${box.shape}]`;
      throw new RangeError(`${dataPath}: ${asked} is outside [${shape}] with ${channels} channels`);
    }
    const bytes = voxelCount(box.shape) * datatypeBytes[datatype];
    if (target.length !== bytes) throw new RangeError(`target holds ${target.length} bytes, not ${bytes}`);
  }
}
