/** Whether a compressed volume is whole, without inflating it where that can be told otherwise. */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { openStream } from './gzip-stream.ts';
import { dataBytes } from './length.ts';
import { openVolumeSync } from './open-volume.ts';
import type { VolumeHeader, VolumeStream } from './types.ts';

/** Inflated bytes that are read on to reach the checksum: about a tenth of a second. */
const mostRestBytes = 2 ** 26;

/**
 * A gzip file says in its last bytes how long it is inflated. Where that is not what its header needs, it was cut short,
 * or is of several members: then it is read to the end. @throws InputError for a file that is not whole.
 */
export async function checkWhole(header: VolumeHeader): Promise<void> {
  if (!header.compressed) return;
  const bytes = header.dataOffset + dataBytes(header);
  if (statedLength(header.dataPath) !== bytes % 2 ** 32) await readWhole(header);
}

/** Inflates a compressed volume to its last checksum. @throws InputError for one that is damaged anywhere. */
export async function readWhole(header: VolumeHeader): Promise<void> {
  if (header.compressed) await openStream(header).finish();
}

/**
 * Ends a stream of which `bytes` stored bytes were read: a short rest is inflated to the last checksum, for a longer one
 * the stated length counts. What was read of a file that is not whole must not be used. @throws InputError
 */
export async function finishOrCheck(stream: VolumeStream, bytes: number): Promise<void> {
  const { header } = stream;
  if (!header.compressed) return;
  if (dataBytes(header) - bytes <= mostRestBytes) await stream.finish();
  else await checkWhole(header);
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
