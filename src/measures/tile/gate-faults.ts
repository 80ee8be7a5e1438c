/** The gate's verdict on a case, from the voxel faults that its tally holds. */

import { type Vec3, voxelAt } from '../../base/box.ts';
import { InputError } from '../../base/errors.ts';
import { roundingFor, sixDigits } from '../../settings/rounding.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import type { VoxelFault } from '../tally/tally.ts';

type Verdict = (value: string, settings: RunSettings) => readonly [what: string, advice: string];

/** In the order in which they are told; one case has one error. `moved` forbids nothing. */
const verdicts: Readonly<Record<Exclude<VoxelFault['kind'], 'moved'>, Verdict>> = {
  'not-a-label': (value) => [
    `of ${value}, which is no label (an integer from 0 to 65534)`,
    roundingAdvice(Number(value)) ??
      'export the label map as integers, or name the value as the ignored label',
  ],
  'unknown-label': (value, settings) =>
    areChannels(settings)
      ? [
          `with the label ${value}, which no channel scores (they score ${settings.channelLabels.join(', ')})`,
          'if a channel does, name the label of each with --channel-labels; if none does, count such labels as background with --unknown-labels background',
        ]
      : [
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
  'sum-not-one': (value, { classes, channelCount }) => [
    `whose channels add up to ${sixDigits(Number(value))} and not to 1, so they do not compete`,
    `check what the network wrote, or say --channels independent if each channel is a yes-or-no problem of its own${classes.length === channelCount ? '' : ' (then with one class per channel)'}`,
  ],
  'logit-too-large': (value) => [`with a logit beyond 2^19 (${value})`, 'check what the network wrote'],
};

/** Whether the classes are the channels, since none were named. */
function areChannels({ classes, channelLabels }: RunSettings): boolean {
  return (
    channelLabels.length > 0 &&
    classes.length === channelLabels.length &&
    classes.every(({ name }, channel) => name === String(channelLabels[channel]))
  );
}

/** For what a conversion through floats or a slope made of a label. */
function roundingAdvice(value: number): string | undefined {
  const distance = Math.abs(value - Math.round(value));
  if (!(distance > 0 && distance <= 0.1 && value > -0.5)) return undefined;
  return `if the label map went through floats or a slope, --round-labels ${roundingFor(distance)} reads it as ${Math.round(value) + 0}`;
}

/** The error of the first fault that forbids a score, if any. `files`: the file of each channel. */
export function gateError(
  caseId: string,
  faults: readonly VoxelFault[],
  files: { readonly predictions: readonly string[]; readonly reference: string },
  shape: Vec3,
  settings: RunSettings,
): InputError | undefined {
  for (const [kind, verdict] of Object.entries(verdicts)) {
    const fault = faults.find((each) => each.kind === kind);
    if (!fault) continue;
    const file = fault.channel < 0 ? files.reference : files.predictions[fault.channel]!;
    const voxel = voxelAt(fault.firstIndex, shape);
    const [what, advice] = verdict(fault.firstValue, settings);
    const ofOne = fault.channel >= 0 && files.predictions.length > 1 && kind !== 'sum-not-one';
    const channel = ofOne ? ` of channel ${fault.channel}` : '';
    const voxels = fault.count === 1 ? '1 voxel' : `${fault.count} voxels`;
    return new InputError(
      kind,
      `case ${caseId}: ${file}: ${voxels}${channel} ${what}, the first at [${voxel.join(', ')}]; ${advice}`,
      { caseId, file, voxel },
    );
  }
  return undefined;
}
