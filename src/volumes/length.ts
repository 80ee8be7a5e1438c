import type { VolumeHeader } from './types.ts';
import { datatypeBytes } from './types.ts';

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
