import * as z from 'zod';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Label } from '../base/label.ts';
import { voxelVec3Schema } from '../base/vec3-schema.ts';
import { shapeSettingsSchema } from './shape-settings.ts';

const label = z.int();
const bytes = z.number().nonnegative();

/** A class as a run scores it. */
const runClass = z.object({
  name: z.string(),
  /** Reference labels of its foreground; `positive` is every label above 0. */
  labels: z.union([z.array(label), z.literal('positive')]),
  /** Channels of the prediction whose probabilities it takes: one, or several to be summed. */
  channels: z.array(z.int().nonnegative()),
});
export type RunClass = DeepReadonly<z.infer<typeof runClass>>;

/**
 * Everything that decides what a run computes, with nothing left to `auto`. Made once by `resolveSettings`, stored in
 * the run's folder, read by every thread and worker; results depend on the volumes and on this alone. The folder may come from
 * another site or version: defaults are what versions did that had no such setting.
 */
export const runSettingsSchema = z
  .object({
    scores: z.enum(['probability', 'logit', 'label']),
    channels: z.enum(['exclusive', 'independent']),
    channelCount: z.int().positive(),
    /** The reference label that each channel scores; empty for label maps and for one channel of any foreground. */
    channelLabels: z.array(label).optional(),
    /** Factor of the predicted values, after the header's slope and intercept. */
    scale: z.number().positive().default(1),
    /** Labels at most this far from a whole number count as that number. */
    roundLabels: z.number().min(0).default(0),
    /** What `auto` decided and on what evidence, in sentences; it changes no result. */
    decisions: z.array(z.string()).default([]),
    /** Whether `auto` found out what the scores are: each case must bear it out then. It changes no result. */
    scoresFound: z.boolean().default(false),
    /** Empty for label maps with no classes named: every label found is a class then. */
    classes: z.array(runClass),
    /** Names of classes that are the labels of files or channels, by label; others are called by their label. */
    labelNames: z.record(z.string(), z.string()).optional(),
    ignoreLabel: z.number().nullable(),
    unknownLabels: z.enum(['refuse', 'background']),
    convention: z.enum(['pytorch', 'keras']),
    /** The losses asked for, as text (`all` or a list). */
    losses: z.string(),
    /** Terms to tally, in this order. */
    terms: z.array(z.object({ gamma: z.number(), clip: z.number() })),
    /** Sorted losses to evaluate; not empty means that tiles give shards. */
    lovasz: z.array(z.enum(['hinge', 'softmax'])),
    /** Clip of the cross-entropy of stored probabilities. */
    crossEntropyClip: z.number(),
    /** A probability: foreground is what lies above it. */
    threshold: z.number().min(0).lt(1),
    fbeta: z.number().positive(),
    probabilityTolerance: z.number(),
    clamp: z.boolean(),
    reorient: z.boolean(),
    geometryToleranceMm: z.number(),
    /** Whether a file may be the prediction and the reference of a case; absent for no. */
    allowIdentical: z.boolean().optional(),
    tileShape: voxelVec3Schema.nullable(),
    tileVoxels: z.number(),
    bundleVoxels: z.number(),
    stageAboveBytes: bytes,
    mergeFanIn: z.int().min(2),
    /** Whether the case shards stay when the run is over. */
    keepShards: z.enum(['auto', 'always', 'never']),
    keepShardsMaxBytes: bytes,
    /** What is asked of borders and lesions; absent for nothing. */
    shapes: shapeSettingsSchema.optional(),
    /** Tiles that are computed again by tensors (`parseAudit`); absent for none. Changes no result. */
    audit: z.string().optional(),
  })
  // Channel k scored label k in versions without `channelLabels`.
  .transform(({ channelLabels, ...rest }) => ({
    ...rest,
    channelLabels:
      channelLabels ??
      (rest.scores === 'label' || rest.channelCount === 1
        ? []
        : Array.from({ length: rest.channelCount }, (_, k) => k)),
  }));
export type RunSettings = DeepReadonly<z.output<typeof runSettingsSchema>>;

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
