/** The gate's verdict on a case, from the voxel faults that its tally holds. */

import { type Vec3, voxelAt } from '../../base/box.ts';
import { InputError } from '../../base/errors.ts';
import type { VoxelFault } from '../tally/tally.ts';

/** In the order in which they are told; one case has one error. `moved` forbids nothing. */
const verdicts: Readonly<
  Record<Exclude<VoxelFault['kind'], 'moved'>, (value: string) => [what: string, advice: string]>
> = {
  'not-a-label': (value) => [
    `of ${value}, which is no label (an integer from 0 to 65534)`,
    'export the label map as integers, or name the value as the ignored label',
  ],
  'unknown-label': (value) => [
    `with the label ${value}, which no class has`,
    'add it to a class, or count such labels as background with --unknown-labels background',
  ],
  'not-finite': (value) => [
    `with the score ${value}`,
    'mend the prediction, or mark these voxels with the ignored label',
  ],
  'out-of-range': (value) => [
    `with a probability outside [0, 1] (${value})`,
    'if these are logits say --scores logit, or cut them to [0, 1] with --clamp',
  ],
  'logit-too-large': (value) => [`with a logit beyond 2^19 (${value})`, 'check what the network wrote'],
};

/** The error of the first fault that forbids a score, if any. `files`: the file of each channel. */
export function gateError(
  caseId: string,
  faults: readonly VoxelFault[],
  files: { readonly predictions: readonly string[]; readonly reference: string },
  shape: Vec3,
): InputError | undefined {
  for (const [kind, verdict] of Object.entries(verdicts)) {
    const fault = faults.find((each) => each.kind === kind);
    if (!fault) continue;
    const file = fault.channel < 0 ? files.reference : files.predictions[fault.channel]!;
    const voxel = voxelAt(fault.firstIndex, shape);
    const [what, advice] = verdict(fault.firstValue);
    const channel = fault.channel < 0 || files.predictions.length === 1 ? '' : ` of channel ${fault.channel}`;
    const voxels = fault.count === 1 ? '1 voxel' : `${fault.count} voxels`;
    return new InputError(
      kind,
      `case ${caseId}: ${file}: ${voxels}${channel} ${what}, the first at [${voxel.join(', ')}]; ${advice}`,
      { caseId, file, voxel },
    );
  }
  return undefined;
}
