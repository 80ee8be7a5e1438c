import { inputFault } from './faults.ts';
import type { VolumeHeader } from './types.ts';
import { datatypeBytes } from './types.ts';

/** Deflate cannot code more than 258 bytes in 2 bits. */
const maxInflation = 1032;

/** Bytes of all voxels of all channels. */
export function dataBytes(header: Pick<VolumeHeader, 'shape' | 'channels' | 'datatype'>): number {
  const [x, y, z] = header.shape;
  return x * y * z * header.channels * datatypeBytes[header.datatype];
}

/** The arithmetic of a volume's length, for messages. */
export function lengthSum(header: VolumeHeader): string {
  const [x, y, z] = header.shape;
  const channels = header.channels === 1 ? '' : ` x ${header.channels} channels`;
  const bytes = datatypeBytes[header.datatype];
  const expected = header.dataOffset + dataBytes(header);
  return (
    `${x} x ${y} x ${z} voxels${channels} x ${bytes} bytes (${header.datatype}) ` +
    `after ${header.dataOffset} bytes need ${expected}`
  );
}

/** @throws InputError for a file that is too short to hold its voxels, as far as that can be told without reading them */
export function checkLength(header: VolumeHeader): void {
  const { dataPath: file, fileBytes, compressed, dataOffset } = header;
  const expected = dataOffset + dataBytes(header);
  if (!compressed && expected > fileBytes) {
    const message = `${file}: cut short: ${lengthSum(header)}, but the file holds ${fileBytes}. Copy or export it again.`;
    throw inputFault('data-short', message, { file, field: 'dim' });
  }
  if (compressed && expected > fileBytes * maxInflation) {
    const message =
      `${file}: cut short: ${lengthSum(header)}, but gzip of ${fileBytes} bytes holds ` +
      `${fileBytes * maxInflation} at most. Copy or export it again.`;
    throw inputFault('data-short', message, { file, field: 'dim' });
  }
}
