import { closeSync, fstatSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { timedFile } from '../base/file-time.ts';
import { storageFault } from './faults.ts';
import { dataBytes } from './length.ts';
import { openVolumeSync, readStartSync } from './open-volume.ts';
import type { VolumeHeader } from './types.ts';

/**
 * The stored voxels of a gzip volume, inflated at once to the last checksum: for a thread that can do nothing before it has all of
 * them. Undefined where the file is damaged, or is not as long as its header says: read as a stream it tells why.
 * @throws InputError when the file is gone, MachineError when storage fails
 */
export function inflateWhole(header: VolumeHeader): Uint8Array | undefined {
  const length = header.dataOffset + dataBytes(header);
  const file = timedFile(() => readVolume(header.dataPath));
  try {
    // One chunk that is not filled: zlib asks for another when it is.
    const inflated = gunzipSync(file, { chunkSize: length + 1, maxOutputLength: length });
    return inflated.length === length ? inflated.subarray(header.dataOffset) : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

/** The compressed bytes of the file that was last: memory that is used again, since a thread inflates thousands. */
let compressed = new Uint8Array(1 << 20);

function readVolume(path: string): Uint8Array {
  let file: number | undefined;
  try {
    file = openVolumeSync(path);
    const { size } = fstatSync(file);
    if (size > compressed.length) compressed = new Uint8Array(2 * size);
    return compressed.subarray(0, readStartSync(file, compressed.subarray(0, size)));
  } catch (error) {
    throw storageFault(error, path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
