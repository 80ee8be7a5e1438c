import type { FileHandle } from 'node:fs/promises';
import { open, rename, rm } from 'node:fs/promises';
import { MachineError, VoxtallyError } from '../base/errors.ts';
import { temporaryName } from '../base/write-whole.ts';
import { storageFault } from './faults.ts';
import { openStream } from './gzip-stream.ts';
import { dataBytes } from './length.ts';
import type { VolumeHeader } from './types.ts';

const blockBytes = 4 << 20;

/**
 * Copies a volume's voxels, inflated, into a raw file of nothing but voxels, and returns the header that reads it.
 * The file appears under `targetPath` only when it is whole, on disk and every gzip checksum held.
 * @throws InputError for a damaged volume, MachineError when storage fails, `signal.reason` when aborted.
 */
export async function stageRaw(
  header: VolumeHeader,
  targetPath: string,
  signal?: AbortSignal,
): Promise<VolumeHeader> {
  signal?.throwIfAborted();
  const temporary = temporaryName(targetPath);
  const stream = openStream(header);
  try {
    const handle = await open(temporary, 'wx');
    try {
      const block = new Uint8Array(Math.min(blockBytes, dataBytes(header)));
      for (let left = dataBytes(header); left > 0; ) {
        signal?.throwIfAborted();
        const part = block.subarray(0, Math.min(left, block.length));
        await stream.read(part);
        await writeAll(handle, part);
        left -= part.length;
      }
      await stream.finish();
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, targetPath);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof VoxtallyError || signal?.aborted) throw error;
    throw stagingFault(error, targetPath);
  } finally {
    stream.close();
  }
  const fileBytes = dataBytes(header);
  return { ...header, dataPath: targetPath, dataOffset: 0, compressed: false, fileBytes };
}

/** A folder that is missing for the run's own file is the machine's fault, not the input's. */
function stagingFault(error: unknown, targetPath: string): unknown {
  if ((error as NodeJS.ErrnoException).code === undefined) return error;
  const fault = storageFault(error, targetPath);
  return fault instanceof MachineError
    ? fault
    : new MachineError('storage-failed', fault.message, { file: targetPath, cause: error });
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written);
    written += bytesWritten;
  }
}
