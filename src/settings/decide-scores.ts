/** What `scores: auto` and `channels: auto` mean for a run: decided by type and range over what is read. */

import { voxelCount } from '../base/box.ts';
import { InputError, MachineError, UsageError } from '../base/errors.ts';
import type { ScoreKind } from '../base/scored.ts';
import type { ManifestCase } from '../cases/types.ts';
import { openStream } from '../volumes/gzip-stream.ts';
import { readHeader } from '../volumes/nifti/header.ts';
import { storedReaders } from '../volumes/stored-readers.ts';
import { datatypeBytes, type VolumeHeader } from '../volumes/types.ts';

/** Voxels read at a time, and at most, of a volume whose kind must be found out. */
const blockVoxels = 1 << 20;
const maxVoxels = 1 << 26;
/** Values beyond these are no probabilities with some overshoot. */
const surelyLogit = { below: -1, above: 2 };

export interface ScoreDecision {
  readonly scores: ScoreKind;
  readonly channelCount: number;
  /** What was decided and why, for the user; empty when nothing was. */
  readonly note: string;
  /** No case can be read, so no case will be scored: each fails by its own fault. */
  readonly unreadable?: true;
}

/** What has been seen of a volume's values. */
interface Evidence {
  min: number;
  max: number;
  integers: boolean;
  voxels: number;
}

/**
 * Looks at the first case whose prediction can be read (further ones while their values say nothing).
 * @throws UsageError when the values are ambiguous.
 */
export async function decideScores(
  cases: readonly ManifestCase[],
  wanted: ScoreKind | 'auto',
  tolerance: number,
): Promise<ScoreDecision> {
  let channelCount: number | undefined;
  for (const entry of cases) {
    try {
      const headers = await Promise.all(entry.predictions.map((file) => readHeader(file)));
      const [header] = headers;
      if (!header) continue;
      const channels = headers.reduce((sum, { channels }) => sum + channels, 0);
      channelCount ??= channels;
      if (wanted !== 'auto') return { scores: wanted, channelCount, note: '' };
      const decision = await decideByValues(header, entry.id, tolerance, channels);
      if (decision) return { ...decision, channelCount };
    } catch (error) {
      // A case that cannot be read fails when it is planned, for whatever reason; another one may decide.
      if (!(error instanceof InputError || error instanceof MachineError)) throw error;
    }
  }
  if (channelCount !== undefined) {
    throw new UsageError(
      'scores-ambiguous',
      'the predictions hold nothing but 0 and 1 (or one value): say whether they are labels or probabilities, --scores label or --scores probability',
      { field: 'scores' },
    );
  }
  return {
    scores: wanted === 'auto' ? 'label' : wanted,
    channelCount: 1,
    note: 'no prediction can be read, so every case fails by its own fault; once the files are fixed, run again',
    unreadable: true,
  };
}

async function decideByValues(
  header: VolumeHeader,
  caseId: string,
  tolerance: number,
  channels: number,
): Promise<Omit<ScoreDecision, 'channelCount'> | undefined> {
  const say = (scores: ScoreKind, why: string) => ({
    scores,
    note: `scores: ${scores} (auto: case ${caseId} ${why})`,
  });
  const scaled = header.slope !== 1 || header.intercept !== 0;
  const stored = `is stored as ${header.datatype}${scaled ? ' with a slope' : ''}`;
  if (!header.datatype.startsWith('float') && !scaled) {
    if (channels === 1) return say('label', stored);
    throw new UsageError(
      'scores-ambiguous',
      `case ${caseId}: ${channels} channels of ${header.datatype} without a slope are neither labels nor probabilities; say --scores`,
      { caseId, file: header.path, field: 'scores' },
    );
  }
  const evidence = await readEvidence(header);
  const range = `${stored}, values from ${evidence.min} to ${evidence.max} in the first ${evidence.voxels} voxels`;
  if (evidence.min < surelyLogit.below || (evidence.max > surelyLogit.above && !evidence.integers)) {
    return say('logit', range);
  }
  if (evidence.integers) {
    if (evidence.max <= 1) return undefined;
    if (evidence.min >= 0 && channels === 1) return say('label', range);
  } else if (evidence.min >= -tolerance && evidence.max <= 1 + tolerance) {
    return say('probability', range);
  }
  throw new UsageError(
    'scores-ambiguous',
    `case ${caseId}: ${header.path} ${range}: they may be probabilities out of range or logits; say --scores probability (with --clamp to cut them to [0, 1]) or --scores logit`,
    { caseId, file: header.path, field: 'scores' },
  );
}

/** Reads from the start until the kind is beyond doubt, the volume ends, or enough was seen. */
async function readEvidence(header: VolumeHeader): Promise<Evidence> {
  const evidence: Evidence = {
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    integers: true,
    voxels: 0,
  };
  const total = Math.min(voxelCount(header.shape) * header.channels, maxVoxels);
  const stream = openStream(header);
  try {
    while (evidence.voxels < total) {
      const count = Math.min(blockVoxels, total - evidence.voxels);
      const bytes = new Uint8Array(count * datatypeBytes[header.datatype]);
      await stream.read(bytes);
      addValues(evidence, bytes, header);
      evidence.voxels += count;
      // Values inside [0, 1] that are no integers: logits would have left the range by now.
      if (
        evidence.min < surelyLogit.below ||
        (!evidence.integers && evidence.max > 0.5 && evidence.voxels >= 4 * blockVoxels)
      )
        break;
    }
    return evidence;
  } finally {
    stream.close();
  }
}

/** Adds the finite values of stored bytes. */
function addValues(
  evidence: Evidence,
  bytes: Uint8Array,
  { datatype, littleEndian, slope, intercept }: VolumeHeader,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = storedReaders[datatype];
  const step = datatypeBytes[datatype];
  let { min, max, integers } = evidence;
  for (let at = 0; at < bytes.length; at += step) {
    const value = read(view, at, littleEndian) * slope + intercept;
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    integers &&= Number.isInteger(value);
  }
  evidence.min = min;
  evidence.max = max;
  evidence.integers = integers;
}
