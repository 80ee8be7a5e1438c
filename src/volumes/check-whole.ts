/** Whether a compressed volume is whole, without inflating it where that can be told otherwise. */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { dataBytes } from './length.ts';
import { openVolumeSync } from './open-volume.ts';
import { readBlocks } from './read-voxels.ts';
import type { VolumeHeader } from './types.ts';

const blockBytes = 1 << 22;

/**
 * A gzip file says in its last bytes how long it is inflated. Where that is not what its header needs, it was cut short,
 * or is of several members: then it is read to the end. @throws InputError for a file that is not whole.
 */
export async function checkWhole(header: VolumeHeader): Promise<void> {
  if (!header.compressed) return;
  const bytes = dataBytes(header);
  if (statedLength(header.dataPath) === (header.dataOffset + bytes) % 2 ** 32) return;
  for await (const _ of readBlocks(header, bytes, blockBytes));
}

function statedLength(path: string): number {
  const file = openVolumeSync(path);
  try {
    const last = Buffer.alloc(4);
    readSync(file, last, 0, 4, Math.max(0, fstatSync(file).size - 4));
    return last.readUInt32LE();
  } finally {
    closeSync(file);
  }
}
