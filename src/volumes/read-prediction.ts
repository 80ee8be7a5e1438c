import type { Box } from '../base/box.ts';
import type { AxisMapping } from './grids/axis-mapping.ts';
import { predictionBox, reorientBytes } from './grids/reorient.ts';
import { datatypeBytes, type VolumeSource } from './types.ts';

/**
 * Reads the stored bytes of a box of the reference's grid out of one channel of a prediction, in the reference's order.
 * `mapping`: how the prediction's axes lie on the reference's, where they differ. `scratch`: bytes that may be overwritten, as
 * long as `target` at least, where there is a mapping.
 * @throws InputError when the file has become shorter, MachineError when storage fails.
 */
export function readPrediction(
  source: VolumeSource,
  channel: number,
  mapping: AxisMapping | null,
  box: Box,
  target: Uint8Array,
  scratch: Uint8Array,
): void {
  if (mapping === null) {
    source.readBox(channel, box, target);
    return;
  }
  const { shape, datatype } = source.header;
  const stored = scratch.subarray(0, target.length);
  source.readBox(channel, predictionBox(mapping, box, shape), stored);
  reorientBytes(stored, datatypeBytes[datatype], mapping, box.shape, target);
}
