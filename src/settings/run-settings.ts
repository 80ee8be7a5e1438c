import type { Vec3 } from '../base/box.ts';
import type { TermSpec } from '../base/class-sums.ts';
import type { Label } from '../base/label.ts';
import type { ScoreKind } from '../base/scored.ts';
import type { Convention } from '../losses/spec.ts';
import type { ShapeSettings } from './shape-settings.ts';

/** A class as a run scores it. */
export interface RunClass {
  readonly name: string;
  /** Reference labels of its foreground; `positive` is every label above 0. */
  readonly labels: readonly number[] | 'positive';
  /** Channels of the prediction whose probabilities it takes: one, or several to be summed. */
  readonly channels: readonly number[];
}

/**
 * Everything that decides what a run computes, with nothing left to `auto`. Made once by `resolveSettings`, stored in
 * the run's folder, read by every thread and worker; results depend on the volumes and on this alone.
 */
export interface RunSettings {
  readonly scores: ScoreKind;
  readonly channels: 'exclusive' | 'independent';
  readonly channelCount: number;
  /** The reference label that each channel scores; empty for label maps and for one channel of any foreground. */
  readonly channelLabels: readonly number[];
  /** Factor of the predicted values, after the header's slope and intercept. */
  readonly scale: number;
  /** Labels at most this far from a whole number count as that number. */
  readonly roundLabels: number;
  /** What `auto` decided and on what evidence, in sentences; it changes no result. */
  readonly decisions: readonly string[];
  /** Whether `auto` found out what the scores are: each case must bear it out then. It changes no result. */
  readonly scoresFound: boolean;
  /** Empty for label maps with no classes named: every label found is a class then. */
  readonly classes: readonly RunClass[];
  /** Names of classes that are the labels of files or channels, by label; others are called by their label. */
  readonly labelNames?: Readonly<Record<string, string>> | undefined;
  readonly ignoreLabel: number | null;
  readonly unknownLabels: 'refuse' | 'background';
  readonly convention: Convention;
  /** The losses asked for, as text (`all` or a list). */
  readonly losses: string;
  /** Terms to tally, in this order. */
  readonly terms: readonly TermSpec[];
  /** Sorted losses to evaluate; not empty means that tiles give shards. */
  readonly lovasz: readonly ('hinge' | 'softmax')[];
  /** Clip of the cross-entropy of stored probabilities. */
  readonly crossEntropyClip: number;
  /** A probability in [0, 1): foreground is what lies above it. */
  readonly threshold: number;
  readonly fbeta: number;
  readonly probabilityTolerance: number;
  readonly clamp: boolean;
  readonly reorient: boolean;
  readonly geometryToleranceMm: number;
  /** Whether a file may be the prediction and the reference of a case; absent for no. */
  readonly allowIdentical?: boolean | undefined;
  readonly tileShape: Vec3 | null;
  readonly tileVoxels: number;
  readonly bundleVoxels: number;
  readonly stageAboveBytes: number;
  readonly mergeFanIn: number;
  /** Whether the case shards stay when the run is over. */
  readonly keepShards: 'auto' | 'always' | 'never';
  readonly keepShardsMaxBytes: number;
  /** What is asked of borders and lesions; absent for nothing. */
  readonly shapes?: ShapeSettings;
  /** Tiles that are computed again by tensors (`parseAudit`); absent for none. Changes no result. */
  readonly audit?: string;
}

/** Whether tiles must give shards of their scores. */
export function needsShards(settings: RunSettings): boolean {
  return settings.scores !== 'label' && (settings.lovasz.length > 0 || settings.keepShards === 'always');
}

/** Whether a case leaves its merged shards, for the pool or for later questions. */
export function keepsCaseShards(settings: RunSettings, cases: number): boolean {
  return needsShards(settings) && (cases > 1 || settings.keepShards !== 'never');
}

type Relation = Pick<RunSettings, 'scores' | 'channels' | 'channelCount'>;

/** Whether voxels get a predicted label: from a label map, or from the largest of competing channels. */
export function predictsLabels(settings: Relation): boolean {
  return settings.scores === 'label' || (settings.channels === 'exclusive' && settings.channelCount > 1);
}

/**
 * Whether the hard metrics of a class go by the largest channel (the lowest wins a tie): those of each channel that
 * competes. A region of several channels may win although each of them loses, and goes by the threshold.
 */
export function decidesByChannel(settings: Relation, { channels }: Pick<RunClass, 'channels'>): boolean {
  return settings.scores !== 'label' && predictsLabels(settings) && channels.length === 1;
}

/** Whether hard metrics of some class go by the threshold. */
export function thresholdDecides(settings: Relation & Pick<RunSettings, 'classes'>): boolean {
  return settings.scores !== 'label' && settings.classes.some((own) => !decidesByChannel(settings, own));
}

/** What a class is called that is a label of the files. */
export function nameOfLabel({ labelNames }: Pick<RunSettings, 'labelNames'>, label: Label): string {
  const name = String(label);
  return labelNames !== undefined && Object.hasOwn(labelNames, name) ? labelNames[name]! : name;
}
