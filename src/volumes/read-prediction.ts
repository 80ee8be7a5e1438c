import type { Box } from '../base/box.ts';
import type { CasePlan } from '../run/plan/case-plan.ts';
import { predictionBox, reorientBytes } from './grids/reorient.ts';
import { datatypeBytes, type VolumeSource } from './types.ts';

/**
 * Reads the stored bytes of a box of the reference's grid out of one channel of a prediction, in the reference's order.
 * @throws InputError when the file has become shorter, MachineError when storage fails.
 */
export function readPrediction(
  source: VolumeSource,
  channel: number,
  plan: CasePlan,
  box: Box,
  target: Uint8Array,
): void {
  if (plan.mapping === null) {
    source.readBox(channel, box, target);
    return;
  }
  const { shape, datatype } = source.header;
  const stored = new Uint8Array(target.length);
  source.readBox(channel, predictionBox(plan.mapping, box, shape), stored);
  reorientBytes(stored, datatypeBytes[datatype], plan.mapping, box.shape, target);
}
