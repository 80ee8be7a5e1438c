import { closeSync, createReadStream, fstatSync } from 'node:fs';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { VoxtallyError } from '../base/errors.ts';
import { inflateFault, inputFault, notRegular, storageFault } from './faults.ts';
import { openVolumeSync, readStartSync, volumeStreams } from './open-volume.ts';

/** The first bytes of a file, inflated where the file is gzip. */
export interface FilePrefix {
  /** At most the wanted length; fewer when the (inflated) file is shorter. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether the file is gzip, by its magic bytes and not by its name. */
  readonly compressed: boolean;
  /** Length of the file on disk in bytes. */
  readonly fileBytes: number;
}

/** The header of nearly any gzip file is in so many bytes, which inflate to a megabyte at most. */
const deflatedBytes = 1024;

/**
 * Reads the first `wantedBytes` of a file, inflating little more than that needs.
 * @throws InputError for a missing, empty or damaged file, MachineError when storage fails.
 */
export async function readPrefix(file: string, wantedBytes: number): Promise<FilePrefix> {
  const { bytes, fileBytes } = readStart(file, Math.max(wantedBytes, deflatedBytes));
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!compressed) return { bytes: bytes.slice(0, wantedBytes), compressed, fileBytes };
  const inflated = inflatedAtOnce(bytes, wantedBytes) ?? (await inflateStart(file, wantedBytes));
  return { bytes: inflated, compressed, fileBytes };
}

/** Undefined where the first bytes of the file do not suffice, or are damaged. */
function inflatedAtOnce(start: Uint8Array, wantedBytes: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
    return bytes.length < wantedBytes ? undefined : new Uint8Array(bytes.subarray(0, wantedBytes));
  } catch {
    return undefined;
  }
}

/** Synchronous: to hand so few bytes to another thread and back would take ten times as long as to read them. */
function readStart(file: string, wantedBytes: number): Omit<FilePrefix, 'compressed'> {
  const bytes = new Uint8Array(wantedBytes);
  let filled: number;
  let fileBytes: number;
  try {
    const fd = openVolumeSync(file);
    try {
      const facts = fstatSync(fd);
      if (!facts.isFile()) throw notRegular(file);
      fileBytes = facts.size;
      filled = readStartSync(fd, bytes);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw error instanceof VoxtallyError ? error : storageFault(error, file);
  }
  if (filled === 0) throw inputFault('file-empty', `${file}: the file is empty (0 bytes).`, { file });
  return { bytes: bytes.subarray(0, filled), fileBytes };
}

function inflateStart(file: string, wantedBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(wantedBytes);
  let filled = 0;
  const source = createReadStream(file, { highWaterMark: 16_384, ...volumeStreams });
  const gunzip = source.pipe(createGunzip({ chunkSize: 1024 }));
  // Events, not an iterator: an error right behind the wanted bytes must not race with them.
  return new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => {
    gunzip.on('data', (chunk: Uint8Array) => {
      const part = chunk.subarray(0, wantedBytes - filled);
      bytes.set(part, filled);
      filled += part.length;
      if (filled === wantedBytes) resolve(bytes);
    });
    gunzip.on('end', () => resolve(bytes.slice(0, filled)));
    // Both listeners stay: errors may come after the promise is settled.
    gunzip.on('error', (error) => reject(inflateFault(error, file)));
    source.on('error', (error) => reject(inflateFault(error, file)));
  }).finally(() => {
    source.destroy();
    gunzip.destroy();
  });
}
