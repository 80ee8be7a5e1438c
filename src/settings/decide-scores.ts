/** What `scores: auto` means for a run: decided by what the files hold, told with the evidence, or refused. */
import { InputError, MachineError, UsageError } from '../base/errors.ts';
import type { Label } from '../base/label.ts';
import type { ScoreKind } from '../base/scored.ts';
import type { ManifestCase } from '../cases/types.ts';
import { CaseEvidence } from './case-evidence.ts';
import { roundingFor, sixDigits } from './rounding.ts';
import type { Config } from './schema.ts';
import type { ScoreEvidence } from './score-evidence.ts';

/** Beyond these the sigmoid of a logit is 0 or 1 to the last float32 bit: such values are an image rather. */
const farthestLogit = 104;
/** Values below this are not probabilities with some overshoot. */
const surelyLogit = -1;
/** What a conversion through floats or a slope does to a label at most. */
const nearWhole = 0.01;
/** So many whole numbers, of which references know less than a share, may be quantised scores or an image. */
const manyLabels = 16;
const leastKnownShare = 1 / 4;
/** References that are read for the labels they know. */
const mostReferences = 5;

export type DecisionConfig = Pick<
  Config,
  'scores' | 'probabilityTolerance' | 'roundLabels' | 'scale' | 'ignoreLabel' | 'classes'
>;

export interface ScoreDecision {
  readonly scores: ScoreKind;
  readonly channelCount: number;
  /** What was decided and why, for the user; empty when nothing was. */
  readonly note: string;
  /** The case by which the run was decided; what else must be known of the files is asked of it. */
  readonly evidence?: CaseEvidence;
  /** No case can be read, so no case will be scored: each fails by its own fault. The channels are those of a header. */
  readonly unreadable?: true;
}

/**
 * Looks at the first case whose prediction can be read (further ones while their values say nothing).
 * @throws UsageError when the values are ambiguous.
 */
export async function decideScores(
  cases: readonly ManifestCase[],
  config: DecisionConfig,
): Promise<ScoreDecision> {
  const { scores: wanted } = config;
  let headerChannels: number | undefined;
  let saysNothing = false;
  for (const entry of cases) {
    try {
      const evidence = await CaseEvidence.open(entry, config);
      if (!evidence) continue;
      const { channelCount } = evidence;
      headerChannels ??= channelCount;
      if (wanted !== 'auto') {
        await evidence.checkWhole();
        return { scores: wanted, channelCount, note: '', evidence };
      }
      const found = await decideByValues(evidence, config, cases).catch(async (error: unknown) => {
        // Values that are none of the kinds may come from damage.
        if (error instanceof UsageError) await evidence.readWhole();
        throw error;
      });
      if (!found) {
        saysNothing = true;
        continue;
      }
      const note = `scores: ${found.scores} (auto: case ${entry.id} is ${evidence.stored}${found.why})`;
      return { scores: found.scores, channelCount, note, evidence };
    } catch (error) {
      // A case that cannot be read fails when it is planned, for whatever reason; another one may decide.
      if (!(error instanceof InputError || error instanceof MachineError)) throw error;
    }
  }
  if (saysNothing) {
    throw new UsageError(
      'scores-ambiguous',
      'the predictions hold nothing but 0 and 1 (or one value): say whether they are labels or probabilities, --scores label or --scores probability',
      { field: 'scores' },
    );
  }
  const undecided = wanted === 'auto' ? 'scores: undecided, as no case' : 'no case';
  return {
    scores: wanted === 'auto' ? harmlessKind(headerChannels) : wanted,
    channelCount: headerChannels ?? 1,
    note: `${undecided} can be read; the reason of each is below. Once the files are fixed, run again`,
    unreadable: true,
  };
}

/** A kind by which cases that cannot be read are planned, so that each fails by its own fault. */
export function harmlessKind(channelCount = 1): ScoreKind {
  return channelCount === 1 ? 'label' : 'probability';
}

interface Found {
  readonly scores: ScoreKind;
  /** Goes on behind the stored type. */
  readonly why: string;
}

async function decideByValues(
  evidence: CaseEvidence,
  config: DecisionConfig,
  cases: readonly ManifestCase[],
): Promise<Found | undefined> {
  if (evidence.wholeType) {
    if (evidence.channelCount === 1) return decideLabels(evidence, config, cases);
    throw ambiguous(
      evidence,
      `${evidence.channelCount} channels of ${evidence.predictions[0]!.datatype} without a slope are neither labels nor probabilities; say --scores probability if they are 0 and 1, with --scale 1/255 if they are probabilities from 0 to 255, or --scores logit`,
    );
  }
  const { values, whole } = await evidence.look();
  if (!values) return undefined;
  const bounds = `values from ${sixDigits(values.min)} to ${sixDigits(values.max)}`;
  const range = `, ${bounds} in ${whole ? 'all voxels' : 'the voxels looked at'}`;
  if (isNearWhole(values)) {
    if (values.min >= -nearWhole && values.max <= 1 + nearWhole) {
      if (values.farthest.distance === 0) return undefined;
      if (values.different > 2) return { scores: 'probability', why: range };
    }
    if (values.farthest.distance > config.roundLabels) throw nearLabels(evidence, values);
    if (evidence.channelCount === 1) return decideLabels(evidence, config, cases);
    throw ambiguous(
      evidence,
      `its ${evidence.channelCount} channels hold whole numbers, ${bounds}: say --scores probability, with a --scale such as 1/255, or --scores logit`,
    );
  }
  const tolerance = config.probabilityTolerance;
  if (values.min >= -tolerance) {
    if (values.max <= 1 + tolerance) return { scores: 'probability', why: range };
    throw noNegative(evidence, values);
  }
  if (values.min < -farthestLogit || values.max > farthestLogit) {
    throw ambiguous(
      evidence,
      `its ${bounds} go beyond what logits hold (the sigmoid of 104 is 1 to the last bit): it looks like an image; say --scores logit if they are logits`,
    );
  }
  if (values.min < surelyLogit || values.max > 2) return { scores: 'logit', why: range };
  throw ambiguous(
    evidence,
    `its ${bounds} may be probabilities out of range or logits; say --scores probability (with --clamp to cut them to [0, 1]) or --scores logit`,
  );
}

function isNearWhole({ farthest }: ScoreEvidence): boolean {
  return farthest.distance <= nearWhole;
}

/** Whole numbers of one channel are labels, unless they are many and references hardly know them. */
async function decideLabels(
  evidence: CaseEvidence,
  { classes, roundLabels }: DecisionConfig,
  cases: readonly ManifestCase[],
): Promise<Found | undefined> {
  const predicted = await evidence.predictedLabels();
  const [least = 0] = predicted;
  const most = predicted.at(-1) ?? 0;
  if (least < 0) {
    throw ambiguous(
      evidence,
      `its whole numbers from ${least} to ${most} are not labels (those are 0 and above): it looks like an image; say --scores logit if they are logits`,
    );
  }
  const rounded = roundLabels > 0 ? `, values within ${roundLabels} of whole numbers` : '';
  const found: Found = {
    scores: 'label',
    why: `${rounded}, ${predicted.length} labels from ${least} to ${most}`,
  };
  if (predicted.length <= manyLabels) return found;
  const known = await knownLabels(evidence, classes, cases, predicted);
  if (known === undefined)
    return { ...found, why: `${found.why}; a run asks its references whether they know them` };
  if (known >= leastKnownShare * predicted.length) {
    return { ...found, why: `${found.why}, ${known} of them known` };
  }
  const scale = most <= 255 ? '1/255' : most <= 65535 ? '1/65535' : `1/${most}`;
  throw ambiguous(
    evidence,
    `it holds ${predicted.length} different whole numbers from ${least} to ${most}, of which the references${classes ? ' and classes' : ''} know ${known}: say --scores label if each is a label, --scores probability --scale ${scale} if they are probabilities; an image is not a prediction`,
  );
}

/**
 * How many of the predicted labels the classes, the case's reference and some others know; undefined where there is neither.
 * @throws InputError when the case's own reference cannot be read
 */
async function knownLabels(
  evidence: CaseEvidence,
  classes: Config['classes'],
  cases: readonly ManifestCase[],
  predicted: readonly Label[],
): Promise<number | undefined> {
  const known = new Set<Label>(Object.values(classes ?? {}).flat());
  const count = () => predicted.filter((label) => known.has(label)).length;
  const others = cases.filter(({ id }) => id !== evidence.entry.id).slice(0, mostReferences - 1);
  // `inspect` has no reference.
  const own = [evidence.entry, ...others].filter(
    ({ predictions, reference }) => !predictions.includes(reference),
  );
  if (own.length === 0 && classes === null) return undefined;
  for (const entry of own) {
    if (count() >= leastKnownShare * predicted.length) break;
    try {
      const labels = await (
        await CaseEvidence.open(entry, { scale: 1, ignoreLabel: null })
      )?.referenceLabels();
      for (const label of labels ?? []) known.add(label);
    } catch (error) {
      const isOfFiles = error instanceof InputError || error instanceof MachineError;
      if (!isOfFiles || entry === evidence.entry) throw error;
    }
  }
  return count();
}

function nearLabels(evidence: CaseEvidence, { farthest, max }: ScoreEvidence): UsageError {
  const { value, distance, voxel } = farthest;
  const tolerance = roundingFor(distance);
  const other = max <= 1 + nearWhole ? ', or --scores probability if it holds probabilities' : '';
  return ambiguous(
    evidence,
    `its values are near whole numbers (${value} at [${voxel.join(', ')}]), as label maps are that went through floats or a slope: say --scores label --round-labels ${tolerance} to read them as labels${other}`,
  );
}

function noNegative(evidence: CaseEvidence, { min, max }: ScoreEvidence): UsageError {
  const scale = max <= 101 ? '1/100' : max <= 256 ? '1/255' : max <= 65536 ? '1/65535' : undefined;
  const advice =
    max <= 2
      ? 'if they are probabilities that overshoot say --scores probability --clamp'
      : scale === undefined
        ? 'it looks like an image'
        : `if they are probabilities times ${scale.slice(2)} say --scores probability --scale ${scale}${max > Number(scale.slice(2)) ? ' --clamp' : ''}`;
  return ambiguous(
    evidence,
    `its values from ${sixDigits(min)} to ${sixDigits(max)} are neither probabilities (above 1), nor logits (none is below 0), nor labels (not whole); ${advice}`,
  );
}

function ambiguous({ entry, file, stored }: CaseEvidence, why: string): UsageError {
  return new UsageError('scores-ambiguous', `case ${entry.id}: ${file} is ${stored}; ${why}`, {
    caseId: entry.id,
    file,
    field: 'scores',
  });
}
