/** The gate's verdict on a case, from the voxel faults that its tally holds. */

import { type Vec3, voxelAt } from '../../base/box.ts';
import { InputError } from '../../base/errors.ts';
import { roundingFor, sixDigits } from '../../settings/rounding.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import type { VoxelFault } from '../tally/tally.ts';

/** What all offending voxels are, and what to do; the value of the first is told beside its place. */
type Verdict = (first: VoxelFault, settings: RunSettings) => readonly [what: string, advice: string];

/** In the order in which they are told; one case has one error. `moved` forbids nothing. */
const verdicts: Readonly<Record<Exclude<VoxelFault['kind'], 'moved'>, Verdict>> = {
  'not-a-label': (first) => ['without a label (an integer from 0 to 2^64 - 1)', labelAdvice(first)],
  'unknown-label': (_, settings) =>
    areChannels(settings)
      ? [
          `with a label that no channel scores (they score ${settings.channelLabels.join(', ')})`,
          'if a channel does, name the label of each with --channel-labels; if none does, count such labels as background with --unknown-labels background',
        ]
      : [
          'with a label that no class has',
          'add it to a class, or count such labels as background with --unknown-labels background',
        ],
  'not-finite': () => [
    'with a score that is not finite',
    'fix the prediction, or mark these voxels with the ignored label',
  ],
  'out-of-range': () => [
    'with a probability outside [0, 1]',
    'if these are logits say --scores logit, or cut them to [0, 1] with --clamp',
  ],
  'sum-not-one': (_, { classes, channelCount }) => [
    'whose channels do not add up to 1',
    `they do not compete: check what the network wrote, or say --channels independent if each channel is a yes-or-no problem of its own${classes.length === channelCount ? '' : ' (then with one class per channel)'}`,
  ],
  'logit-too-large': () => ['with a logit beyond 2^19', 'check what the network wrote'],
};

function labelAdvice({ channel, firstValue }: VoxelFault): string {
  const value = Number(firstValue);
  if (Number.isInteger(value) && value < 0) {
    return `if it marks voxels that do not count, say --ignore-label ${value}`;
  }
  const rounded = roundingAdvice(value);
  if (rounded !== undefined) return rounded;
  const swapped =
    channel < 0 && value > 0 && value < 1 ? 'check that prediction and reference are not swapped, or ' : '';
  return `${swapped}export the label map as integers`;
}

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
  for (const kind of Object.keys(verdicts) as (keyof typeof verdicts)[]) {
    const verdict = verdicts[kind];
    const fault = faults.find((each) => each.kind === kind);
    if (!fault) continue;
    const file = fault.channel < 0 ? files.reference : files.predictions[fault.channel]!;
    const voxel = voxelAt(fault.firstIndex, shape);
    const [what, advice] = verdict(fault, settings);
    const ofOne = fault.channel >= 0 && files.predictions.length > 1 && kind !== 'sum-not-one';
    const channel = ofOne ? ` of channel ${fault.channel}` : '';
    const [voxels, first] = fault.count === 1 ? ['1 voxel', ''] : [`${fault.count} voxels`, 'the first '];
    const value =
      kind === 'sum-not-one' ? `a sum of ${sixDigits(Number(fault.firstValue))}` : fault.firstValue;
    return new InputError(
      kind,
      `case ${caseId}: ${file}: ${voxels}${channel} ${what}, ${first}${value} at [${voxel.join(', ')}]; ${advice}`,
      { caseId, file, voxel },
    );
  }
  return undefined;
}
