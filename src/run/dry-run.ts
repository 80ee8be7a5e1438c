/** What a run would do, and which cases would fail, from headers and the voxels that tell kinds apart: nothing is scored. */
import { lastValueFrom, toArray } from 'rxjs';
import { type Vec3, voxelCount } from '../base/box.ts';
import { InputError, MachineError, UsageError, type VoxtallyError } from '../base/errors.ts';
import { mapConcurrently } from '../base/map-concurrently.ts';
import type { ScoreKind, UnscoredCase } from '../base/scored.ts';
import { tileGrid } from '../base/tile-grid.ts';
import type { ManifestCase } from '../cases/types.ts';
import { tileBytes } from '../measures/tile/tile-bytes.ts';
import { CaseEvidence } from '../settings/case-evidence.ts';
import { decideScores } from '../settings/decide-scores.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { sixDigits } from '../settings/rounding.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { Config } from '../settings/schema.ts';
import { checkWhole } from '../volumes/check-whole.ts';
import { type CasePlan, caseBytes, channelHeaders, planCase } from './plan/case-plan.ts';
import { planMemory } from './plan/memory.ts';

/** Cases that are looked at at a time: the work is waiting for storage. */
const lanes = 4;

export interface DryCase extends ManifestCase {
  /** Null where the case was not even read. */
  readonly volume: DryVolume | null;
  /** Why the case would fail; null for a case that would be scored, as far as can be told. */
  readonly error: UnscoredCase['error'] | null;
}

export interface DryVolume {
  /** Stored type of the prediction, such as `float32`. */
  readonly stored: string;
  readonly channels: number;
  /** What the values of this case are by themselves; null where they fit several kinds, and where --scores says it. */
  readonly scores: ScoreKind | null;
  /** Voxels along `[x, y, z]`. */
  readonly shape: Vec3;
  readonly spacingMm: Vec3;
  /** How the case is read. */
  readonly mode: CasePlan['mode'];
  readonly tiles: number;
  /** Kernel memory of a thread for one of its tiles. */
  readonly threadBytes: number;
  /** Stored bytes of all its files, inflated. */
  readonly bytes: number;
}

export interface DryRun {
  readonly version: 1;
  readonly scores: ScoreKind;
  readonly channels: 'exclusive' | 'independent';
  /** What was decided and why. */
  readonly notes: readonly string[];
  readonly threads: number;
  /** Memory that a thread's tile may take. */
  readonly threadMemoryBytes: number;
  readonly cases: readonly DryCase[];
}

/** @throws UsageError when the settings cannot be run on these cases. */
export async function dryRun(
  config: Config,
  cases: readonly ManifestCase[],
  onCase: (done: number) => void = () => {},
): Promise<DryRun> {
  const { threads, threadBytes } = planMemory(config);
  const { settings, notes } = await resolveSettings(config, cases);
  let done = 0;
  const looked = await lastValueFrom(
    mapConcurrently(cases.entries(), lanes, async ([index, entry]) => {
      const found = await lookAt(entry, index, settings, threadBytes, config);
      onCase(++done);
      return [index, found] as const;
    }).pipe(toArray()),
  );
  return {
    version: 1,
    scores: settings.scores,
    channels: settings.channels,
    notes,
    threads,
    threadMemoryBytes: threadBytes,
    cases: looked.sort(([a], [b]) => a - b).map(([, found]) => found),
  };
}

async function lookAt(
  entry: ManifestCase,
  index: number,
  settings: RunSettings,
  threadBytes: number,
  config: Config,
): Promise<DryCase> {
  let volume: DryVolume | null = null;
  try {
    const plan = await planCase(entry, index, settings, threadBytes);
    volume = volumeOf(plan, settings, await scoresOf(entry, config));
    for (const header of [...plan.predictions, plan.reference]) await checkWhole(header);
    await checkValues(entry, settings, config);
    return { ...entry, volume, error: null };
  } catch (error) {
    if (!isOfCase(error)) throw error;
    const { code, message, place } = error;
    const { file, field, voxel } = place;
    return {
      ...entry,
      volume,
      error: {
        code,
        message: message.startsWith(`case ${entry.id}: `) ? message : `case ${entry.id}: ${message}`,
        ...(file === undefined ? {} : { file }),
        ...(field === undefined ? {} : { field }),
        ...(voxel === undefined ? {} : { voxel }),
      },
    };
  }
}

function isOfCase(error: unknown): error is VoxtallyError {
  return error instanceof InputError || error instanceof MachineError || error instanceof UsageError;
}

/** The kind that the case has by itself; null where its values fit several. */
async function scoresOf(entry: ManifestCase, config: Config): Promise<ScoreKind | null> {
  if (config.scores !== 'auto') return null;
  try {
    const { scores, unreadable } = await decideScores([entry], config);
    return unreadable ? null : scores;
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

/** Values that the run's kind cannot have, among the voxels that tell kinds apart. @throws InputError */
async function checkValues(entry: ManifestCase, settings: RunSettings, config: Config): Promise<void> {
  const evidence = await CaseEvidence.open(entry, config);
  const values = evidence && (await evidence.look()).values;
  if (!values) return;
  const unfit = (why: string) => {
    const { id, predictions } = entry;
    const run = `so it does not hold ${settings.scores} values, which this run scores`;
    const advice = 'score it in a run of its own, or see --scores';
    return new InputError('scores-differ', `case ${id}: ${predictions[0]}: ${why}, ${run}; ${advice}`, {
      caseId: id,
      file: predictions[0]!,
      field: 'scores',
    });
  };
  const { min, max, farthest } = values;
  const { scores, probabilityTolerance: tolerance, clamp, roundLabels, scoresFound } = settings;
  if (scores === 'probability' && !clamp && (min < -tolerance || max > 1 + tolerance)) {
    throw unfit(`its values go from ${sixDigits(min)} to ${sixDigits(max)}`);
  }
  if (scores === 'label' && farthest.distance > roundLabels) {
    throw unfit(`it holds ${farthest.value} at [${farthest.voxel.join(', ')}]`);
  }
  if (scores === 'logit' && scoresFound && min >= 0) {
    throw unfit(`none of the values looked at is below 0, the least is ${sixDigits(min)}`);
  }
}

function volumeOf(plan: CasePlan, settings: RunSettings, scores: ScoreKind | null): DryVolume {
  const { predictions, reference, shape, tileShape, mode } = plan;
  const input = { predictions: channelHeaders(predictions), reference, shape };
  return {
    stored: [...new Set(predictions.map(({ datatype }) => datatype))].join(', '),
    channels: input.predictions.length,
    scores,
    shape,
    spacingMm: reference.spacingMm,
    mode,
    tiles: tileGrid(shape, tileShape).length,
    threadBytes: tileBytes(settings, input, voxelCount(tileShape)),
    bytes: caseBytes(plan),
  };
}
