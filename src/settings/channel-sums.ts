/** Whether channels compete: the probabilities of competing channels add up to 1 at every voxel. */
import type { VolumeHeader } from '../volumes/types.ts';

/** What a channel may be off, as networks and conversions leave it. */
const channelTolerance = 1e-3;

/**
 * How far from 1 the sum of competing probabilities may be: 0.001 a channel, or half a stored step where a channel is
 * stored as integers and steps are wider than that.
 */
export function sumTolerance(channels: readonly Pick<VolumeHeader, 'datatype' | 'slope'>[]): number {
  return channels.reduce((sum, { datatype, slope }) => {
    const halfStep = datatype.startsWith('float') ? 0 : Math.abs(slope) / 2;
    return sum + Math.max(channelTolerance, halfStep);
  }, 0);
}
