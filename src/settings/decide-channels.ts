/** How the channels of predictions relate, and which label each scores: by evidence that is told, or refused. */
import { InputError, MachineError, UsageError } from '../base/errors.ts';
import type { Label } from '../base/label.ts';
import type { ManifestCase } from '../cases/types.ts';
import { CaseEvidence } from './case-evidence.ts';
import { sumTolerance } from './channel-sums.ts';
import type { ScoreDecision } from './decide-scores.ts';
import { sixDigits } from './rounding.ts';
import type { Config } from './schema.ts';
import type { SumEvidence } from './score-evidence.ts';

export type ChannelRelation = 'exclusive' | 'independent';

export interface ChannelDecision {
  readonly channels: ChannelRelation;
  /** The label that each channel scores; empty for label maps and for one channel of any foreground. */
  readonly channelLabels: readonly number[];
  readonly notes: readonly string[];
}

/** @throws UsageError when the files do not tell, or do not fit the settings. */
export async function decideChannels(
  decision: ScoreDecision,
  config: Config,
  cases: readonly ManifestCase[],
): Promise<ChannelDecision> {
  const { channels, note } = await decideRelation(decision, config, cases);
  const channelLabels = await decideLabels(decision, config, channels);
  const noBackground = channels === 'exclusive' && channelLabels.length > 0 && !channelLabels.includes(0);
  return {
    channels,
    channelLabels,
    notes: [
      ...(note === '' ? [] : [note]),
      ...(noBackground
        ? ['no channel scores the background (label 0): every voxel is given to another label']
        : []),
    ],
  };
}

async function decideRelation(
  { scores, channelCount, evidence }: ScoreDecision,
  config: Config,
  cases: readonly ManifestCase[],
): Promise<{ readonly channels: ChannelRelation; readonly note: string }> {
  if (scores === 'label') {
    if (channelCount === 1) return { channels: 'exclusive', note: '' };
    throw new UsageError('channels', `scores: label needs one channel per prediction, not ${channelCount}`, {
      field: 'scores',
    });
  }
  if (channelCount === 1) return { channels: 'independent', note: '' };
  if (config.channels !== 'auto') return { channels: config.channels, note: '' };
  const told = (channels: ChannelRelation, why: string) => ({
    channels,
    note: `channels: ${channels} (auto: ${why})`,
  });
  const classes = config.classes === null ? undefined : Object.keys(config.classes).length;
  const oneEach = classes === channelCount;
  if (scores === 'logit') return relationOfLogits(channelCount, classes, told);
  const found = await lookAtSums(evidence, config, cases);
  if (!found) {
    return told('exclusive', `that the ${channelCount} channels add up to 1 is checked at every voxel`);
  }
  const { sums, tolerance, caseId, file } = found;
  if (Math.abs(sums.farthest.sum - 1) <= tolerance) {
    return told(
      'exclusive',
      `the ${channelCount} channels of case ${caseId} add up to 1 within ${sixDigits(tolerance)}, which is checked at every voxel`,
    );
  }
  const { sum, voxel } = sums.farthest;
  const what = `add up to ${sixDigits(sums.min)} to ${sixDigits(sums.max)} (${sixDigits(sum)} at [${voxel.join(', ')}])`;
  if (oneEach)
    return told(
      'independent',
      `the ${channelCount} channels of case ${caseId} ${what} and not to 1, and there is one class for each`,
    );
  throw new UsageError(
    'channels-ambiguous',
    `case ${caseId}: the ${channelCount} channels of ${file} ${what}, not to 1: they do not compete. If each is a yes-or-no problem of its own say --channels independent${adviceOnLabels(sums, tolerance, classes, channelCount)}; --channels exclusive fails every case with such a voxel`,
    { caseId, file, field: 'channels' },
  );
}

function adviceOnLabels(
  { max }: SumEvidence,
  tolerance: number,
  classes: number | undefined,
  channelCount: number,
): string {
  if (classes !== undefined) return ` and name ${channelCount} classes, one per channel in their order`;
  if (max > 1 + tolerance) return '';
  const labels = Array.from({ length: channelCount }, (_, channel) => channel + 1);
  return ` (with --channel-labels ${labels.join(',')} if the channel of the background was left out)`;
}

/** Logits of any channels add up to anything: only the classes can tell. */
function relationOfLogits<T>(
  channelCount: number,
  classes: number | undefined,
  told: (channels: ChannelRelation, why: string) => T,
): T {
  if (classes !== undefined && classes !== channelCount) {
    return told('exclusive', `the classes are not one per channel: ${classes} for ${channelCount} channels`);
  }
  throw new UsageError(
    'channels-ambiguous',
    `the predictions have ${channelCount} channels of logits, whose values do not tell how they relate: say --channels exclusive if they go through a softmax, --channels independent if each goes through a sigmoid`,
    { field: 'channels' },
  );
}

/** The sums of the first case whose channels can be looked at; undefined for none. */
async function lookAtSums(
  evidence: CaseEvidence | undefined,
  config: Config,
  cases: readonly ManifestCase[],
): Promise<
  | {
      readonly sums: SumEvidence;
      readonly tolerance: number;
      readonly caseId: string;
      readonly file: string;
    }
  | undefined
> {
  if (!evidence) return undefined;
  for (const entry of [evidence.entry, ...cases]) {
    try {
      const own = entry === evidence.entry ? evidence : await CaseEvidence.open(entry, config);
      if (own?.channelCount !== evidence.channelCount) continue;
      const { sums } = await own.look();
      if (sums) return { sums, tolerance: sumTolerance(own.channels), caseId: entry.id, file: own.file };
    } catch (error) {
      if (!(error instanceof InputError || error instanceof MachineError)) throw error;
    }
  }
  return undefined;
}

async function decideLabels(
  { scores, channelCount, evidence }: ScoreDecision,
  config: Config,
  channels: ChannelRelation,
): Promise<readonly number[]> {
  const fault = (message: string) => new UsageError('channel-labels', message, { field: 'channelLabels' });
  const { channelLabels, classes } = config;
  if (channelLabels !== null) {
    if (scores === 'label') throw fault('channelLabels: a label map has no channels; leave it out');
    if (channels === 'independent' && classes !== null) {
      throw fault(
        'channelLabels: classes name the labels of independent channels already; give one of the two',
      );
    }
    if (channelLabels.length === channelCount) return channelLabels;
    throw fault(
      `channelLabels: ${channelLabels.length} labels for ${channelCount} channels; name the label of each channel`,
    );
  }
  if (scores === 'label' || channelCount === 1) return [];
  const byPlace = Array.from({ length: channelCount }, (_, channel) => channel);
  if (classes === null && config.unknownLabels === 'refuse') {
    const advice = await adviceOnReference(evidence, channels, byPlace);
    if (advice) throw fault(advice);
  }
  return byPlace;
}

/**
 * What to say where the labels of the reference are not those of the channels and another order of theirs fits exactly;
 * undefined else: a label that no channel scores then fails its case.
 */
async function adviceOnReference(
  evidence: CaseEvidence | undefined,
  channels: ChannelRelation,
  channelLabels: readonly number[],
): Promise<string | undefined> {
  const labels = await labelsOfReference(evidence);
  const scored = new Set<Label>(channelLabels);
  if (!evidence || labels.every((label) => scored.has(label))) return undefined;
  const foreground = labels.filter((label) => label !== 0);
  const withBackground = [0, ...foreground];
  const count = channelLabels.length;
  const told = (fitting: readonly Label[], why: string) =>
    `case ${evidence.entry.id}: ${evidence.entry.reference} has the labels ${labels.join(', ')} and the prediction ${count} channels, where channel k scores label k by default; ${why}say --channel-labels ${fitting.join(',')}, or what their order is`;
  if (withBackground.length === count) return told(withBackground, '');
  const background = channels === 'independent' || !labels.includes(0);
  if (foreground.length !== count || !background) return undefined;
  return told(foreground, 'a channel for the background seems to be missing: ');
}

/** Nothing where it cannot be read, or is not a label map: its case tells so by itself. */
async function labelsOfReference(evidence: CaseEvidence | undefined): Promise<readonly Label[]> {
  try {
    return (await evidence?.referenceLabels()) ?? [];
  } catch (error) {
    if (!(error instanceof InputError || error instanceof MachineError)) throw error;
    return [];
  }
}
